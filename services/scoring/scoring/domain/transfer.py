"""What money is worth inside the bank (FTP): curves, and by product how its price is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Lock(StrEnum):
    """Which month's curve prices a balance: that of its beginning, or each month its own."""

    ORIGINATION = "origination"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Point:
    """A yearly rate for terms of up to that many days; None takes all longer ones."""

    up_to_days: int | None
    ppm: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one currency, shortest first; the last one is open."""

    points: Sequence[Point]

    def at(self, days: int) -> int:
        """Return the rate of a term."""
        return next(p.ppm for p in self.points if p.up_to_days is None or days <= p.up_to_days)


@dataclass(frozen=True, slots=True)
class PastCurves:
    """Curves that held from a month on, before the bank's first scheme."""

    effective_from: date
    curves: Mapping[str, Curve]


@dataclass(frozen=True, slots=True)
class MatchedMaturity:
    """Price by the account's own term."""

    lock: Lock


@dataclass(frozen=True, slots=True)
class CoreVolatile:
    """Price a stable share of the balance as if it had one term, the rest as if another."""

    core_ppm: int
    core_days: int
    volatile_days: int


@dataclass(frozen=True, slots=True)
class MovingAverage:
    """Price by the mean of one point over the last months, the priced one included."""

    days: int
    months: int


Method = MatchedMaturity | CoreVolatile | MovingAverage


@dataclass(frozen=True, slots=True)
class Reserve:
    """The part of a deposit that must lie at the central bank, and what it earns there."""

    requirement_ppm: int
    rate_ppm: int


@dataclass(frozen=True, slots=True)
class ProductPrice:
    """How one product is priced; without a method by the `transfer` record of the rates."""

    method: Method | None = None
    liquidity_ppm: int = 0
    policy_ppm: int = 0
    reserve: Reserve | None = None


RATES = ProductPrice()


@dataclass(frozen=True, slots=True)
class Transfer:
    """A scheme's transfer prices; a product that is not listed has the price of the rates."""

    curves: Mapping[str, Curve]
    past: Sequence[PastCurves]
    products: Mapping[str, ProductPrice]

    def of(self, product: str) -> ProductPrice:
        """Return how a product is priced."""
        return self.products.get(product, RATES)


NO_TRANSFER = Transfer({}, (), {})
