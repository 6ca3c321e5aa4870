"""The composite index: measures of a customer's month, each brought to 0..100, weighed and summed.

Scores are whole hundred-thousandths of a point. Each part is rounded once, half away from zero, and
their weighted sum once more.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Final

from scoring.domain.money import MILLION, decimal_text, half_away

SCORE_PLACES: Final = 5
FULL: Final = 100 * 10**SCORE_PLACES
"""The score of 100 points."""
_LOGARITHMS = Context(prec=40)


class Source(StrEnum):
    """What is measured: a line or a view of contribution, or what is named below them."""

    DEPOSIT = "deposit"
    LOAN = "loan"
    SETTLEMENT = "settlement"
    INTERMEDIARY = "intermediary"
    E_BANKING = "e_banking"
    INTERNATIONAL = "international"
    COST_TO_SERVE = "cost_to_serve"
    TAX = "tax"
    CAPITAL = "capital"
    GROSS = "gross"
    NET = "net"
    ECONOMIC = "economic"
    AVERAGE_BALANCE = "average_balance"
    POINTS = "points"


LIVE_ONLY = frozenset([Source.AVERAGE_BALANCE, Source.POINTS])
"""Measures that are worked out for one customer and kept for nobody."""


class Normalise(StrEnum):
    """How a measure becomes a score: between fixed bounds, or by the place among all customers."""

    CAP_FLOOR = "cap_floor"
    LOG = "log"
    PERCENTILE = "percentile"
    MIN_MAX = "min_max"


AMONG_ALL = frozenset([Normalise.PERCENTILE, Normalise.MIN_MAX])


@dataclass(frozen=True, slots=True)
class Measure:
    """One part of the index; bounds in minor units, or points where points are measured."""

    name: str
    of: Source
    normalise: Normalise
    weight_ppm: int
    floor: int = 0
    cap: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """A scheme's index, by name of measure; weights sum to a million.

    `consistency` is the CR of judged weights.
    """

    measures: Sequence[Measure]
    consistency: Decimal | None = None

    def among_all(self) -> list[Measure]:
        """Return the measures that are compared with all customers."""
        return [one for one in self.measures if one.normalise in AMONG_ALL]


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's value among those of all customers, its own included."""

    value: int
    below: int
    equal: int
    count: int
    least: int
    most: int

    @property
    def rank(self) -> int:
        """Return the place from the top: 1 is the best, equals share the better place."""
        return self.count - self.below - self.equal + 1


@dataclass(frozen=True, slots=True)
class Distribution:
    """All customers' values of one measure in a month, ascending."""

    values: Sequence[int]

    @classmethod
    def of(cls, values: Sequence[int]) -> "Distribution":
        """Sort the values, one per customer."""
        return cls(sorted(values))

    def standing(self, value: int) -> Standing:
        """Return where a customer's value stands; it must be among the values."""
        below = bisect_left(self.values, value)
        equal = bisect_right(self.values, value) - below
        return Standing(value, below, equal, len(self.values), self.values[0], self.values[-1])


@dataclass(frozen=True, slots=True)
class Part:
    """A measure of one customer: its value, its score, and its place where that made it."""

    measure: Measure
    value: int
    score: int
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index of one customer in a month."""

    score: int
    parts: Sequence[Part]


def indexed(
    index: Index, values: Mapping[Source, int], standings: Mapping[Source, Standing]
) -> Indexed:
    """Score a customer; what is compared with all is read from `standings`, the rest from `values`.

    So a place and the value beside it are of the same moment.
    """
    parts = []
    for one in index.measures:
        standing = standings[one.of] if one.normalise in AMONG_ALL else None
        value = standing.value if standing else values[one.of]
        parts.append(Part(one, value, score(one, value, standing), standing))
    return Indexed(
        half_away(sum(part.measure.weight_ppm * part.score for part in parts), MILLION), parts
    )


def score_text(score: int | None) -> str | None:
    """Write a score as points of a hundred with five decimals."""
    return None if score is None else decimal_text(score, SCORE_PLACES)


def score(measure: Measure, value: int, standing: Standing | None) -> int:
    """Bring a value to 0..FULL; nothing is below the floor or above the cap."""
    if measure.normalise is Normalise.CAP_FLOOR:
        return half_away(_above(measure, value) * FULL, measure.cap - measure.floor)
    if measure.normalise is Normalise.LOG:
        part, whole = _above(measure, value), measure.cap - measure.floor
        return _of_full(_ln(part + 1), _ln(whole + 1))
    if standing is None:
        raise ValueError(f"{measure.name} is compared with all customers and needs its place")
    if measure.normalise is Normalise.PERCENTILE:
        return half_away((2 * standing.below + standing.equal) * FULL, 2 * standing.count)
    spread = standing.most - standing.least
    return half_away((value - standing.least) * FULL, spread) if spread else 0


def _above(measure: Measure, value: int) -> int:
    return min(max(value, measure.floor), measure.cap) - measure.floor


def _ln(value: int) -> Decimal:
    return _LOGARITHMS.ln(Decimal(value))


def _of_full(part: Decimal, whole: Decimal) -> int:
    share = _LOGARITHMS.divide(_LOGARITHMS.multiply(part, Decimal(FULL)), whole)
    return int(share.to_integral_value(ROUND_HALF_UP, _LOGARITHMS))
