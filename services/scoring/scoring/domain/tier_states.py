"""How a customer moves on a ladder from month to month: what it is in, and what a month does to it.

A state holds everything that the next month needs, so going on from it gives what going through
all months again gives.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from scoring.domain.ladder import Ladder, Step, Unit, Up, step_for
from scoring.domain.measures import Measures, Reading
from scoring.domain.months import between, plus


class Status(StrEnum):
    """How a tier is held."""

    HELD = "held"
    GRACE = "grace"
    WATCH = "watch"
    OVERRIDE = "override"


class Move(StrEnum):
    """What gave a tier: coming in, rising, falling, or a person."""

    ENTRY = "entry"
    UP = "up"
    DOWN = "down"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Moved:
    """The measure that gave a step, of which month, by which rule of which scheme."""

    move: Move
    rule: str
    value_minor: int
    month: date
    version: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Held:
    """A step, why it is held, and what counts towards leaving it.

    `noted_minor` is the measure that began the status; `tally` tells of the last evaluations,
    newest last, which were below; `watched` counts those under watch.
    """

    step: Step
    moved: Moved
    status: Status
    noted_minor: int
    grace_until: date | None = None
    tally: tuple[bool, ...] = ()
    watched: int = 0


def enter(ladder: Ladder, month: date, measures: Measures) -> Held:
    """Give a customer who comes in that month the step that it measures, at once."""
    reading = measures.entering(ladder, month)
    return _at(ladder, step_for(ladder, reading.score), (Move.ENTRY, month, reading), month)


def _at(ladder: Ladder, step: Step, why: tuple[Move, date, Reading], since: date) -> Held:
    move, month, reading = why
    grace = ladder.moves.grace_months if move in {Move.ENTRY, Move.UP} else 0
    return Held(
        step,
        Moved(move, ladder.rule, reading.amount_minor, month, ladder.version, ladder.unit),
        Status.GRACE if grace else Status.HELD,
        reading.amount_minor,
        grace_until=plus(since, grace) if grace else None,
    )


def _below(ladder: Ladder, step: Step, reading: Reading) -> bool:
    """Tell whether a measure does not keep the step; below the lowest there is nothing."""
    return step.rank > ladder.steps[0].rank and reading.score < step.kept_from


def follow(held: Held, ladder: Ladder, month: date, measures: Measures) -> Held:
    """Move by the month's own measure, as a ladder without a schedule does."""
    reading = measures.evaluated(ladder, month)
    reached = step_for(ladder, reading.score)
    if reached.rank > held.step.rank:
        return _at(ladder, reached, (Move.UP, month, reading), month)
    if _below(ladder, held.step, reading):
        return _at(ladder, reached, (Move.DOWN, month, reading), month)
    return held


def meet(held: Held, ladder: Ladder, month: date, measures: Measures) -> Held:
    """Let a month that is not over do its good: rise, end a watch; and let grace run out."""
    if held.grace_until and held.grace_until <= month:
        noted = measures.amount(ladder, plus(month, -1))
        held = replace(held, status=Status.HELD, noted_minor=noted, grace_until=None)
    if ladder.moves.up is not Up.AT_ONCE:
        return held
    reading = measures.evaluated(ladder, month)
    reached = step_for(ladder, reading.score)
    if reached.rank > held.step.rank:
        return _at(ladder, reached, (Move.UP, month, reading), month)
    if held.status is Status.WATCH and not _below(ladder, held.step, reading):
        return _lifted(held, reading)
    return held


def _lifted(held: Held, reading: Reading) -> Held:
    return replace(held, status=Status.HELD, noted_minor=reading.amount_minor, tally=(), watched=0)


def close(held: Held, ladder: Ladder, month: date, measures: Measures, first: date) -> Held:
    """Evaluate a month that is over; what comes of it holds from the next month on."""
    reading = measures.evaluated(ladder, month)
    reached = step_for(ladder, reading.score)
    if reached.rank > held.step.rank:
        return _at(ladder, reached, (Move.UP, month, reading), plus(month, 1))
    if held.grace_until and month < held.grace_until:
        return held
    below = _below(ladder, held.step, reading)
    if held.status is Status.WATCH:
        return _watched(held, ladder, month, measures, first) if below else _lifted(held, reading)
    moves = ladder.moves
    tally = (*held.tally, below)[-moves.of :]
    if sum(tally) < moves.below:
        return replace(held, tally=tally)
    if moves.watch:
        noted = reading.amount_minor
        return replace(held, status=Status.WATCH, noted_minor=noted, tally=(), watched=0)
    return _fallen(held, ladder, month, measures, first)


def _watched(held: Held, ladder: Ladder, month: date, measures: Measures, first: date) -> Held:
    watched = held.watched + 1
    if watched < ladder.moves.watch:
        return replace(held, watched=watched)
    return _fallen(held, ladder, month, measures, first)


def _fallen(held: Held, ladder: Ladder, month: date, measures: Measures, first: date) -> Held:
    """Fall to the best of the last evaluations, by a step at least."""
    ends = [one for one in between(first, month) if ladder.evaluates(one)]
    last = [(measures.evaluated(ladder, one), one) for one in ends[-ladder.moves.best_of :]]
    best, of_month = max(last, key=lambda one: (one[0].score, one[1]))
    below = ladder.steps[: held.step.rank - 1]
    step = min(step_for(ladder, best.score), below[-1], key=lambda one: one.rank)
    return _at(ladder, step, (Move.DOWN, of_month, best), plus(month, 1))


def adopt(held: Held, ladder: Ladder, month: date) -> Held | None:
    """Take a customer over to another ladder from that month on; None where it has no such step."""
    step = ladder.step(held.step.code)
    if step is None:
        return None
    watching = held.status is Status.WATCH and ladder.moves.watch and ladder.schedule is not None
    gracious = (
        held.grace_until is not None and held.grace_until > month and ladder.moves.grace_months
    )
    if held.status is Status.HELD or watching or gracious:
        return replace(held, step=step)
    return replace(held, step=step, status=Status.HELD, grace_until=None, tally=(), watched=0)
