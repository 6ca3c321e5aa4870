"""Entries as auditors look them up: the newest first, and each page a look of bounded length."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

LOOKED_AT = 10_000
"""No page looks at more entries, however few of them fit; the next page goes on from there."""
CLOCK_MAY_STEP = timedelta(hours=1)
"""So far a clock may have been set back between entries; their instants are compared exactly."""
_BEFORE_ALL, _AFTER_ALL = 0, 2**63 - 1
_FOUND_BY = {
    "entity": "entities @> array[cast(:entity as varchar)]",
    "operation": "operation = :operation",
    "subject": "subject = :subject",
}
"""Each has its index; the first that is asked for is the one that is gone through."""
_WITHIN = {"since": "at >= :since", "until": "at < :until"}
_PLACES = {
    "since": "and seq > coalesce((select seq from audit_entry where institution = :institution "
    "and at < :surely_before order by at desc, seq desc limit 1), :before_all)",
    "until": "and seq < coalesce((select seq from audit_entry where institution = :institution "
    "and at >= :surely_after order by at, seq limit 1), :after_all)",
}
"""Between which places all entries of a time are; only these are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What entries must say; None where anything fits. `until` is the first instant no longer."""

    subject: str | None = None
    entity: str | None = None
    operation: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the chain has it: its place, its instant, its words and its hash."""

    seq: int
    at: datetime
    said: Mapping[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Entries that fit; `beyond` is the place to go on before, None where nothing is left."""

    entries: Sequence[Recorded]
    beyond: int | None


async def page(
    session: AsyncSession, institution: str, wanted: Wanted, *, before: int | None, first: int
) -> Page:
    """Return up to `first` entries of a chain before a place, the newest first."""
    asked = {
        name: value
        for name in (*_FOUND_BY, *_WITHIN)
        if (value := getattr(wanted, name)) is not None
    }
    statement, alone = _statement(asked)
    most = first + 1 if alone else LOOKED_AT
    values = {
        "institution": institution,
        "before": _AFTER_ALL if before is None else before,
        "most": most,
        "wanted": first + 1,
        **asked,
    }
    if wanted.since:
        values |= {"surely_before": wanted.since - CLOCK_MAY_STEP, "before_all": _BEFORE_ALL}
    if wanted.until:
        values |= {"surely_after": wanted.until + CLOCK_MAY_STEP, "after_all": _AFTER_ALL}
    rows = (await (await session.connection()).execute(statement, values)).all()
    found = [
        Recorded(row.seq, row.at, json.loads(row.body), row.hash)
        for row in rows
        if row.seq is not None
    ]
    if len(found) > first:
        return Page(found[:first], found[first - 1].seq)
    return Page(found, rows[0].last if rows[0].looked == most else None)


def _statement(asked: Mapping[str, object]) -> tuple[TextClause, bool]:
    """Return the statement, and whether all that it looks at fits."""
    by = next((name for name in _FOUND_BY if name in asked), None)
    rest = [condition for name, condition in _FOUND_BY.items() if name in asked and name != by]
    rest += [condition for name, condition in _WITHIN.items() if name in asked]
    through = f"and {_FOUND_BY[by]}" if by else ""
    places = " ".join(place for name, place in _PLACES.items() if name in asked)
    fits = " and ".join(rest) or "true"
    return text(
        "with looked as (select seq, at, subject, entities, operation, body, hash "  # noqa: S608  (constants)
        f"from audit_entry where institution = :institution and seq < :before {through} {places} "
        "order by seq desc limit :most) "
        "select (select count(*) from looked) as looked, (select min(seq) from looked) as last, "
        "found.* from (values (1)) as always left join lateral (select seq, at, body, hash "
        f"from looked where {fits} order by seq desc limit :wanted) as found on true "
        "order by seq desc"
    ), not rest
