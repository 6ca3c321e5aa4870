"""Months as the date of their first day, and the days in them."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


def month_of(day: date) -> date:
    """Return the month that `day` lies in."""
    return day.replace(day=1)


@lru_cache(maxsize=4096)
def plus(month: date, by: int) -> date:
    """Return the month `by` months later; earlier where `by` is negative."""
    index = month.year * 12 + month.month - 1 + by
    return date(index // 12, index % 12 + 1, 1)


@lru_cache(maxsize=4096)
def days_in(month: date) -> int:
    """Return how many days the month has."""
    return monthrange(month.year, month.month)[1]


def last_day(month: date) -> date:
    """Return the month's last day."""
    return month.replace(day=days_in(month))


def days_in_year(month: date) -> int:
    """Return how many days the month's year has."""
    return 366 if isleap(month.year) else 365


def between(first: date, last: date) -> list[date]:
    """Return the months from `first` through `last`; none where `last` is earlier."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [plus(first, step) for step in range(count)]


@dataclass(frozen=True, slots=True)
class Period:
    """The months from `first` through `last`, which is not earlier."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return iter(between(self.first, self.last))

    def __contains__(self, month: date) -> bool:
        return self.first <= month <= self.last


def clamped(month: date, day: int) -> date:
    """Return that day of the month, or the month's last day where it has no such day."""
    return month.replace(day=min(day, days_in(month)))
