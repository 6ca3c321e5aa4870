"""Balances and balance-days, from the moments of each month's postings.

For the days 1..T of a month that opens with B0: J(T) = B0 x T + (T + 1) x S0 - S1, where S0 sums
the amounts valued by day T and S1 the amounts times their day (formula D1). A balance is that at
the end of its day; a negative one counts negative.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scoring.domain.account import Account, Activity, Ahead, History, Moments
from scoring.domain.loan import movements
from scoring.domain.money import half_away
from scoring.domain.months import Period, between, days_in, last_day, month_of

NONE = Moments()


def balance_days(opening: int, moments: Moments, through: int) -> int:
    """Return J for the days 1..`through`; `moments` must hold nothing valued later."""
    return opening * through + (through + 1) * moments.s0 - moments.s1


def moments_of(moves: Iterable[tuple[int, int]]) -> Moments:
    """Return the moments of (day of month, amount) pairs."""
    s0 = s1 = 0
    for day, amount in moves:
        s0 += amount
        s1 += amount * day
    return Moments(s0, s1)


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """The atom: an account in a month, with everything that counts by the month's last day known.

    `through` is that day: the month's last one, or the business day in the current month. `moves`
    and `by_day` are known where the month is weighed day by day: (day, amount) and the acts.
    """

    month: date
    through: int
    opening: int
    moments: Moments
    activity: Sequence[Activity]
    moves: Sequence[tuple[int, int]] | None = None
    by_day: Sequence[Activity] = ()

    @property
    def balance_days(self) -> int:
        """Return the sum of the end-of-day balances."""
        return balance_days(self.opening, self.moments, self.through)

    def balance_days_of(self, first: int, last: int) -> int:
        """Return the part of the balance-days that the days `first` through `last` make."""
        if (first, last) == (1, self.through):
            return self.balance_days
        if self.moves is None or moments_of(self.moves) != self.moments:
            raise ValueError("a month weighed by day needs each day's postings")
        before, upto = (
            balance_days(self.opening, moments_of(m for m in self.moves if m[0] <= day), day)
            for day in (first - 1, last)
        )
        return upto - before


def account_months(
    account: Account, history: History, period: Period, business_date: date
) -> list[AccountMonth]:
    """Return the account's months of the period that count for something.

    Months before the opening and after the business month count for nothing. `history` must
    begin with the period.
    """
    business_month = month_of(business_date)
    found: list[AccountMonth] = []
    opening, by_month = history.opening, history.moments
    ahead = [] if account.scheduled else history.ahead
    scheduled: dict[date, list[tuple[int, int]]] = {}
    if account.scheduled:
        opening, scheduled = _scheduled(account, period.first, business_date)
        by_month = {month: moments_of(moves) for month, moves in scheduled.items()}
    for month in between(period.first, min(period.last, business_month)):
        current = month == business_month
        moments = by_month.get(month, NONE)
        activity = history.activity.get(month, ())
        if current and ahead:
            moments = _without(moments, ahead)
        if current and activity:
            activity = _without_acts(activity, history.ahead)
        if month >= month_of(account.opened_on):
            through = business_date.day if current else days_in(month)
            by_day = [one for one in history.by_day.get(month, ()) if one.day <= through]
            moves: Sequence[tuple[int, int]] | None = None
            if account.scheduled:
                moves = scheduled.get(month, ())
            elif month in history.by_day:
                moves = [(one.day, one.amount_minor) for one in by_day]
            found.append(AccountMonth(month, through, opening, moments, activity, moves, by_day))
        opening += moments.s0
    return found


def _scheduled(
    account: Account, first: date, through: date
) -> tuple[int, dict[date, list[tuple[int, int]]]]:
    terms = account.scheduled
    opening = 0
    moves: dict[date, list[tuple[int, int]]] = {}
    for day, amount in movements(terms) if terms else ():
        if day < first:
            opening += amount
        elif day <= through:
            moves.setdefault(month_of(day), []).append((day.day, amount))
    return opening, moves


def _without(moments: Moments, ahead: Sequence[Ahead]) -> Moments:
    taken = moments_of((one.day, one.amount_minor) for one in ahead)
    return Moments(moments.s0 - taken.s0, moments.s1 - taken.s1)


def _without_acts(activity: Sequence[Activity], ahead: Sequence[Ahead]) -> list[Activity]:
    count = {(a.channel, a.kind, a.purpose): a.count for a in activity}
    amount = {(a.channel, a.kind, a.purpose): a.amount_minor for a in activity}
    for one in ahead:
        key = (one.channel, one.kind, one.purpose)
        count[key] -= 1
        amount[key] -= one.amount_minor
    return [Activity(*key, left, amount[key]) for key, left in count.items() if left]


def average_daily_balance(months: Sequence[AccountMonth], days: int) -> int:
    """Return the mean end-of-day balance over `days`, rounded half away to the minor unit."""
    return half_away(sum(month.balance_days for month in months), days)


def days_counted(period: Period, business_date: date) -> int:
    """Return how many days of the period have come: from its first through the business date."""
    return max((min(last_day(period.last), business_date) - period.first).days + 1, 0)


def scheduled_balance(account: Account, on: date) -> int:
    """Return what a loan that follows its terms stands at, at the end of the day `on`."""
    terms = account.scheduled
    return sum(amount for day, amount in movements(terms) if day <= on) if terms else 0


def daily(opening: int, moves: Iterable[tuple[date, int]], first: date, last: date) -> list[int]:
    """Return the end-of-day balance of each day, by going through the days one by one."""
    by_day: dict[date, int] = {}
    for day, amount in moves:
        by_day[day] = by_day.get(day, 0) + amount
    balances: list[int] = []
    for step in range((last - first).days + 1):
        opening += by_day.get(first + timedelta(step), 0)
        balances.append(opening)
    return balances
