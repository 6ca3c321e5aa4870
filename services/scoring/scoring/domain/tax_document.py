"""Reads the section `tax` of a scheme."""

from scoring.domain.line import NO_INCOME, Line
from scoring.domain.money import MILLION
from scoring.domain.reading import Fields
from scoring.domain.tax import NO_TAX, Base, OnLoss, Tax, Turnover


def tax_of(top: Fields) -> Tax:
    """Read the section, which may be absent."""
    if not top.has("tax"):
        return NO_TAX
    section = top.fields("tax")
    turnover = section.each("turnover", _turnover) if section.has("turnover") else ()
    if section.sound("turnover"):
        for number, entry in enumerate(turnover):
            earlier = _place(turnover[:number], entry)
            if earlier is not None:
                reason = f"tax.turnover.{earlier} takes all it could fit"
                section.wrong(f"turnover.{number}", reason)
    income = section.whole("income_ppm", 0, MILLION) if section.has("income_ppm") else 0
    on_loss = OnLoss.NONE
    if income or section.has("on_loss"):
        on_loss = section.one_of("on_loss", OnLoss)
    section.close()
    return Tax(turnover, income, on_loss)


def _place(earlier: tuple[Turnover, ...], entry: Turnover) -> int | None:
    """Return the first entry of the same turnover."""
    what = entry.base, entry.line, entry.product
    same = [n for n, one in enumerate(earlier) if (one.base, one.line, one.product) == what]
    return same[0] if same else None


def _turnover(entry: Fields) -> Turnover:
    base = entry.one_of("base", Base)
    line = entry.one_of("line", Line) if entry.has("line") else None
    product = entry.text("product") if entry.has("product") else None
    if (line is None) == (product is None):
        raise entry.refuse("needs line or product, and not both")
    if line in NO_INCOME:
        entry.wrong("line", f"{line} earns nothing to tax")
    elif base is Base.INTEREST and line not in (None, Line.LOAN):
        entry.wrong("line", "interest is earned on loans only")
    return Turnover(base, line, product, entry.whole("ppm", 0, MILLION))
