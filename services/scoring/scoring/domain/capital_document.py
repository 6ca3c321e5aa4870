"""Reads the section `capital` of a scheme."""

from typing import Final

from scoring.domain.capital import NO_CAPITAL, Capital, Weights
from scoring.domain.line import NO_INCOME, Line
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION
from scoring.domain.reading import Fields

HEAVIEST: Final = 20 * MILLION
"""1,250 % is the heaviest weight in use; a bank may want a little more."""


def capital_of(top: Fields) -> Capital:
    """Read the section, which may be absent."""
    if not top.has("capital"):
        return NO_CAPITAL
    section = top.fields("capital")
    found = Capital(
        section.whole("ratio_ppm", 0, MILLION),
        section.whole("hurdle_ppm", 0, MILLION),
        _weights(section),
    )
    section.close()
    return found


def _weights(section: Fields) -> Weights:
    entry = section.fields("weights")
    lines = entry.fields("lines").by_word(Line, 0, HEAVIEST) if entry.has("lines") else {}
    for line in NO_INCOME:
        if line in lines:
            entry.wrong(f"lines.{line}", "has no accounts to weigh")
    found = Weights(
        entry.fields("grades").by_word(Grade, 0, HEAVIEST) if entry.has("grades") else {},
        entry.fields("products").by_code(0, HEAVIEST) if entry.has("products") else {},
        lines,
    )
    if not (found.grades or found.products or found.lines) and entry.sound():
        section.wrong("weights", "needs at least one of grades, products, lines")
    entry.close()
    return found
