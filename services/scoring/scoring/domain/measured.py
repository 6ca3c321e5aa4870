"""What an index reads of one customer's month, worked out live."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.balance import account_months, days_counted
from scoring.domain.contribution import by_line, price, problem_of, total
from scoring.domain.earned_points import earned_points
from scoring.domain.holders import part_of
from scoring.domain.index import Source
from scoring.domain.line import Line, View
from scoring.domain.money import half_away
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.scheme_money import Missing, in_scheme_money

Owned = Sequence[tuple[Account, History]]


def measured(owned: Owned, policy: Policy, month: date, whose: CustomerId) -> Mapping[Source, int]:
    """Return every measure of a customer's month, or refuse; the histories must begin with it.

    Accounts count with the part that the month's scheme gives the customer.
    """
    period = Period(month, month)
    sums = by_line(price(owned, policy, period, whose).whole())
    points = earned_points(owned, policy, period, whose).whole()
    return {
        **{Source(line.value): amount for line, amount in sums.items()},
        **{Source(view.value): total(sums, view) for view in View},
        Source.AVERAGE_BALANCE: average_balance(owned, policy, period, whose),
        Source.POINTS: sum(one.points for one in points),
    }


def average_balance(
    owned: Owned, policy: Policy, period: Period, whose: CustomerId | None = None
) -> int:
    """Return the mean of what is on all accounts but loans, by day, in the scheme's minor units.

    Rounded once, half away from zero; foreign money counts by each day's rate. Balance-days are
    divided between holders as they are kept for them: whole ones, which add up to the account's.
    """
    held = Fraction()
    for account, history in owned:
        if account.line is Line.LOAN:
            continue
        for atom in account_months(account, history, period, policy.business_date):
            part = part_of(account, whose, policy.scheme(atom.month))
            if part is None:
                continue
            money = in_scheme_money(account, atom, policy, weighed=True)
            if isinstance(money, Missing):
                raise problem_of([money])
            if money is not None:
                weighed = part.of(int(money.weighing.weighed(lambda _: 1)))
                held += Fraction(weighed, money.weighing.divisor)
    days = days_counted(period, policy.business_date)
    return half_away(held, days) if days else 0
