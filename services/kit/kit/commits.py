"""Whether anything was committed: one small question to the server for all who wait for news.

The server's snapshot is another one after every commit of a transaction that wrote, and the same
one while there was none. So who found nothing to do need not look again while it stays the same.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

_LOOK_AGAIN_SECONDS = 0.1
_SNAPSHOT = text("select pg_current_snapshot()::text")


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first of these does, or raise what it raises."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Commits:
    """Wakes those of a process who wait; it asks only while somebody does."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: set[asyncio.Event] = set()
        self._asking: asyncio.Task[None] | None = None
        self.seen = ""
        """The snapshot known last: take it before you look, and wait for one after it."""

    async def after(self, seen: str, seconds: float) -> None:
        """Return when something may have been committed since `seen`, or after so many seconds.

        When the server does not answer it returns too: whoever looks then hears what is wrong.
        """
        if seen != self.seen or seconds <= 0:
            return
        woken = asyncio.Event()
        self._waiting.add(woken)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask(), context=Context())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), seconds)
        finally:
            self._waiting.discard(woken)
            await self._rest()

    async def _rest(self) -> None:
        """Give the connection back once nobody waits."""
        if self._waiting or self._asking is None:
            return
        asking, self._asking = self._asking, None
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    async def _ask(self) -> None:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                while True:
                    found = await connection.scalar(_SNAPSHOT)
                    if found != self.seen:
                        self.seen = str(found)
                        self._wake()
                    await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        except (SQLAlchemyError, OSError):
            self._asking = None
            self._wake()

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()
