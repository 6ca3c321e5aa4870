"""Points: what business earns on a scale of its own, for tiers, indexes and managers' pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scoring.domain.condition import Condition


@dataclass(frozen=True, slots=True)
class ActPoints:
    """What each posting that fits earns."""

    when: Condition
    points: int


@dataclass(frozen=True, slots=True)
class Points:
    """A scheme's points, whole ones; `per_10000` is for each 10,000 units of average balance."""

    per_10000: Mapping[str, int] = field(default_factory=dict)
    acts: Sequence[ActPoints] = ()
    pay_per_point_minor: int | None = None


NO_POINTS = Points()
