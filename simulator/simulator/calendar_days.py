"""On which days of a month things happen: shops at weekends, counters on workdays, feasts."""

import numpy as np

from simulator.span import Floats, Integers, Month

SHOPPING = np.array((0.9, 0.88, 0.9, 0.95, 1.1, 1.35, 1.3))
WORKING = np.array((1.25, 1.15, 1.1, 1.1, 1.2, 0.45, 0.3))
FEAST_DAYS = 14
FESTIVAL_CLOSED = 3
WEEKEND = 5


def shopping_days(month: Month) -> Floats:
    """Chances of the days to go shopping, cumulated: more before the Spring Festival."""
    ahead = month.to_festival
    feast = np.where((ahead >= 0) & (ahead < FEAST_DAYS), 1.8, 1.0)
    return _cumulated(SHOPPING[month.weekdays] * feast)


def working_days(month: Month) -> Floats:
    """Chances of the days to do business, cumulated: hardly any during the Spring Festival."""
    ahead = month.to_festival
    closed = np.where((ahead <= 0) & (ahead > -FESTIVAL_CLOSED), 0.1, 1.0)
    return _cumulated(WORKING[month.weekdays] * closed)


def drawn(cumulated: Floats, count: int, rng: np.random.Generator) -> Integers:
    """Draw days of the month, from 0."""
    return np.searchsorted(cumulated[:-1], rng.random(count), side="right").astype(np.int64)


def on_workday(month: Month, day: Integers) -> Integers:
    """Bring days forward from a weekend to the Friday before, where the month has one."""
    day = np.minimum(day, month.whole - 1)
    over = np.maximum(month.weekdays[day] - WEEKEND + 1, 0)
    return np.where(day >= over, day - over, day)


def festive(month: Month) -> bool:
    """Tell whether the Spring Festival falls into the month."""
    ahead = month.to_festival
    return bool(ahead[0] >= 0 >= ahead[-1])


def shopping_season(month: Month) -> float:
    """How much more or less is bought: most before the Spring Festival, much in November."""
    feast = int(((month.to_festival >= 0) & (month.to_festival < FEAST_DAYS)).sum())
    return 1.0 + 0.5 * feast / FEAST_DAYS + {10: 0.08, 11: 0.12, 6: 0.04}.get(month.month, 0.0)


def _cumulated(weight: Floats) -> Floats:
    total: Floats = np.cumsum(weight) / weight.sum()
    return total
