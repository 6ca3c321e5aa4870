"""Reads the section `index` of a scheme: measures, and their weights or the judgements for them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from scoring.domain.ahp import ACCEPTED, MOST_MEASURES, Priorities, priorities
from scoring.domain.index import AMONG_ALL, LIVE_ONLY, Index, Measure, Normalise, Source
from scoring.domain.money import MILLION
from scoring.domain.reading import Fields

MONEY: Final = 10**15
_JUDGEMENT = re.compile(r"1/([1-9])")
_STRONGEST = 9


def index_of(top: Fields) -> Index | None:
    """Read the section; None where it is absent."""
    if not top.has("index"):
        return None
    section = top.fields("index")
    measures = section.fields("measures").each_code(_measure)
    if not measures and section.sound("measures"):
        section.wrong("measures", "needs at least one measure")
    by_pairs = section.has("ahp")
    if by_pairs == section.has("weights"):
        top.wrong("index", "needs weights or ahp, and not both")
        return None
    weights: Mapping[str, int]
    consistency: Decimal | None = None
    if by_pairs:
        weights, consistency = _judged(section.fields("ahp"), measures)
    else:
        weights = _weights(section, measures)
    section.close()
    return Index(
        [
            replace(one, name=name, weight_ppm=weights.get(name, 0))
            for name, one in sorted(measures.items())
        ],
        consistency,
    )


def _measure(entry: Fields) -> Measure:
    of, normalise = entry.one_of("of", Source), entry.one_of("normalise", Normalise)
    if normalise in AMONG_ALL:
        if of in LIVE_ONLY:
            entry.wrong("normalise", f"{of} is not kept for all customers: use cap_floor or log")
        return Measure("", of, normalise, 0)
    floor = entry.whole("floor_minor", -MONEY, MONEY)
    cap = entry.whole("cap_minor", -MONEY, MONEY)
    if cap <= floor and entry.sound():
        entry.wrong("cap_minor", f"must be more than floor_minor, {floor}")
    return Measure("", of, normalise, 0, floor, cap)


def _weights(section: Fields, measures: Mapping[str, Measure]) -> dict[str, int]:
    entry = section.fields("weights")
    found = {name: entry.whole(name, 0, MILLION) for name in measures}
    entry.close()
    whole = sum(found.values())
    if section.sound("weights") and whole != MILLION:
        section.wrong("weights", f"must sum to {MILLION}, not {whole}")
    return found


def _judged(
    entry: Fields, measures: Mapping[str, Measure]
) -> tuple[dict[str, int], Decimal | None]:
    names, matrix = entry.value("measures"), entry.value("matrix")
    entry.close()
    if not isinstance(names, list) or sorted(map(str, names)) != sorted(measures):
        entry.wrong("measures", "must name every measure once")
        return {}, None
    if len(names) > MOST_MEASURES:
        entry.wrong("measures", f"must be at most {MOST_MEASURES}")
        return {}, None
    found = _matrix(entry, matrix, len(names))
    if found is None:
        return {}, None
    entry_of = dict(zip(map(str, names), found.weights_ppm, strict=True))
    if found.consistency >= ACCEPTED:
        entry.wrong(
            "matrix",
            f"contradicts itself: its consistency ratio is {found.consistency:.4f} and must be "
            f"less than {ACCEPTED}",
        )
    return entry_of, found.consistency


def _matrix(entry: Fields, value: object, size: int) -> Priorities | None:
    """Read judgements from 1/9 to 9 that are each other's reciprocals."""
    if not isinstance(value, list) or not all(
        isinstance(row, list) and len(row) == size for row in (value, *value)
    ):
        entry.wrong("matrix", f"must have {size} rows of {size} judgements")
        return None
    found = [[_judgement(one) for one in row] for row in value]
    for row, judged in enumerate(found):
        for column, one in enumerate(judged):
            other = found[column][row]
            if one is None:
                entry.wrong(f"matrix.{row}.{column}", "must be 1 to 9, or a text from 1/1 to 1/9")
            elif other is not None and one * other != 1 and row <= column:
                reason = "must be 1" if row == column else f"must be 1 / matrix.{column}.{row}"
                entry.wrong(f"matrix.{row}.{column}", reason)
    if not entry.sound("matrix"):
        return None
    return priorities([[one or Fraction(1) for one in row] for row in found])


def _judgement(value: object) -> Fraction | None:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _STRONGEST:
        return Fraction(value)
    written = _JUDGEMENT.fullmatch(value) if isinstance(value, str) else None
    return Fraction(1, int(written[1])) if written else None
