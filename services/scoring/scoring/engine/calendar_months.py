"""The months to price, each with the scheme in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain.capital import NO_CAPITAL
from scoring.domain.months import Period, between, days_in, month_of
from scoring.domain.scheme import JointHolders, Scheme, in_force


def index_of(month: date) -> int:
    """Return the number of a month, as `exact.month_index` does."""
    return month.year * 12 + month.month - 1


class NotPricedHereError(ValueError):
    """Something that `domain` prices and the engine does not yet; nothing is computed then."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """The months that a run prices, each with the scheme in force or none."""

    period: Period
    business_date: date
    schemes: Sequence[Scheme]

    @property
    def months(self) -> Sequence[tuple[date, Scheme | None]]:
        """Return the months of the period through the business month."""
        last = min(self.period.last, month_of(self.business_date))
        return [
            (month, in_force(self.schemes, month)) for month in between(self.period.first, last)
        ]

    @property
    def before(self) -> int:
        """Return the index that stands for all months before the period."""
        return index_of(self.period.first) - 1

    @property
    def segments(self) -> Sequence[tuple[int, Scheme | None]]:
        """Return each scheme once, with the index of the last month that it prices."""
        found: list[tuple[int, Scheme | None]] = []
        for month, scheme in self.months:
            if found and found[-1][1] is scheme:
                found.pop()
            found.append((index_of(month), scheme))
        return found

    def through(self, month: date) -> int:
        """Return the last day of the month that has come."""
        current = month == month_of(self.business_date)
        return self.business_date.day if current else days_in(month)

    @property
    def turnover_entries(self) -> int:
        """Return how many entries of turnover tax any scheme in force has."""
        return max((len(s.tax.turnover) for _, s in self.months if s), default=0)

    @property
    def divided(self) -> Sequence[date]:
        """Return the months in which joint holders have equal parts of what they hold."""
        equal = JointHolders.EQUAL
        return [month for month, s in self.months if s and s.joint_holders is equal]

    @property
    def charges_balances(self) -> bool:
        """Tell whether any scheme in force says what keeping a balance costs."""
        return any(scheme.cost_to_serve.balance_ppm for _, scheme in self.months if scheme)

    @property
    def charges_capital(self) -> bool:
        """Tell whether any scheme in force says what an exposure binds."""
        return any(scheme.capital != NO_CAPITAL for _, scheme in self.months if scheme)

    @property
    def taxes_income(self) -> bool:
        """Tell whether any scheme in force taxes income."""
        return any(scheme.tax.income_ppm for _, scheme in self.months if scheme)
