"""Finds what was tampered with: each entry again from its words, its place and the hash before."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.audit.entry import BEGINNING, digest

_PAGE = 2_000
_ENTRIES = text(
    "select seq, at, subject, entities, body, previous, hash from audit_entry "
    "where institution = :institution and seq > :after order by seq limit :page"
)
_HEAD = text(
    "select seq, hash from audit_entry where institution = :institution order by seq desc limit 1"
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain went at some time, as it was told to the outside."""

    institution: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a chain is found to be: so many entries, and whatever is wrong with it."""

    institution: str
    entries: int
    complaints: Sequence[str]


async def head(session: AsyncSession, institution: str) -> Head | None:
    """Return how far the chain goes; None where it has not begun."""
    values = {"institution": institution}
    row = (await (await session.connection()).execute(_HEAD, values)).first()
    return Head(institution, row.seq, row.hash.hex()) if row else None


async def verify(session: AsyncSession, institution: str, told: Iterable[Head]) -> Verdict:
    """Go through a whole chain and hold it against the heads that were told to the outside."""
    heads: dict[int, set[str]] = {}
    for one in told:
        if one.institution == institution:
            heads.setdefault(one.seq, set()).add(one.hash)
    complaints: list[str] = []
    last, previous = 0, BEGINNING
    async for row in _entries(session, institution):
        complaints += _amiss(row, last, previous)
        known = heads.pop(row.seq, {row.hash.hex()})
        if known != {row.hash.hex()}:
            complaints.append(f"entry {row.seq} is another than was told to the outside")
        last, previous = row.seq, row.hash
    complaints += [
        f"the chain ends at entry {last}, and entry {seq} was told to the outside"
        for seq in sorted(heads)
        if seq > last
    ]
    return Verdict(institution, last, complaints)


async def _entries(session: AsyncSession, institution: str) -> AsyncIterator[Row[Any]]:
    after = -(2**62)
    while True:
        values = {"institution": institution, "after": after, "page": _PAGE}
        rows = (await (await session.connection()).execute(_ENTRIES, values)).all()
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def _amiss(row: Row[Any], last: int, previous: bytes) -> list[str]:
    """Say what is wrong with one entry after the `last`, whose hash was `previous`."""
    found: list[str] = []
    if row.seq != last + 1:
        found.append(f"entries are missing between {last} and {row.seq}")
    elif row.previous != previous:
        found.append(f"entry {row.seq} does not follow the one before it")
    if digest(row.previous, row.seq, _instant(row.at), row.body) != row.hash:
        found.append(f"entry {row.seq} is not what was written")
    elif not _searched_as_written(row):
        found.append(f"entry {row.seq} is found by other words than were written")
    return found


def _searched_as_written(row: Row[Any]) -> bool:
    """Tell whether the columns that entries are found by say what the sealed words say."""
    written = json.loads(row.body)
    same: bool = row.subject == written["subject"]
    return same and list(row.entities) == written.get("entities", [])


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
