"""Economic capital: what an exposure binds of the bank's own money, and what that must earn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.domain.account import Account
from scoring.domain.line import Line
from scoring.domain.loan import Grade


@dataclass(frozen=True, slots=True)
class Weights:
    """Risk weights in ppm: of a loan's grade, else of the product, else of its line."""

    grades: Mapping[Grade, int] = field(default_factory=dict)
    products: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[Line, int] = field(default_factory=dict)

    def of(self, account: Account) -> int | None:
        """Return the weight of what is owed on the account; None binds no capital."""
        if account.loan and account.loan.grade in self.grades:
            return self.grades[account.loan.grade]
        return self.products.get(account.product, self.lines.get(account.line))


@dataclass(frozen=True, slots=True)
class Capital:
    """How much capital a weighted exposure binds, and what that must earn a year."""

    ratio_ppm: int = 0
    hurdle_ppm: int = 0
    weights: Weights = field(default_factory=Weights)


NO_CAPITAL = Capital()
