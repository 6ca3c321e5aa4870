"""How a service is put on the network: health, refusals as JSON, consumers, work beside serving."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from kit import telemetry
from kit.audit.acts import arriving
from kit.db import Database, Duty
from kit.inbox import Consumer
from kit.problem import Problem

log = logging.getLogger(__name__)


_OURS_ALONE: TelemetryConfig = {  # the framework's own spans and logs quote messages and URLs
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
Work = Callable[[], Awaitable[None]]


def service(
    name: str,
    db: Database,
    *,
    consumers: Sequence[Consumer] = (),
    work: Sequence[Work] = (),
    pending: Callable[[], Awaitable[int]] | None = None,
) -> FastAPI:
    """Build the application around its database: it follows feeds and works while it serves.

    `pending` counts what waits; it raises a `Problem` where the service cannot answer rightly.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running = [consumer.run for consumer in consumers] + list(work)
        tasks = [asyncio.ensure_future(_forever(one)) for one in running]
        yield
        while going_on := [task for task in tasks if not task.done()]:
            for task in going_on:
                task.cancel()
            await asyncio.wait(going_on, timeout=1)  # a driver may swallow a cancellation
        await db.engine.dispose()

    app = FastAPI(title=name, lifespan=lifespan, openapi_url=None, telemetry=_OURS_ALONE)
    app.add_middleware(_Masked)
    app.add_middleware(telemetry.Traced)
    telemetry.trace_sql(db.engine)

    @app.exception_handler(Problem)
    async def refused(_: Request, refusal: Problem) -> JSONResponse:
        body = {"code": refusal.code, "message": str(refusal)}
        return JSONResponse(body, status_code=refusal.status)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        body: dict[str, Any] = {"status": "ready", "database": "up", "pending": 0, "feeds": {}}
        try:
            async with asyncio.timeout(5), db.read(Duty.FEED) as session:
                await (await session.connection()).execute(text("select 1 from alembic_version"))
            body["pending"] = await pending() if pending else 0
            for one in consumers:
                body["feeds"][one.producer] = {
                    "cursor": one.cursor,
                    "caught_up": one.caught_up,
                    "lag_seconds": one.lag_seconds(),
                    "parked": await one.parked(),
                }
        except Problem as problem:
            body |= {"status": "not ready", "code": problem.code, "message": str(problem)}
        except Exception as error:  # noqa: BLE001  (whatever it is, we are not ready)
            log.warning("not ready: %s", type(error).__name__)
            body |= {"status": "not ready", "database": "down"}
        return JSONResponse(body, status_code=200 if body["status"] == "ready" else 503)

    return app


class _Masked:
    """ASGI middleware: a bug is answered and logged by its place, never by what it quotes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            with arriving():
                await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  (whatever it is, its message may quote a person)
            log.error("trace %s: %s", telemetry.trace_id(), telemetry.where(error))
            message = f"Something went wrong; quote trace {telemetry.trace_id()}."
            body = {"code": "INTERNAL", "message": message}
            with suppress(RuntimeError):  # the answer had begun: all that is left is to end it
                await JSONResponse(body, status_code=500)(scope, receive, send)


async def _forever(one: Work) -> None:
    """Run a background task again whenever it ends by a bug; its failure must not be silent."""
    while True:
        try:
            await one()
        except Exception as error:  # noqa: BLE001  (a bug: logged, and the work goes on)
            log.error("background work failed, starting it again: %s", telemetry.where(error))
            await asyncio.sleep(1)
