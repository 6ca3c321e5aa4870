"""A ladder of tiers as a bank lays it down: what is measured, on which days, and who moves when.

docs/tiers.md says what each field means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring.domain.line import Line, View
from scoring.domain.money import MILLION

BALANCE_LINES = (Line.DEPOSIT, Line.SETTLEMENT, Line.INTERMEDIARY, Line.INTERNATIONAL)
"""Where customers keep money of their own; a loan is none."""


class Metric(StrEnum):
    """What of a customer's business is measured."""

    CONTRIBUTION = "contribution"
    AVERAGE_BALANCE = "average_balance"
    POINTS = "points"
    INDEX = "index"


class Unit(StrEnum):
    """In what a measure and its thresholds are told."""

    MONEY = "money"
    POINTS = "points"
    SCORE = "score"
    """Hundred-thousandths of a point of the index, 0 to 10,000,000."""


_UNITS = {Metric.POINTS: Unit.POINTS, Metric.INDEX: Unit.SCORE}
_NAMES = {Metric.AVERAGE_BALANCE: "average balance"}


class Up(StrEnum):
    """When a customer rises: in the month that reaches the step, or on the ladder's days only."""

    AT_ONCE = "at_once"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Step:
    """One tier of the ladder; rank 1 is the lowest.

    Thresholds are in minor units, or in the ladder's other unit. On a ladder by rank,
    `at_least_minor` is a place (see `standing`) and `top_ppm` the part of all customers from the
    best one through this step.
    """

    code: str
    name: str
    rank: int
    at_least_minor: int
    down_below_minor: int | None = None
    entitlements: tuple[str, ...] = ()
    top_ppm: int | None = None

    @property
    def kept_from(self) -> int:
        """Return what keeps a customer on the step: its down-threshold, or its threshold."""
        return self.at_least_minor if self.down_below_minor is None else self.down_below_minor


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured; `month_days` is the length of every month, None by the calendar."""

    metric: Metric = Metric.CONTRIBUTION
    view: View = View.GROSS
    lines: frozenset[Line] = frozenset()
    month_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """How a customer rises and falls; everything but the months of grace counts evaluations.

    A customer who was below in `below` of the last `of` falls, or is watched for `watch` first.
    It falls to what it measures, or to the best of the last `best_of`, but by a step at least.
    """

    up: Up = Up.SCHEDULED
    below: int = 1
    of: int = 1
    watch: int = 0
    best_of: int = 1
    grace_months: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers, lowest first, and the months of business they look at.

    `schedule` holds the months at whose end customers are evaluated; without one, every month
    gives the tier of its own measure, also the month that is under way. Two versions of a scheme
    with the same ladder make no difference to a customer on it, so `version` does not compare.
    """

    window_months: int
    steps: Sequence[Step]
    measure: Measure = Measure()
    schedule: frozenset[int] | None = None
    moves: Moves = Moves()
    by_rank: bool = False
    version: int = field(default=0, compare=False)

    @property
    def unit(self) -> Unit:
        """Return in what the measure is told."""
        return _UNITS.get(self.measure.metric, Unit.MONEY)

    def evaluates(self, month: date) -> bool:
        """Tell whether customers are evaluated at the end of the month."""
        return self.schedule is not None and month.month in self.schedule

    def step(self, code: str) -> Step | None:
        """Return the step of that code."""
        return next((step for step in self.steps if step.code == code), None)

    @property
    def rule(self) -> str:
        """Say what is measured."""
        months = f"{self.window_months} month{'' if self.window_months == 1 else 's'}"
        measure = self.measure
        if measure.metric is not Metric.CONTRIBUTION:
            what = f"{_NAMES.get(measure.metric, measure.metric)} of {months}"
        else:
            view = "" if measure.view is View.GROSS else f"{measure.view} "
            what = f"{view}contribution of {months}"
        return f"rank by {what}" if self.by_rank else what


def step_for(ladder: Ladder, value: int) -> Step:
    """Return the highest step that the value reaches, the first where it reaches none."""
    reached = [step for step in ladder.steps if value >= step.at_least_minor]
    return reached[-1] if reached else ladder.steps[0]


def standing(position: int, customers: int) -> int:
    """Return a place among all as ppm: the best of them (position 1) stands at a million.

    A step of the top `top_ppm` begins at `place_of(top_ppm)`; so a part of a customer counts
    whole, and a ladder by rank is an ordinary ladder of places.
    """
    return MILLION - (position - 1) * MILLION // customers


def place_of(top_ppm: int) -> int:
    """Return the lowest standing that is among the top `top_ppm`."""
    return MILLION - top_ppm + 1
