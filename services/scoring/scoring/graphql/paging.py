"""Lists in pages: how many at once, and after which entry."""

import re
from typing import Annotated, TypeAlias

import strawberry
from kit.problem import BadRequest

MOST = 100
_CURSOR = re.compile(r"(-?[0-9]{1,40}):(.{0,200})", re.DOTALL)
First: TypeAlias = Annotated[int, strawberry.argument(description=f"How many, 1 to {MOST}.")]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the entry after which to go on."),
]
CURSOR = "Give it as 'after' to go on behind this entry."


def many(first: int, most: int = MOST) -> int:
    """Return how many were asked for, or refuse it."""
    if not 1 <= first <= most:
        raise BadRequest(f"'first' must be from 1 to {most}.")
    return first


def cursor(place: int, key: str) -> str:
    """Write the place of an entry in an ordered list."""
    return f"{place}:{key}"


def place(after: str | None) -> tuple[int, str] | None:
    """Read a cursor, or refuse it."""
    if after is None:
        return None
    found = _CURSOR.fullmatch(after)
    if not found:
        raise BadRequest("'after' must be the cursor of an entry.")
    return int(found[1]), found[2]
