"""The months a bank's history covers, as NumPy days."""

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Days: TypeAlias = NDArray[np.datetime64[Any]]
Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
NEVER = 1 << 30
"""A day that no history reaches."""

SPRING_FESTIVALS = {
    2014: "01-31", 2015: "02-19", 2016: "02-08", 2017: "01-28", 2018: "02-16", 2019: "02-05",
    2020: "01-25", 2021: "02-12", 2022: "02-01", 2023: "01-22", 2024: "02-10", 2025: "01-29",
    2026: "02-17", 2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03", 2031: "01-23",
    2032: "02-11", 2033: "01-31", 2034: "02-19", 2035: "02-08",
}  # fmt: skip
USUAL_FESTIVAL = "02-05"


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month; the last one ends with the bank's business day.

    `offset` is its first day counted from the first day of the history, `whole` its full length.
    """

    year: int
    month: int
    first: np.datetime64[Any]
    days: int
    whole: int
    offset: int

    @property
    def name(self) -> str:
        return f"{self.year}{self.month:02}"

    @property
    def number(self) -> int:
        """The months from 1970 on."""
        return self.year * 12 + self.month - 1 - 1970 * 12

    @property
    def weekdays(self) -> Integers:
        """The weekday of every day of the full month, Monday being 0."""
        first = int(self.first.astype("datetime64[D]").astype(np.int64))
        return (np.arange(self.whole) + first + 3) % 7

    @property
    def to_festival(self) -> Integers:
        """The days that every day of the full month is before the Spring Festival."""
        when = np.datetime64(f"{self.year}-{SPRING_FESTIVALS.get(self.year, USUAL_FESTIVAL)}")
        return int((when - self.first).astype(np.int64)) - np.arange(self.whole)


@dataclass(frozen=True, slots=True)
class Span:
    """The months of the history, up to and including the business day `as_of`."""

    as_of: date
    months: tuple[Month, ...]

    @property
    def first(self) -> np.datetime64[Any]:
        return self.months[0].first

    @property
    def end(self) -> np.datetime64[Any]:
        """The business day."""
        return np.datetime64(self.as_of)

    @property
    def days(self) -> int:
        return self.months[-1].offset + self.months[-1].days

    def age(self, days: Days) -> Integers:
        """Count the days from each to the business day."""
        ago: Integers = -(days - self.end).astype(np.int64)
        return ago

    def offset(self, days: Days) -> Integers:
        """Count days from the history's first one."""
        return (days - self.first).astype(np.int64)


def span(as_of: date, months: int) -> Span:
    """Return the last `months` calendar months up to `as_of`."""
    last = as_of.year * 12 + as_of.month - 1
    made = []
    start = None
    for number in range(last - months + 1, last + 1):
        year, month = divmod(number, 12)
        first = np.datetime64(f"{year:04}-{month + 1:02}-01")
        start = first if start is None else start
        following = np.datetime64(f"{(number + 1) // 12:04}-{(number + 1) % 12 + 1:02}-01")
        end = min(following, np.datetime64(as_of) + 1)
        made.append(
            Month(
                year,
                month + 1,
                first,
                int((end - first).astype(int)),
                int((following - first).astype(int)),
                int((first - start).astype(int)),
            )
        )
    return Span(as_of, tuple(made))


def month_number(days: Days) -> Integers:
    """Count months from 1970 on."""
    number: Integers = days.astype("datetime64[M]").astype(np.int64)
    return number
