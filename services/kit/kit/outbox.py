"""Events leave a service through a table written in the same transaction."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    FetchedValue,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.telemetry import traceparent

PAGE = 500


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id; SQLAlchemy has no type for it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's SQL name."""
        return "xid8"


class Event(Protocol):
    """A fact about the past, named in the producer's own words."""

    type: ClassVar[str]

    @property
    def subject(self) -> str: ...
    @property
    def institution(self) -> str: ...
    @property
    def version(self) -> int: ...
    def data(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a feed: `xid` and `seq` of the last event, within one cluster's `epoch`."""

    epoch: str
    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.xid}:{self.seq}"

    @classmethod
    def parse(cls, value: str) -> "Cursor":
        """Read `epoch:xid:seq`; `ValueError` when it is anything else."""
        epoch, xid, seq = value.split(":")
        return cls(epoch, int(xid), int(seq))


def outbox_table(metadata: MetaData) -> Table:
    """Declare the outbox in a service's metadata; its migration creates it."""
    return Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("xid", Xid8, FetchedValue(), nullable=False),
        Column("id", Uuid, nullable=False, unique=True),
        Column("type", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("institution", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("traceparent", String),
        Column("at", DateTime(timezone=True), nullable=False),
        Index("ix_outbox_xid_seq", "xid", "seq"),
    )


_INSERT = text(
    "insert into outbox (xid, id, type, subject, institution, version, data, traceparent, at) "
    "select pg_current_xact_id(), e.id, e.type, e.subject, e.institution, e.version, e.data, "
    ":traceparent, :at from jsonb_to_recordset(cast(:events as jsonb)) as "
    "e(id uuid, type text, subject text, institution text, version int, data jsonb)"
)


async def record(session: AsyncSession, events: Iterable[Event], *, at: datetime) -> None:
    """Add `events` to the open transaction; they exist if and only if that commits."""
    rows = [
        {
            "id": str(uuid4()),
            "type": event.type,
            "subject": event.subject,
            "institution": event.institution,
            "version": event.version,
            "data": event.data(),
        }
        for event in events
    ]
    if rows:
        parameters = {"events": json.dumps(rows, default=str), "traceparent": traceparent()}
        connection = await session.connection()
        await connection.execute(_INSERT, parameters | {"at": at})


_HEAD = text("select xid::text, seq from outbox order by outbox.xid desc, seq desc limit 1")
_PAGE = text(
    "select seq, xid::text, id, type, subject, institution, version, data, traceparent, at "
    "from outbox where (xid, seq) > (cast(cast(:xid as text) as xid8), :seq) "
    "and xid < pg_snapshot_xmin(pg_current_snapshot()) order by outbox.xid, seq limit :limit"
)


async def epoch(session: AsyncSession) -> str:
    """Name the cluster the transaction ids belong to; another one after a restore elsewhere."""
    found = await session.connection()
    return str(
        await found.scalar(select(text("system_identifier")).select_from(func.pg_control_system()))
    )


async def head(session: AsyncSession, within: str) -> Cursor:
    """Return the place of the newest committed event, `(0, 0)` where there is none."""
    row = (await (await session.connection()).execute(_HEAD)).first()
    return Cursor(within, int(row[0]), row[1]) if row else Cursor(within, 0, 0)


async def page(
    session: AsyncSession, after: Cursor, *, limit: int = PAGE
) -> tuple[list[dict[str, Any]], Cursor]:
    """Return CloudEvents committed after `after`, oldest first, and the place reached.

    Ordered by `(xid, seq)` below the oldest running transaction: an event whose
    transaction began early and committed late is never stepped over.
    """
    values = {"xid": str(after.xid), "seq": after.seq, "limit": limit}
    rows = (await (await session.connection()).execute(_PAGE, values)).all()
    events = [
        {
            "specversion": "1.0",
            "source": "outbox",
            "id": str(row.id),
            "type": row.type,
            "subject": row.subject,
            "institution": row.institution,
            "version": row.version,
            "time": row.at.astimezone(UTC).isoformat(),
            "data": row.data,
            **({"traceparent": row.traceparent} if row.traceparent else {}),
        }
        for row in rows
    ]
    reached = Cursor(after.epoch, int(rows[-1].xid), rows[-1].seq) if rows else after
    return events, reached
