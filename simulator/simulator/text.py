"""Text by the column: joined, padded and chosen without a loop over rows."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from simulator.span import Days, Flags, Integers

Text: TypeAlias = Any
"""A pyarrow array of strings; pyarrow has no types of its own."""


def join(*parts: Text | str) -> Text:
    """Put columns and constants together, row by row."""
    return pc.binary_join_element_wise(*parts, "")


def chosen(words: Sequence[str], place: NDArray[Any]) -> Text:
    """Take a word for each place."""
    return pa.array(words, pa.string()).take(pa.array(place.astype(np.int64)))


def padded(numbers: NDArray[Any], width: int) -> Text:
    """Write whole numbers with leading zeros."""
    return pc.utf8_lpad(pa.array(numbers.astype(np.int64)).cast(pa.string()), width, "0")


def days(values: Days) -> Text:
    """Make a column of days; NaT is none."""
    return pa.array(values.astype("datetime64[D]"), pa.date32())


def compact(values: Days) -> Text:
    """Write days as YYYYMMDD."""
    return pc.replace_substring(days(values).cast(pa.string()), "-", "")


def where(flags: Flags, then: Text | str | None, other: Text | str | None) -> Text:
    """Choose row by row."""
    mask = pa.array(flags)
    return pc.if_else(mask, _scalar(then), _scalar(other))


def blank(count: int) -> Text:
    """Make a column of nothing."""
    return pa.nulls(count, pa.string())


def constant(word: str, count: int) -> Text:
    """Repeat a word."""
    return pa.repeat(pa.scalar(word, pa.string()), count)


def coded(words: Text, codes: Integers, missing: int | None = None) -> Text:
    """Make a dictionary column; rows of code `missing` are empty."""
    mask = None if missing is None else codes == missing
    index = pa.array(codes.astype(np.int32), mask=mask)
    return pa.DictionaryArray.from_arrays(index, words)


def _scalar(value: Text | str | None) -> Text:
    return pa.scalar(value, pa.string()) if value is None or isinstance(value, str) else value
