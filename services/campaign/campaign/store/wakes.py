"""Who waits for offers to change, woken by the transactions that change them.

PostgreSQL passes a notification on when its transaction commits, so whoever is woken sees what
was written. One lost with its connection is made up for by looking again (`operations`).
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from kit.db import Database
from kit.identity import Principal
from kit.problem import Overloaded
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.domain.problems import TooManyStreams

log = logging.getLogger(__name__)
MOST_EACH = 10
"""One caller's streams in one process."""
MOST = 1_000
"""All streams of one process."""
_CHANNEL = "offers_changed"
_MOST_NAMED = 100  # a notification holds 8,000 bytes
_RING = text("select pg_notify(:channel, :body)")


async def ring(session: AsyncSession, institution: str, customers: Iterable[object] = ()) -> None:
    """Wake at commit whoever watches these customers; many or none named: the whole institution."""
    named = sorted({str(one) for one in customers})
    body = {"institution": institution, "customers": named if len(named) <= _MOST_NAMED else []}
    connection = await session.connection()
    await connection.execute(_RING, {"channel": _CHANNEL, "body": json.dumps(body)})


class Bell:
    """Hears of changes on a connection of its own, and wakes those who watch in this process."""

    def __init__(self, db: Database) -> None:
        self._engine = db.engine
        self._watching: dict[tuple[str, str], set[asyncio.Event]] = {}
        self._held: Counter[tuple[str, str]] = Counter()

    async def listen(self) -> None:
        """Listen until cancelled; after each new connection everybody looks again."""
        while True:
            try:
                await self._hear()
            except (DBAPIError, OSError) as error:
                log.warning("offers: %s, listening again", type(error).__name__)
                await asyncio.sleep(1)

    async def _hear(self) -> None:
        ended = asyncio.Event()
        async with self._engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is None:
                raise TypeError("a connection that was opened has a driver")
            driver.add_termination_listener(lambda _: ended.set())
            try:
                await driver.add_listener(_CHANNEL, self._heard)
                self._wake(self._watching)
                await ended.wait()
            finally:
                await connection.invalidate()  # none that listens may go back to the pool

    def _heard(self, _driver: object, _pid: int, _channel: str, body: str) -> None:
        said = json.loads(body)
        institution, customers = said["institution"], said["customers"]
        if customers:
            self._wake([(institution, one) for one in customers])
        else:
            self._wake([place for place in self._watching if place[0] == institution])

    def _wake(self, places: Iterable[tuple[str, str]]) -> None:
        for place in places:
            for woken in self._watching.get(place, ()):
                woken.set()

    @contextmanager
    def watching(self, who: Principal, customer: UUID) -> Iterator[asyncio.Event]:
        """Give what is set whenever the customer's offers may have changed."""
        caller = (who.institution, who.subject)
        if self._held[caller] >= MOST_EACH:
            raise TooManyStreams(
                f"You follow {MOST_EACH} customers' offers already; end one first."
            )
        if self._held.total() >= MOST:
            raise Overloaded("More streams are open than this service serves; try again later.")
        place, woken = (who.institution, str(customer)), asyncio.Event()
        self._held[caller] += 1
        self._watching.setdefault(place, set()).add(woken)
        try:
            yield woken
        finally:
            self._watching[place].discard(woken)
            if not self._watching[place]:
                del self._watching[place]
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]
