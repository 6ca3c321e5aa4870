"""Up to where a total of the ledger and what its accounts come to are called equal."""

from dataclasses import dataclass

from scoring.domain.money import MILLION


@dataclass(frozen=True, slots=True)
class Tolerance:
    """An amount, or a part of the ledger's total, whichever is more."""

    minor: int = 0
    ppm: int = 0

    def of(self, total_minor: int) -> int:
        """Return by how much the accounts of a total may differ from it."""
        return max(self.minor, abs(total_minor) * self.ppm // MILLION)


EXACT = Tolerance()
