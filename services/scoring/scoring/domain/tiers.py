"""Which tier a customer holds, period by period, and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from scoring.domain.ladder import Ladder, Unit
from scoring.domain.measures import Measures
from scoring.domain.months import between, plus
from scoring.domain.tier_states import Held, Move, Status, adopt, close, enter, follow, meet

LadderIn = Callable[[date], Ladder | None]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a tier was given: the measure that reached the threshold of its step.

    On a ladder by rank there is no threshold in money but the part of all customers, best first,
    that the step and those above it hold. `measured_in` is the month that gave the measure.
    Of a tier given by hand there is who gave it and why instead of a measure. The value and the
    threshold are in `unit`, minor units where that is money.
    """

    rule: str
    value_minor: int | None
    threshold_minor: int | None
    move: Move = Move.ENTRY
    measured_in: date | None = None
    top_ppm: int | None = None
    scheme_version: int = 0
    unit: Unit = Unit.MONEY
    given_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a tier's period: plainly held, in grace, or watched, and what began that."""

    status: Status
    since: date
    until: date | None
    value_minor: int | None
    threshold_minor: int | None


@dataclass(frozen=True, slots=True)
class TierPeriod:
    """A tier held from `since` until the day before `until`; None while it lasts."""

    since: date
    until: date | None
    code: str
    name: str
    rank: int
    reason: Reason
    phases: tuple[Phase, ...] = ()

    @property
    def status(self) -> Status:
        """Return how the tier is held, or was when it ended."""
        return self.phases[-1].status if self.phases else Status.HELD


def tier_periods(
    measures: Measures, first: date, last: date, ladder_in: LadderIn
) -> list[TierPeriod]:
    """Return the tiers from month `first` through `last`, one period per run of equal codes.

    The reason is that of the month in which the period began. A month without a ladder ends the
    period before it. Only the months themselves decide, not when or how often this was asked.
    """
    periods: list[TierPeriod] = []
    for month, held in states(measures, first, last, ladder_in):
        current = periods[-1] if periods and periods[-1].until is None else None
        if current and (held is None or held.step.code != current.code):
            periods[-1] = _ended(current, month)
            current = None
        if held is not None:
            if current is None:
                periods.append(_begun(held, month))
            else:
                periods[-1] = _gone_on(current, held, month)
    return periods


def states(
    measures: Measures, first: date, last: date, ladder_in: LadderIn
) -> Iterator[tuple[date, Held | None]]:
    """Give the state of each month: the evaluation of the month before, then the month's own."""
    held: Held | None = None
    before: Ladder | None = None
    for month in between(first, last):
        ladder = ladder_in(month)
        if held and before and before.evaluates(plus(month, -1)):
            held = close(held, before, plus(month, -1), measures, first)
        if ladder is None:
            held = None
        else:
            if held and before != ladder:
                held = adopt(held, ladder, month)
            if held is None:
                held = enter(ladder, month, measures)
            elif ladder.schedule is None:
                held = follow(held, ladder, month, measures)
            else:
                held = meet(held, ladder, month, measures)
        before = ladder
        yield month, held


def _begun(held: Held, month: date) -> TierPeriod:
    step, moved = held.step, held.moved
    reason = Reason(
        rule=moved.rule,
        value_minor=moved.value_minor,
        threshold_minor=None if step.top_ppm else step.at_least_minor,
        move=moved.move,
        measured_in=moved.month,
        top_ppm=step.top_ppm,
        scheme_version=moved.version,
        unit=moved.unit,
    )
    phases = (_phase(held, month),)
    return TierPeriod(month, None, step.code, step.name, step.rank, reason, phases)


def _gone_on(period: TierPeriod, held: Held, month: date) -> TierPeriod:
    """Begin another phase where the status is another."""
    last = period.phases[-1]
    if held.status is last.status:
        return period
    ended = replace(last, until=month)
    return replace(period, phases=(*period.phases[:-1], ended, _phase(held, month)))


def _phase(held: Held, month: date) -> Phase:
    step = held.step
    threshold = None if step.top_ppm else step.kept_from
    return Phase(held.status, month, None, held.noted_minor, threshold)


def _ended(period: TierPeriod, until: date) -> TierPeriod:
    ended = replace(period.phases[-1], until=until)
    return replace(period, until=until, phases=(*period.phases[:-1], ended))
