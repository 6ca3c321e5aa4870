"""Reads the section `points` of a scheme."""

from typing import Final

from scoring.domain.condition import Condition
from scoring.domain.condition_document import condition_of, reachable
from scoring.domain.points import NO_POINTS, ActPoints, Points
from scoring.domain.reading import Fields

MOST: Final = 1_000_000
MONEY: Final = 10**15


def points_of(top: Fields) -> Points:
    """Read the section, which may be absent."""
    if not top.has("points"):
        return NO_POINTS
    section = top.fields("points")
    found = Points(
        section.fields("per_10000").by_code(-MOST, MOST) if section.has("per_10000") else {},
        reachable(section, "acts", section.each("acts", _act)) if section.has("acts") else (),
        section.whole("pay_per_point_minor", 0, MONEY)
        if section.has("pay_per_point_minor")
        else None,
    )
    section.close()
    return found


def _act(entry: Fields) -> ActPoints:
    when = condition_of(entry, channel=True)
    if when == Condition():
        raise entry.refuse("needs at least one of kind, purpose, channel")
    return ActPoints(when, entry.whole("points", -MOST, MOST))
