"""The points that accounts earn: for their mean balances and for what is done on them.

One leaf for each account, month and entry, rounded once to whole points, half away from zero; of
an account that the scheme divides, each holder has a part of those.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.balance import AccountMonth, account_months
from scoring.domain.contribution import problem_of
from scoring.domain.holders import Part, part_of, share_inputs
from scoring.domain.leaf import Input
from scoring.domain.line import Line
from scoring.domain.money import half_away, minor_digits
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.posting import NO_SERVICE
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_money import Missing, SchemeMoney, in_scheme_money

PER = 10_000


@dataclass(frozen=True, slots=True)
class PointLeaf:
    """What one entry of the scheme gives one account in one month, or a holder of it."""

    account: Account
    month: date
    entry: str
    points: int
    inputs: tuple[Input, ...]
    pay_minor: int | None


@dataclass(slots=True)
class Earned:
    """Points of all months that could be worked out, and what the others lack."""

    leaves: list[PointLeaf] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def whole(self) -> list[PointLeaf]:
        """Return the leaves, or refuse where anything is missing."""
        if self.missing:
            raise problem_of(self.missing)
        return self.leaves


def earned_points(
    accounts: Iterable[tuple[Account, History]],
    policy: Policy,
    period: Period,
    whose: CustomerId | None = None,
) -> Earned:
    """Return the points of every account's months, with which the histories must begin.

    Accounts count whole; for a customer, with the part that the month's scheme gives them.
    """
    earned = Earned()
    for account, history in accounts:
        for atom in account_months(account, history, period, policy.business_date):
            part = part_of(account, whose, policy.scheme(atom.month))
            if part is None:
                continue
            money = in_scheme_money(account, atom, policy, weighed=True)
            if isinstance(money, Missing):
                earned.missing.append(money)
            elif money is not None:
                earned.leaves += _leaves(account, atom, money, part)
    return earned


def _leaves(
    account: Account, atom: AccountMonth, money: SchemeMoney, part: Part
) -> Iterator[PointLeaf]:
    scheme = money.scheme
    for entry, whole, inputs in (
        *_by_balance(account, atom, money, scheme),
        *_by_acts(money, scheme),
    ):
        each, points = scheme.points.pay_per_point_minor, part.of(whole)
        pay = None if each is None else each * points
        told = *inputs, *share_inputs(whole, "points", part)
        yield PointLeaf(account, atom.month, entry, points, told, pay)


Entry = tuple[str, int, tuple[Input, ...]]


def _by_balance(
    account: Account, atom: AccountMonth, money: SchemeMoney, scheme: Scheme
) -> Iterator[Entry]:
    """Count what the customer leaves, of a loan what is owed; nothing on the other side."""
    each = scheme.points.per_10000.get(account.product)
    if each is None or not money.weighing.segments:
        return
    sign = -1 if account.line is Line.LOAN else 1
    held = max(sign * money.weighing.weighed(lambda _: 1), 0)
    units = atom.through * money.weighing.divisor * PER * 10 ** minor_digits(scheme.currency)
    name = "owed_days" if sign < 0 else "balance_days"
    yield (
        f"points.per_10000.{account.product}",
        half_away(held * each, units),
        (
            *money.weighing.inputs(name, sign, rates=()),
            Input("days", atom.through, "days"),
            Input("points", each, f"points per {PER} {scheme.currency}"),
        ),
    )


def _by_acts(money: SchemeMoney, scheme: Scheme) -> Iterator[Entry]:
    """Give every act to the first entry that fits it."""
    counts: dict[int, int] = {}
    for act in money.activity:
        if act.kind not in NO_SERVICE:
            for number, one in enumerate(scheme.points.acts):
                if one.when.fits(act.channel, act.kind, act.purpose):
                    counts[number] = counts.get(number, 0) + act.count
                    break
    for number in sorted(counts):
        each = scheme.points.acts[number].points
        yield (
            f"points.acts.{number}",
            counts[number] * each,
            (Input("items", counts[number], "items"), Input("points", each, "points each")),
        )
