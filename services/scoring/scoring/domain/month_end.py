"""What a balance was at the end of a month, beside what it was day by day (formula D1).

A deposit that is brought in for the last day of a month raises the balance that is looked at, and
hardly the average. The regulator's deposit deviation tells it: (last day - mean) / mean.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.balance import AccountMonth, account_months
from scoring.domain.holders import part_of
from scoring.domain.money import MILLION, half_away
from scoring.domain.months import Period, days_in, month_of
from scoring.domain.policy import Policy
from scoring.domain.posting import Kind

LIMIT_PPM = 40_000
"""4 %, the regulator's limit for a bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEnd:
    """An account's balance at the end of the month, its balance-days, and what was posted in it.

    The end of the business month is the business date. Of an account that the scheme divides
    between its holders they are what `customer` has of each.
    """

    account: Account
    customer: CustomerId
    month: date
    closing_minor: int
    balance_days: int
    interest_paid_minor: int
    interest_charged_minor: int
    fees_minor: int

    @property
    def counts(self) -> bool:
        """Tell whether there is anything to keep."""
        figures = self.interest_paid_minor, self.interest_charged_minor, self.fees_minor
        return any((self.closing_minor, self.balance_days, *figures))


def month_ends(
    accounts: Iterable[tuple[Account, History]],
    policy: Policy,
    period: Period,
    customer: CustomerId | None = None,
) -> Iterator[MonthEnd]:
    """Give the months in which there was anything; the histories must begin with the period.

    With a customer it is their part of each account, as contribution is; without, the whole.
    """
    for account, history in accounts:
        for atom in account_months(account, history, period, policy.business_date):
            part = part_of(account, customer, policy.scheme(atom.month))
            if part is None:
                continue
            end = MonthEnd(
                account=account,
                customer=customer or account.owner_id,
                month=atom.month,
                closing_minor=part.of(atom.opening + atom.moments.s0),
                balance_days=part.of(atom.balance_days),
                interest_paid_minor=part.of(_posted(atom, Kind.INTEREST_PAID)),
                interest_charged_minor=part.of(_posted(atom, Kind.INTEREST_CHARGED)),
                fees_minor=part.of(_posted(atom, Kind.FEE)),
            )
            if end.counts:
                yield end


def _posted(atom: AccountMonth, kind: Kind) -> int:
    return sum(act.amount_minor for act in atom.activity if act.kind is kind)


def days_come(month: date, business_date: date) -> int:
    """Return how many days of a month have come; 0 of a later month."""
    if month == month_of(business_date):
        return business_date.day
    return days_in(month) if month < business_date else 0


class Order(StrEnum):
    """By what those who deviate are put in order, most first."""

    DEVIATION = "deviation"
    EXCESS = "excess"


@dataclass(frozen=True, slots=True)
class Deviation:
    """Balances of a month together: at its end, and over its `days`, of which there is one."""

    closing_minor: int
    balance_days: int
    days: int

    @property
    def average_minor(self) -> int:
        """Return the mean end-of-day balance, rounded half away from zero."""
        return half_away(self.balance_days, self.days)

    @property
    def excess_minor(self) -> int:
        """Return by how much the end is above the mean, rounded half away from zero."""
        return half_away(self._excess_days, self.days)

    @property
    def ppm(self) -> int | None:
        """Return (end - mean) / mean, rounded half away; None where the mean is not positive."""
        if self.balance_days <= 0:
            return None
        return half_away(self._excess_days * MILLION, self.balance_days)

    def over(self, limit_ppm: int) -> bool:
        """Tell whether the unrounded deviation is above the limit."""
        held = self.balance_days
        return held > 0 and self._excess_days * MILLION > held * limit_ppm

    @property
    def _excess_days(self) -> int:
        return self.closing_minor * self.days - self.balance_days
