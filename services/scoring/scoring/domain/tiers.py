"""Which tier a customer holds, month by month, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from scoring.domain.months import between, plus
from scoring.domain.scheme import Ladder, Step


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a tier was given: the metric that reached the threshold of its step."""

    rule: str
    value_minor: int
    threshold_minor: int


@dataclass(frozen=True, slots=True)
class TierPeriod:
    """A tier held from `since` until the day before `until`; None while it lasts."""

    since: date
    until: date | None
    code: str
    name: str
    rank: int
    reason: Reason


def step_for(ladder: Ladder, value_minor: int) -> Step:
    """Return the highest step that the value reaches, the first where it reaches none."""
    reached = [step for step in ladder.steps if value_minor >= step.at_least_minor]
    return reached[-1] if reached else ladder.steps[0]


def metric(contribution: Mapping[date, int], month: date, window_months: int) -> int:
    """Return the contribution of the window that ends with `month`."""
    window = between(plus(month, 1 - window_months), month)
    return sum(contribution.get(one, 0) for one in window)


def tier_periods(
    contribution: Mapping[date, int],
    first: date,
    last: date,
    ladder_in: Callable[[date], Ladder | None],
) -> list[TierPeriod]:
    """Return the tiers from month `first` through `last`, one period per run of equal codes.

    The reason is that of the month in which the period began. A month without a ladder ends the
    period before it.
    """
    periods: list[TierPeriod] = []
    held: TierPeriod | None = None
    for month in between(first, last):
        ladder = ladder_in(month)
        step = None
        value = 0
        if ladder is not None:
            value = metric(contribution, month, ladder.window_months)
            step = step_for(ladder, value)
        if held is not None and (step is None or step.code != held.code):
            periods.append(_ended(held, month))
            held = None
        if held is None and step is not None and ladder is not None:
            rule = f"contribution of {ladder.window_months} months"
            reason = Reason(rule, value, step.at_least_minor)
            held = TierPeriod(month, None, step.code, step.name, step.rank, reason)
    return [*periods, held] if held else periods


def _ended(period: TierPeriod, until: date) -> TierPeriod:
    return TierPeriod(period.since, until, period.code, period.name, period.rank, period.reason)
