"""What a bank has decided and where it stands: schemes, rates and its business date."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring.domain.ladder import Ladder
from scoring.domain.scheme import Scheme, in_force


class RateKind(StrEnum):
    """What the customer gets or pays, and what the money is worth inside the bank (FTP)."""

    CUSTOMER = "customer"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Rate:
    """A yearly rate of one product, in force from a month on."""

    product: str
    kind: RateKind
    effective_from: date
    rate_ppm: int


@dataclass(frozen=True, slots=True)
class RateBook:
    """Every rate of a bank, for look-up by month."""

    _months: Mapping[tuple[str, RateKind], Sequence[date]]
    _ppm: Mapping[tuple[str, RateKind], Sequence[int]]

    @classmethod
    def of(cls, rates: Sequence[Rate]) -> "RateBook":
        """Arrange `rates`, which may come in any order."""
        months: dict[tuple[str, RateKind], list[date]] = {}
        ppm: dict[tuple[str, RateKind], list[int]] = {}
        for rate in sorted(rates, key=lambda one: one.effective_from):
            months.setdefault((rate.product, rate.kind), []).append(rate.effective_from)
            ppm.setdefault((rate.product, rate.kind), []).append(rate.rate_ppm)
        return cls(months, ppm)

    def find(self, product: str, kind: RateKind, month: date) -> int | None:
        """Return the rate in force in a month: the latest that is effective by then."""
        place = bisect_right(self._months.get((product, kind), ()), month)
        return self._ppm[product, kind][place - 1] if place else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One institution: `business_date` is the last day that it has closed or begun."""

    institution: str
    currency: str
    time_zone: str
    business_date: date
    schemes: Sequence[Scheme] = ()
    rates: RateBook = field(default_factory=lambda: RateBook({}, {}))

    def scheme(self, month: date) -> Scheme | None:
        """Return the scheme that prices a month."""
        return in_force(self.schemes, month)

    def ladder(self, month: date) -> Ladder | None:
        """Return the ladder of a month."""
        scheme = self.scheme(month)
        return scheme.ladder if scheme else None

    @property
    def measures_balances(self) -> bool:
        """Tell whether any ladder looks at balances."""
        return any(scheme.measures_balances for scheme in self.schemes)

    @property
    def priced_from(self) -> date | None:
        """Return the first month that any scheme prices."""
        return min((scheme.effective_from for scheme in self.schemes), default=None)
