"""What a reader makes of one line: a record to send, or a reject with its reason."""

from typing import NamedTuple

Value = str | int | bool | None


class Record(NamedTuple):
    """One row as it stands in the file; `line` counts physical lines (Parquet: rows) from 1."""

    line: int
    values: dict[str, Value]
    original: str


class Reject(NamedTuple):
    """One row that could not be taken; `original` is the line as it stood."""

    line: int
    code: str
    reason: str
    original: str
