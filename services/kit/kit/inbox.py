"""Other services' events, taken once each: dedupe, effect and cursor in one transaction."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.db import Database, Duty, act_for
from kit.telemetry import span, where

log = logging.getLogger(__name__)
RETRY_PARKED_SECONDS = 5.0
_WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Event:
    """One event as its producer announced it."""

    id: str
    type: str
    subject: str
    institution: str
    version: int
    at: datetime
    data: Mapping[str, Any]
    traceparent: str | None = None


Handler: TypeAlias = Callable[[AsyncSession, Sequence[Event]], Awaitable[None]]


def inbox_tables(metadata: MetaData) -> None:
    """Declare the consumer's tables in a service's metadata; its migration creates them."""
    Table("inbox", metadata, Column("id", Uuid, primary_key=True))
    Table(
        "feed_cursor",
        metadata,
        Column("producer", String, primary_key=True),
        Column("cursor", String, nullable=False),
    )
    Table(
        "parked_event",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("producer", String, nullable=False),
        Column("subject", String, nullable=False, index=True),
        Column("event", JSONB, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("error", String, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
    )


@dataclass
class Consumer:
    """Follows one producer's feed and hands each new event to its handler, in batches."""

    producer: str
    url: str
    token_file: Path
    db: Database
    handlers: Mapping[str, Handler]
    clock: Callable[[], datetime]
    cursor: str = ""
    caught_up: bool = False
    _seen_at: float = field(default_factory=time.monotonic)
    _parked_at: float = 0.0

    def lag_seconds(self) -> float:
        """Return how long ago this consumer last knew that nothing waited for it."""
        return 0.0 if self.caught_up else round(time.monotonic() - self._seen_at, 3)

    async def run(self) -> None:
        """Follow until cancelled; whatever fails is tried again, more and more slowly."""
        pause = 0.1
        async with httpx.AsyncClient(base_url=self.url, timeout=_WAIT_SECONDS + 10) as client:
            while True:
                try:
                    await self._once(client)
                    pause = 0.1
                except (httpx.HTTPError, DBAPIError, OSError) as error:
                    self.caught_up = False
                    log.warning("feed %s: %s, trying again", self.producer, type(error).__name__)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 2.0)

    async def _once(self, client: httpx.AsyncClient) -> None:
        async with self.db.read(Duty.INBOX) as session:
            connection = await session.connection()
            saved = text("select cursor from feed_cursor where producer = :p")
            self.cursor = await connection.scalar(saved, {"p": self.producer}) or ""
        if time.monotonic() - self._parked_at > RETRY_PARKED_SECONDS:
            self._parked_at = time.monotonic()
            await self.retry_parked()
        answer = await client.get(
            "/feed",
            params={"after": self.cursor, "wait": _WAIT_SECONDS if self.caught_up else 0},
            headers={"authorization": f"Bearer {self.token_file.read_text().strip()}"},
        )
        answer.raise_for_status()
        events = [_event(body) for body in answer.json()]
        if events or answer.headers["Feed-Next"] != self.cursor:
            self.caught_up = False
            await self.take(events, answer.headers["Feed-Next"])
        else:
            self.caught_up, self._seen_at = True, time.monotonic()

    async def take(self, events: Sequence[Event], reached: str) -> None:
        """Apply those of `events` that are new and move the cursor, in one transaction."""
        async with self.db.transaction(Duty.INBOX) as session:
            connection = await session.connection()
            locked = text(
                "insert into feed_cursor (producer, cursor) values (:p, '') "
                "on conflict (producer) do update set cursor = feed_cursor.cursor"
            )
            await connection.execute(locked, {"p": self.producer})
            fresh = text(
                "insert into inbox (id) select cast(i as uuid) from unnest(cast(:ids as text[])) i "
                "on conflict do nothing returning id::text"
            )
            ids = [event.id for event in events]
            new = set((await connection.execute(fresh, {"ids": ids})).scalars()) if ids else set()
            held = text("select subject from parked_event where producer = :p")
            waiting = set((await connection.execute(held, {"p": self.producer})).scalars())
            for event in (e for e in events if e.id in new and e.subject in waiting):
                await self._park(session, event, "an earlier event of this subject is parked")
            todo = [e for e in events if e.id in new and e.subject not in waiting]
            alike = groupby(todo, key=lambda e: (e.institution, e.type, e.traceparent))
            for (institution, kind, header), group in alike:
                if kind in self.handlers:
                    await act_for(session, institution)
                    with span(f"consume {kind}", header, **{"messaging.system": "feed"}):
                        await self._apply(session, kind, list(group))
            moved = text("update feed_cursor set cursor = :c where producer = :p")
            await connection.execute(moved, {"c": reached, "p": self.producer})
        self.cursor = reached

    async def _apply(self, session: AsyncSession, kind: str, group: list[Event]) -> bool:
        """Apply a group at once; when it fails, one by one, parking only what fails alone.

        Tell whether a single event was parked.
        """
        try:
            async with session.begin_nested():
                await self.handlers[kind](session, group)
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            if len(group) == 1:
                log.error("parked poison event %s %s: %s", kind, group[0].id, where(error))
                await self._park(session, group[0], type(error).__name__)
                return True
            poisoned: set[str] = set()
            for event in group:
                if event.subject in poisoned:
                    await self._park(session, event, "an earlier event of this subject is parked")
                elif await self._apply(session, kind, [event]):
                    poisoned.add(event.subject)
        return False

    async def _park(self, session: AsyncSession, event: Event, error: str) -> None:
        body = json.dumps({name: getattr(event, name) for name in Event.__slots__}, default=str)
        parked = text(
            "insert into parked_event (id, producer, subject, event, attempts, error, at) values "
            "(cast(:id as uuid), :p, :subject, cast(:event as jsonb), 1, :error, :at) on conflict "
            "(id) do update set attempts = parked_event.attempts + 1, error = excluded.error"
        )
        values: dict[str, object] = {"id": event.id, "p": self.producer, "subject": event.subject}
        values |= {"event": body, "error": error, "at": self.clock()}
        await (await session.connection()).execute(parked, values)

    async def retry_parked(self) -> None:
        """Try parked events again, oldest of each subject first; the rest never waited for them."""
        async with self.db.read(Duty.INBOX) as session:
            query = text(
                "select distinct on (subject) id::text as id, event from parked_event "
                "where producer = :p order by subject, (event->>'version')::int, at limit 100"
            )
            rows = (await (await session.connection()).execute(query, {"p": self.producer})).all()
        for row in rows:
            event = _event(row.event | {"time": row.event["at"]})
            async with self.db.transaction(Duty.INBOX) as session:
                connection = await session.connection()
                gone = text("delete from parked_event where id = cast(:id as uuid)")
                try:
                    async with session.begin_nested():
                        await act_for(session, event.institution)
                        await self.handlers[event.type](session, [event])
                        await connection.execute(gone, {"id": row.id})
                except Exception as error:  # noqa: BLE001  (whatever it is, it stays parked)
                    await self._park(session, event, type(error).__name__)

    async def parked(self) -> int:
        """Return how many events of this producer wait for a mended handler."""
        count = text("select count(*) from parked_event where producer = :p")
        async with self.db.read(Duty.INBOX) as session:
            connection = await session.connection()
            return int(await connection.scalar(count, {"p": self.producer}) or 0)


def _event(body: Mapping[str, Any]) -> Event:
    return Event(
        id=body["id"],
        type=body["type"],
        subject=body["subject"],
        institution=body["institution"],
        version=body["version"],
        at=datetime.fromisoformat(body["time"]),
        data=body["data"],
        traceparent=body.get("traceparent"),
    )
