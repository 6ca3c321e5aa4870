"""The lines that contribution is told apart by, and the three ways to add them up."""

from enum import StrEnum


class Line(StrEnum):
    """Where contribution comes from, and what serving it, tax and capital take off it."""

    DEPOSIT = "deposit"
    LOAN = "loan"
    SETTLEMENT = "settlement"
    INTERMEDIARY = "intermediary"
    E_BANKING = "e_banking"
    INTERNATIONAL = "international"
    COST_TO_SERVE = "cost_to_serve"
    TAX = "tax"
    CAPITAL = "capital"


NO_INCOME = (Line.COST_TO_SERVE, Line.TAX, Line.CAPITAL)
"""Lines that only take off."""


class View(StrEnum):
    """How much is counted: before tax, after tax, or after the price of capital too (EVA)."""

    GROSS = "gross"
    NET = "net"
    ECONOMIC = "economic"

    @property
    def lines(self) -> frozenset[Line]:
        """Return the lines that the view adds up; each view has all those of the one before."""
        return _LINES[self]


_LINES = {
    View.GROSS: frozenset(Line) - {Line.TAX, Line.CAPITAL},
    View.NET: frozenset(Line) - {Line.CAPITAL},
    View.ECONOMIC: frozenset(Line),
}
