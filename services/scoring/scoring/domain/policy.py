"""What a bank has decided and where it stands: schemes, rates and its business date."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring.domain.exchange import FxBook
from scoring.domain.ladder import Ladder
from scoring.domain.months import between, month_of, plus
from scoring.domain.scheme import Scheme, in_force


class RateKind(StrEnum):
    """What the customer gets or pays, and what the money is worth inside the bank (FTP)."""

    CUSTOMER = "customer"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Rate:
    """A yearly rate of one product, in force from a day on."""

    product: str
    kind: RateKind
    effective_from: date
    rate_ppm: int


@dataclass(frozen=True, slots=True)
class RateBook:
    """Every rate of a bank's products, for look-up by day."""

    _days: Mapping[tuple[str, RateKind], Sequence[date]]
    _ppm: Mapping[tuple[str, RateKind], Sequence[int]]
    _inside: Mapping[tuple[str, date], Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, rates: Sequence[Rate]) -> "RateBook":
        """Arrange `rates`, which may come in any order."""
        days: dict[tuple[str, RateKind], list[date]] = {}
        ppm: dict[tuple[str, RateKind], list[int]] = {}
        inside: dict[tuple[str, date], list[int]] = {}
        for rate in sorted(rates, key=lambda one: one.effective_from):
            days.setdefault((rate.product, rate.kind), []).append(rate.effective_from)
            ppm.setdefault((rate.product, rate.kind), []).append(rate.rate_ppm)
            if rate.effective_from.day > 1:
                month = month_of(rate.effective_from)
                inside.setdefault((rate.product, month), []).append(rate.effective_from.day)
        return cls(days, ppm, inside)

    def find(self, product: str, kind: RateKind, day: date) -> int | None:
        """Return the rate in force on a day: the latest that is effective by then."""
        place = bisect_right(self._days.get((product, kind), ()), day)
        return self._ppm[product, kind][place - 1] if place else None

    def changes(self, product: str, month: date) -> Sequence[int]:
        """Return the days after the month's first on which a rate of the product begins."""
        return self._inside.get((product, month), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One institution: `business_date` is the last day that it has closed or begun."""

    institution: str
    currency: str
    time_zone: str
    business_date: date
    schemes: Sequence[Scheme] = ()
    rates: RateBook = field(default_factory=lambda: RateBook({}, {}))
    fx: FxBook = field(default_factory=lambda: FxBook({}, {}))

    def scheme(self, month: date) -> Scheme | None:
        """Return the scheme that prices a month."""
        return in_force(self.schemes, month)

    def ladder(self, month: date) -> Ladder | None:
        """Return the ladder of a month."""
        scheme = self.scheme(month)
        return scheme.ladder if scheme else None

    def ranked_months(self, since: date) -> list[date]:
        """Return the months from `since` on that are over and at whose end all are ranked."""
        first = max(since, self.priced_from or self.business_date)
        over = between(month_of(first), plus(month_of(self.business_date), -1))
        return [month for month in over if self.ranks(month)]

    def ranks(self, month: date) -> bool:
        """Tell whether all customers are ranked at the end of the month."""
        ladder = self.ladder(month)
        return ladder is not None and ladder.by_rank and ladder.evaluates(month)

    @property
    def measures_balances(self) -> bool:
        """Tell whether any ladder looks at balances."""
        return any(scheme.measures_balances for scheme in self.schemes)

    @property
    def measures_points(self) -> bool:
        """Tell whether any ladder looks at points."""
        return any(scheme.measures_points for scheme in self.schemes)

    @property
    def binds_capital(self) -> bool:
        """Tell whether any scheme says what binds the bank's own money."""
        return any(scheme.capital.ratio_ppm for scheme in self.schemes)

    @property
    def measures_index(self) -> bool:
        """Tell whether any ladder looks at the index."""
        return any(scheme.measures_index for scheme in self.schemes)

    @property
    def priced_from(self) -> date | None:
        """Return the first month that any scheme prices."""
        return min((scheme.effective_from for scheme in self.schemes), default=None)

    def keeps_balances_of(self, month: date) -> bool:
        """Tell whether accounts' balances of the month are kept: of priced ones and this one."""
        return month >= (self.priced_from or month_of(self.business_date))
