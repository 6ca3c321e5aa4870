"""Tax: on what the bank turns over, and on what an account's month leaves before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.domain.line import Line


class Base(StrEnum):
    """What turnover tax is taken of."""

    INTEREST = "interest"
    FEES = "fees"


class OnLoss(StrEnum):
    """What a loss does to income tax: it gives tax back, or nothing."""

    CREDIT = "credit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Turnover:
    """A tax on the turnover of one line or of one product."""

    base: Base
    line: Line | None
    product: str | None
    ppm: int

    def fits(self, base: Base, line: Line, product: str) -> bool:
        """Tell whether turnover of this kind is taxed by this entry."""
        return self.base is base and (self.line is line or self.product == product)


@dataclass(frozen=True, slots=True)
class Tax:
    """A scheme's taxes; without any, nothing is taken."""

    turnover: Sequence[Turnover] = ()
    income_ppm: int = 0
    on_loss: OnLoss = OnLoss.NONE

    def entry(self, base: Base, line: Line, product: str) -> tuple[int, Turnover] | None:
        """Return the first entry that fits, with its number."""
        return next(
            ((n, one) for n, one in enumerate(self.turnover) if one.fits(base, line, product)),
            None,
        )


NO_TAX = Tax()
