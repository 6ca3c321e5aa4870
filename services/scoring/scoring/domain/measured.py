"""What an index reads of a customer's months, and the index that stands by itself made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.balance import account_months, days_counted
from scoring.domain.contribution import by_month, price, problem_of, total
from scoring.domain.earned_points import earned_points
from scoring.domain.holders import part_of
from scoring.domain.index import Source, indexed
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line, View
from scoring.domain.money import half_away
from scoring.domain.months import Period, between, month_of
from scoring.domain.policy import Policy
from scoring.domain.scheme_money import Missing, in_scheme_money

Owned = Sequence[tuple[Account, History]]
Values = Mapping[Source, int]


@dataclass(frozen=True, slots=True)
class Measured:
    """Every measure of months, and what is lacking: a month that lacks something has no measure."""

    months: Mapping[date, Values]
    missing: Sequence[Missing]


def measured(owned: Owned, policy: Policy, month: date, whose: CustomerId) -> Values:
    """Return every measure of a customer's month, or refuse; the histories must begin with it.

    Accounts count with the part that the month's scheme gives the customer.
    """
    period = Period(month, month)
    found = measured_months(
        owned, policy, period, whose, price(owned, policy, period, whose).whole()
    )
    if found.missing:
        raise problem_of(found.missing)
    return found.months[month]


def measured_months(
    owned: Owned, policy: Policy, period: Period, whose: CustomerId, leaves: Sequence[Leaf]
) -> Measured:
    """Return every measure of each month of the period, of which `leaves` are the contribution."""
    months = between(period.first, min(period.last, month_of(policy.business_date)))
    known = set(months)
    sums = by_month((leaf for leaf in leaves if leaf.month in known), months)
    earned = earned_points(owned, policy, period, whose)
    points = dict.fromkeys(months, 0)
    for leaf in earned.leaves:
        points[leaf.month] += leaf.points
    held, missing = _held(owned, policy, period, whose)
    lacking = {one.month for one in (*earned.missing, *missing)}
    return Measured(
        {
            month: {
                **{Source(line.value): amount for line, amount in sums[month].items()},
                **{Source(view.value): total(sums[month], view) for view in View},
                Source.AVERAGE_BALANCE: half_away(
                    held.get(month, 0), days_counted(Period(month, month), policy.business_date)
                ),
                Source.POINTS: points[month],
            }
            for month in months
            if month not in lacking
        },
        [*earned.missing, *missing],
    )


def _held(
    owned: Owned, policy: Policy, period: Period, whose: CustomerId
) -> tuple[dict[date, Fraction], list[Missing]]:
    """Return the balance-days of each month on all accounts but loans, in the scheme's minor units.

    Foreign money counts by each day's rate. Balance-days are divided between holders as they are
    kept for them: into whole ones, which add up to the account's.
    """
    held: dict[date, Fraction] = {}
    missing: list[Missing] = []
    for account, history in owned:
        if account.line is Line.LOAN:
            continue
        for atom in account_months(account, history, period, policy.business_date):
            part = part_of(account, whose, policy.scheme(atom.month))
            if part is None:
                continue
            money = in_scheme_money(account, atom, policy, weighed=True)
            if isinstance(money, Missing):
                missing.append(money)
            elif money is not None:
                days = part.of(int(money.weighing.weighed(lambda _: 1)))
                mean = Fraction(days, money.weighing.divisor)
                held[atom.month] = held.get(atom.month, Fraction()) + mean
    return held, missing


@dataclass(frozen=True, slots=True)
class Scored:
    """The index by month, in hundred-thousandths of a point, and what other months lack."""

    scores: Mapping[date, int]
    missing: Sequence[Missing]


NOT_SCORED = Scored({}, ())


def scored_months(
    owned: Owned, policy: Policy, period: Period, whose: CustomerId, leaves: Sequence[Leaf]
) -> Scored:
    """Return the index of each month from the first account on, where it stands by itself.

    That is where no measure is compared with all customers; other months have none. Nothing is
    scored while no ladder looks at it.
    """
    if not policy.measures_index:
        return NOT_SCORED
    opened = min((month_of(account.opened_on) for account, _ in owned), default=None)
    if opened is None:
        return NOT_SCORED
    found = measured_months(owned, policy, period, whose, leaves)
    scores = {}
    for month, values in found.months.items():
        scheme = policy.scheme(month)
        index = scheme.index if scheme else None
        if month >= opened and index is not None and not index.among_all():
            scores[month] = indexed(index, values, {}).score
    return Scored(scores, found.missing)
