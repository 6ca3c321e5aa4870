"""A service's outbox as others read it: CloudEvents in commit order, by long poll."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from kit import outbox
from kit.commits import first
from kit.db import Database, Duty
from kit.identity import Verifier
from kit.outbox import Cursor
from kit.problem import BadRequest

BATCH = "application/cloudevents-batch+json"


class Stopping:
    """Whether the process was told to stop; whoever waits for that may do so on any event loop."""

    def __init__(self) -> None:
        self._told = False
        self._waiting: set[asyncio.Event] = set()

    def set(self) -> None:
        """Tell all who wait, and all who ask from now on."""
        self._told = True
        for one in self._waiting:
            one.set()

    def is_set(self) -> bool:
        """Tell whether it was told."""
        return self._told

    async def wait(self) -> None:
        """Return once it is told."""
        told = asyncio.Event()
        if self._told:
            return
        self._waiting.add(told)
        try:
            await told.wait()
        finally:
            self._waiting.discard(told)


stopping = Stopping()
"""Set when the process is told to stop: a long poll must not hold it up."""


def feed(db: Database, verifier: Verifier) -> APIRouter:
    """Serve `/feed` and `/feed/head` to callers that hold `feed:read`."""
    router = APIRouter(prefix="/feed", dependencies=[Depends(verifier.needs("feed:read"))])
    known: list[str] = []

    async def here() -> str:
        if not known:
            async with db.read(Duty.FEED) as session:
                known.append(await outbox.epoch(session))
        return known[0]

    @router.get("/head")
    async def head() -> dict[str, str]:
        async with db.read(Duty.FEED) as session:
            return {"cursor": str(await outbox.head(session, await here()))}

    @router.get("")
    async def events(
        after: str = "",
        limit: Annotated[int, Query(ge=1, le=outbox.PAGE)] = outbox.PAGE,
        wait: Annotated[float, Query(ge=0, le=30)] = 0,
    ) -> JSONResponse:
        epoch = await here()
        start = _place(after, epoch)
        until = time.monotonic() + wait
        while True:
            seen = db.commits.seen
            async with db.read(Duty.FEED) as session:
                found, reached = await outbox.page(session, start, limit=limit)
            left = until - time.monotonic()
            if found or left <= 0 or stopping.is_set():
                break
            await first(db.commits.after(seen, left), stopping.wait())
        return JSONResponse(found, media_type=BATCH, headers={"Feed-Next": str(reached)})

    return router


def _place(after: str, epoch: str) -> Cursor:
    """Return where to go on; a reader from before a restore starts again (its inbox dedupes)."""
    beginning = Cursor(epoch, 0, 0)
    if not after:
        return beginning
    try:
        cursor = Cursor.parse(after)
    except ValueError:
        raise BadRequest("'after' must be a cursor that this feed gave out.") from None
    return cursor if cursor.epoch == epoch else beginning
