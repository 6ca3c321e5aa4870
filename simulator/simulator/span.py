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


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month; the last one ends with the bank's business day."""

    year: int
    month: int
    first: np.datetime64[Any]
    days: int

    @property
    def name(self) -> str:
        return f"{self.year}{self.month:02}"


@dataclass(frozen=True, slots=True)
class Span:
    """The months of the history, up to and including the business day `as_of`."""

    as_of: date
    months: tuple[Month, ...]

    @property
    def first(self) -> np.datetime64[Any]:
        return self.months[0].first


def span(as_of: date, months: int) -> Span:
    """Return the last `months` calendar months up to `as_of`."""
    last = as_of.year * 12 + as_of.month - 1
    made = []
    for number in range(last - months + 1, last + 1):
        year, month = divmod(number, 12)
        first = np.datetime64(f"{year:04}-{month + 1:02}-01")
        following = np.datetime64(f"{(number + 1) // 12:04}-{(number + 1) % 12 + 1:02}-01")
        end = min(following, np.datetime64(as_of) + 1)
        made.append(Month(year, month + 1, first, int((end - first).astype(int))))
    return Span(as_of, tuple(made))
