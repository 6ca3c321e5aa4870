"""Reads the section `reconciliation` of a scheme."""

from typing import Final

from scoring.domain.money import MILLION
from scoring.domain.reading import Fields
from scoring.domain.tolerance import EXACT, Tolerance

MOST_TOLERATED: Final = 10**12
"""Minor units: what is larger is no difference of rounding."""


def tolerance_of(top: Fields) -> Tolerance:
    """Read the section, which may be absent."""
    if not top.has("reconciliation"):
        return EXACT
    section = top.fields("reconciliation")
    minor, ppm = section.has("tolerance_minor"), section.has("tolerance_ppm")
    if not minor and not ppm and section.sound():
        top.wrong("reconciliation", "needs tolerance_minor, tolerance_ppm or both")
    found = Tolerance(
        section.whole("tolerance_minor", 0, MOST_TOLERATED) if minor else 0,
        section.whole("tolerance_ppm", 0, MILLION) if ppm else 0,
    )
    section.close()
    return found
