"""How much of the whole comes from how few customers (formula D15), by integers.

With loss makers the running sum of the best customers passes the whole before it comes back to it
(the whale curve), so shares may exceed 1. Over signed values the Gini index and the Lorenz curve
mean nothing, and are told apart by a reason instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

from scoring.domain.money import MILLION

TOP_PPM = (10_000, 40_000, 100_000, 200_000)
MOST_PPM = 800_000
CURVE_STEPS = 20


class GiniUndefined(StrEnum):
    """Why there is no Gini index and no Lorenz curve."""

    SIGNED_VALUES = "signed_values"
    NOTHING_TO_SHARE = "nothing_to_share"


@dataclass(frozen=True, slots=True)
class Concentration:
    """Customers from the most to the least valuable; `running[k]` is what the best k bring."""

    values: Sequence[int]
    running: Sequence[int]

    @classmethod
    def of(cls, contributions: Sequence[int]) -> "Concentration":
        """Rank the contributions, one per customer."""
        values = sorted(contributions, reverse=True)
        return cls(values, [0, *accumulate(values)])

    @property
    def total(self) -> int:
        """Return what all customers bring."""
        return self.running[-1]

    @property
    def profitable(self) -> int:
        """Return how many customers bring more than nothing."""
        return sum(value > 0 for value in self.values)

    @property
    def loss_making(self) -> int:
        """Return how many customers cost more than they bring."""
        return sum(value < 0 for value in self.values)

    @property
    def losses(self) -> int:
        """Return what the loss makers take off; 0 or negative."""
        return sum(value for value in self.values if value < 0)

    def top(self, customers_ppm: int) -> int:
        """Return what the best part of the customers brings; a part of a customer counts whole."""
        return self.running[-(-len(self.values) * customers_ppm // MILLION)]

    def best(self, count: int) -> int:
        """Return what the best `count` customers bring; all of them where there are fewer."""
        return self.running[min(count, len(self.values))]

    def smallest_for(self, share_ppm: int) -> int | None:
        """Return how few customers bring that share of the whole; None where it is not positive."""
        if self.total <= 0:
            return None
        need = self.total * share_ppm
        return next(k for k, sum_ in enumerate(self.running) if sum_ * MILLION >= need)

    def curve(self) -> list[tuple[int, int]]:
        """Return (customers in ppm, what they bring) from nobody to everybody, best first."""
        steps = [step * MILLION // CURVE_STEPS for step in range(CURVE_STEPS + 1)]
        return [(ppm, self.top(ppm)) for ppm in steps]

    @property
    def gini_undefined(self) -> GiniUndefined | None:
        """Return why there can be no Gini index; None where there is one."""
        if self.values and self.values[-1] < 0:
            return GiniUndefined.SIGNED_VALUES
        return None if self.total else GiniUndefined.NOTHING_TO_SHARE

    def gini(self) -> Fraction | None:
        """Return sum of (2i - n - 1) x(i) / (n x sum of x), x(1) the smallest; None if undefined.

        0 where everybody brings the same, (n - 1) / n where one brings all.
        """
        if self.gini_undefined:
            return None
        count = len(self.values)
        weighed = sum((count - 1 - 2 * place) * x for place, x in enumerate(self.values))
        return Fraction(weighed, count * self.total)

    def lorenz(self) -> list[tuple[int, int]] | None:
        """Return (customers in ppm, what they bring) from nobody to everybody, least first."""
        if self.gini_undefined:
            return None
        return [(MILLION - ppm, self.total - amount) for ppm, amount in reversed(self.curve())]

    def drift(self, before: "Concentration") -> "Drift":
        """Return how much more comes from how few than `before`."""

        def change(now: Fraction | None, then: Fraction | None) -> Fraction | None:
            return None if now is None or then is None else now - then

        tops = [(ppm, change(self.top_share(ppm), before.top_share(ppm))) for ppm in TOP_PPM]
        return Drift(
            change(self.gini(), before.gini()),
            tops,
            change(self.few(MOST_PPM), before.few(MOST_PPM)),
        )

    def top_share(self, customers_ppm: int) -> Fraction | None:
        """Return what part of the whole the best part brings; None where it is not positive."""
        return Fraction(self.top(customers_ppm), self.total) if self.total > 0 else None

    def few(self, share_ppm: int) -> Fraction | None:
        """Return the smallest part of the customers that brings the share; None likewise."""
        few = self.smallest_for(share_ppm)
        return None if few is None else Fraction(few, len(self.values))


@dataclass(frozen=True, slots=True)
class Drift:
    """How concentration moved, in shares of one; None where one of the two has no such figure."""

    gini: Fraction | None
    top: Sequence[tuple[int, Fraction | None]]
    few: Fraction | None

    def exceeds(self, limit_ppm: int) -> bool:
        """Tell whether the share of any top part, up or down, moved by more than the limit."""
        return any(change and abs(change) * MILLION > limit_ppm for _, change in self.top)
