"""Takes down what was read, many readers at a time, before any of them gets an answer.

Were each read to append by itself, every reader of an institution would wait for the commits of
all before it. So one task per institution takes whatever waits and appends it in one transaction;
those who come meanwhile wait for the next one, together.
"""

import asyncio
import logging
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kit.audit import chain
from kit.audit.entry import Entry, Kind, body
from kit.identity import Principal
from kit.problem import AuditUnavailable
from kit.telemetry import span, traceparent, where

if TYPE_CHECKING:
    from kit.db import Database

log = logging.getLogger(__name__)
_MOST_AT_ONCE = 500
_UNAVAILABLE = "What is asked for may be shown once that is on record; it is not. Try again."


@dataclass(slots=True)
class Notes:
    """What one request has been shown of people: ids, names of fields, and how many of what."""

    principal: Principal
    operations: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    reason: str | None = None

    def entry(self) -> Entry:
        """Return the one entry that a request leaves for all that it was shown."""
        return Entry(
            kind=Kind.READ,
            operation=" ".join(sorted(self.operations)),
            entities=self.entities,
            fields=self.fields,
            counts=self.counts,
            reason=self.reason,
        )


_noting: ContextVar[Notes | None] = ContextVar("noting", default=None)


def notes() -> Notes | None:
    """Return what the present request was shown so far; None in one that nobody takes down."""
    return _noting.get()


@dataclass(slots=True)
class _Waiting:
    body: str
    traceparent: str | None
    done: "asyncio.Future[None]"


class Scribe:
    """Appends what was read; returns when it is durable."""

    def __init__(self, db: "Database") -> None:
        self._db = db
        self._waiting: dict[str, list[_Waiting]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, principal: Principal) -> None:
        """Take down from here on what this request shows."""
        _noting.set(Notes(principal))

    async def settle(self) -> None:
        """Append what the request was about to show; its answer may leave when this returns."""
        taken = _noting.get()
        if taken is not None and taken.fields:
            _noting.set(Notes(taken.principal))
            await self.write(taken.principal, taken.entry())

    async def write(self, principal: Principal, entry: Entry) -> None:
        """Append an entry, with whatever else waits for the same institution's chain."""
        institution = principal.institution
        done = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(institution, [])
        waiting.append(_Waiting(body(principal, entry), traceparent(), done))
        if institution not in self._tasks:
            self._tasks[institution] = asyncio.get_running_loop().create_task(
                self._append(institution), context=Context()
            )
        await done

    async def _append(self, institution: str) -> None:
        waiting = self._waiting[institution]
        while waiting:
            batch, waiting[:] = waiting[:_MOST_AT_ONCE], waiting[_MOST_AT_ONCE:]
            try:
                with span("audit", batch[0].traceparent, count=len(batch)):
                    async with self._db.transaction(institution) as session:
                        await chain.append(session, institution, [one.body for one in batch])
            except Exception as error:  # noqa: BLE001  (whatever it is, each reader hears of it)
                log.error("%s reads could not be taken down: %s", len(batch), where(error))
                for one in batch:
                    if not one.done.done():
                        one.done.set_exception(AuditUnavailable(_UNAVAILABLE))
            else:
                for one in batch:
                    if not one.done.done():
                        one.done.set_result(None)
        del self._tasks[institution]
