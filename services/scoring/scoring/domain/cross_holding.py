"""How many kinds of business customers do with the bank: products and lines held at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alike:
    """Customers who hold so many different products, of so many different lines."""

    products: int
    lines: int
    customers: int


@dataclass(frozen=True, slots=True)
class CrossHolding:
    """How many customers hold how much; those who hold nothing count with 0."""

    customers: int
    products: Mapping[int, int]
    lines: Mapping[int, int]

    @classmethod
    def of(cls, customers: int, holders: Iterable[Alike]) -> "CrossHolding":
        """Count, of all the customers, those who hold each number of products and of lines."""
        products: dict[int, int] = {}
        lines: dict[int, int] = {}
        for one in holders:
            products[one.products] = products.get(one.products, 0) + one.customers
            lines[one.lines] = lines.get(one.lines, 0) + one.customers
        if nothing := customers - sum(products.values()):
            products[0] = lines[0] = nothing
        return cls(customers, dict(sorted(products.items())), dict(sorted(lines.items())))

    @property
    def holders(self) -> int:
        """Return how many hold anything."""
        return self.customers - self.products.get(0, 0)


def held(distribution: Mapping[int, int]) -> int:
    """Return how many are held by all together."""
    return sum(number * customers for number, customers in distribution.items())
