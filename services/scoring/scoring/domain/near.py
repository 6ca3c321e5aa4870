"""Who is near another tier: not far below the next one, or not far above losing the one held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.domain.ladder import Ladder, Step
from scoring.domain.measures import Measures
from scoring.domain.money import MILLION
from scoring.domain.months import month_of
from scoring.domain.policy import Policy
from scoring.domain.tiers import TierPeriod

MOST_PPM = 500_000


class Direction(StrEnum):
    """Towards which tier."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LadderPlace:
    """The step that the rules give a customer now, and what it measures now."""

    rank: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Band:
    """Measures from `low` to less than `high` of those who hold a step, near a threshold."""

    rank: int
    low: int
    high: int
    threshold: int


def ladder_place(
    periods: Sequence[TierPeriod], measures: Measures, policy: Policy
) -> LadderPlace | None:
    """Return where the customer stands in the business month; None where no rule gives a tier."""
    month = month_of(policy.business_date)
    ladder = policy.ladder(month)
    step = ladder.step(periods[-1].code) if ladder and periods else None
    if ladder is None or step is None or periods[-1].until is not None:
        return None
    return LadderPlace(step.rank, measures.amount(ladder, month))


def bands(
    ladder: Ladder, cuts: Mapping[str, int], within_ppm: int, direction: Direction
) -> list[Band]:
    """Return where customers are within `within_ppm` of a threshold, by step.

    Up: less than the threshold of the next step, by at most that part of it, and not below what
    keeps the step held. Down: at least what keeps the step held, and more by at most that part.
    On a ladder by rank the thresholds are the least amounts when all were ranked last.
    """
    found = []
    for lower, upper in zip(ladder.steps, ladder.steps[1:], strict=False):
        if direction is Direction.UP:
            threshold, held_from = _needs(ladder, upper, cuts), _keeps(ladder, lower, cuts)
            if threshold is not None:
                low = threshold - abs(threshold) * within_ppm // MILLION
                low = low if held_from is None else max(low, held_from)
                found.append(Band(lower.rank, low, threshold, threshold))
        else:
            threshold = _keeps(ladder, upper, cuts)
            if threshold is not None:
                most = threshold + abs(threshold) * within_ppm // MILLION
                found.append(Band(upper.rank, threshold, most + 1, threshold))
    return found


def _needs(ladder: Ladder, step: Step, cuts: Mapping[str, int]) -> int | None:
    return cuts.get(step.code) if ladder.by_rank else step.at_least_minor


def _keeps(ladder: Ladder, step: Step, cuts: Mapping[str, int]) -> int | None:
    """Return below what a step is lost; the lowest is never."""
    if step.rank == ladder.steps[0].rank:
        return None
    return cuts.get(step.code) if ladder.by_rank else step.kept_from
