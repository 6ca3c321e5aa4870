"""How much of the whole comes from how few customers (formula D15), by integers.

With loss makers the running sum of the best customers passes the whole before it comes back to it
(the whale curve), so shares may exceed 1. A Gini index over signed values means nothing and is
not offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from scoring.domain.money import MILLION

TOP_PPM = (10_000, 40_000, 100_000, 200_000)
MOST_PPM = 800_000
CURVE_STEPS = 20


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

    def top(self, customers_ppm: int) -> int:
        """Return what the best part of the customers brings; a part of a customer counts whole."""
        return self.running[-(-len(self.values) * customers_ppm // MILLION)]

    def smallest_for(self, share_ppm: int) -> int | None:
        """Return how few customers bring that share of the whole; None where it is not positive."""
        if self.total <= 0:
            return None
        need = self.total * share_ppm
        return next(k for k, sum_ in enumerate(self.running) if sum_ * MILLION >= need)

    def curve(self) -> list[tuple[int, int]]:
        """Return (customers in ppm, what they bring) from nobody to everybody."""
        steps = [step * MILLION // CURVE_STEPS for step in range(CURVE_STEPS + 1)]
        return [(ppm, self.top(ppm)) for ppm in steps]
