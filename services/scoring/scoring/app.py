"""Where the scoring service is put together, and nowhere else."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fastapi import FastAPI
from kit.audit.heads import Heads
from kit.audit.scribe import Scribe
from kit.db import Database, Duty, connect
from kit.feed import feed
from kit.graphql import Endpoint
from kit.identity import Principal, Principals, Verifier
from kit.inbox import Consumer
from kit.intake import intake
from kit.server import service
from starlette.routing import Route

from scoring.archive.reader import Archive
from scoring.columns import columns
from scoring.domain.problems import ArchiveUnavailable
from scoring.graphql.context import Context
from scoring.graphql.loaders import Loaders
from scoring.graphql.moment import Moment
from scoring.graphql.reach import Reached
from scoring.graphql.schema import SCHEMA
from scoring.graphql.scheme_loaders import SchemeLoaders
from scoring.inbox import handlers
from scoring.ingest import at_once, kinds
from scoring.operations import archiving, recalculation, shadow
from scoring.operations.archiving import Keeping
from scoring.operations.calm import Calm
from scoring.operations.reach import within_reach
from scoring.operations.sheets import Sheets
from scoring.settings import KeptPlace, Place, Settings
from scoring.store import queue
from scoring.store.institution import Policies


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (the one place the clock is read)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = _now) -> FastAPI:
    """Build the service; importing this module opens nothing."""
    archive = Archive(settings.archive_dir) if settings.archive_dir else None
    news = asyncio.Event()
    beside = {"archive": archive, "news": news}
    db = Database(connect(str(settings.database_url), name="scoring"), beside)
    verifier = Verifier(settings.jwks_file, issuer=settings.issuer)
    principals = Principals(settings.gateway_jwks_file, service="scoring")
    policies, calm = Policies(), Calm()
    consumers = [
        Consumer(producer, url, settings.token_file, db, handlers(calm), clock)
        for producer, url in settings.feeds.items()
    ]

    async def pending() -> int:
        for complaint in await archiving.complaints(db, archive):
            raise ArchiveUnavailable(complaint)
        async with db.read(Duty.QUEUE) as session:
            return await queue.pending(session)

    async def recalculating() -> None:
        await recalculation.work(db, policies, calm, Sheets(db, archive), clock)

    async def announcing() -> None:
        await recalculation.work_on_news(db, policies, news, clock)

    async def shadowing() -> None:
        await shadow.work(db, policies, calm)

    keeping = Keeping(db, archive, settings.open_months) if archive else None

    async def moving() -> None:
        if keeping:
            await archiving.work(keeping, calm, clock)

    def context(principal: Principal) -> Context:
        loaders = Loaders(Moment(db, policies, principal.institution))
        schemes = SchemeLoaders(db, principal.institution)
        return Context(
            db=db,
            principal=principal,
            reached=Reached(db, principal.institution, within_reach(principal)),
            loaders=loaders,
            schemes=schemes,
            policies=policies,
            clock=clock,
        )

    app = service(
        "scoring",
        db,
        consumers=consumers,
        work=[
            Heads(db, settings.audit_heads).keep,
            announcing,
            recalculating,
            shadowing,
            *([moving] if keeping else []),
        ],
        pending=pending,
    )
    app.include_router(feed(db, verifier))
    taken, whole = kinds(db, calm, clock), at_once(db, calm, clock)
    app.include_router(intake(verifier, taken, whole))
    if keeping:
        postings = (*taken["postings"], whole["postings"])
        app.include_router(columns(verifier, keeping, calm, postings, clock))
    app.routes.append(Route("/graphql", Endpoint(SCHEMA, principals, Scribe(db), context)))
    return app


def from_environment() -> FastAPI:
    """Build the service from `SCORING_*`; what uvicorn calls."""
    return create_app(Settings())


def place() -> Place:
    """Read from `SCORING_*` where the database is and where to listen."""
    return Place()


def sdl() -> str:
    """Return the subgraph's schema as the federation reads it."""
    return f"{SCHEMA.as_str()}\n"


def archive(words: Sequence[str]) -> int:
    """Do what `python -m scoring archive move|verify` asks for; return the exit code."""
    if list(words) not in (["move"], ["verify"]):
        sys.stderr.write("usage: python -m scoring archive move|verify\n")
        return 2
    return asyncio.run(_archive(KeptPlace(), move=list(words) == ["move"]))


async def _archive(place: KeptPlace, *, move: bool) -> int:
    kept = Archive(place.archive_dir) if place.archive_dir else None
    db = Database(connect(str(place.database_url), name="archive"), {"archive": kept})
    try:
        if move and kept:
            keeping = Keeping(db, kept, place.open_months)
            moved = await archiving.archive_closed(keeping, at=_now(), everything=True)
            await archiving.clean_up(keeping, at=_now())
            sys.stdout.write(f"{moved} postings of closed months were moved into files.\n")
        elif move:
            sys.stderr.write("Set SCORING_ARCHIVE_DIR to the folder for closed months.\n")
            return 2
        found = await archiving.complaints(db, kept, whole=True)
    finally:
        await db.engine.dispose()
    for one in found:
        sys.stderr.write(f"{one}\n")
    sys.stdout.write("" if found else "Every file of the archive is what was written.\n")
    return 1 if found else 0
