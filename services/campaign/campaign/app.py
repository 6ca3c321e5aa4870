"""Where the campaign service is put together, and nowhere else."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from kit.audit.heads import Heads
from kit.audit.scribe import Scribe
from kit.db import Database, connect
from kit.feed import feed
from kit.graphql import Endpoint
from kit.identity import Principal, Principals, Verifier
from kit.inbox import Consumer
from kit.server import service
from starlette.routing import Route

from campaign.graphql.context import Context
from campaign.graphql.loaders import Loaders
from campaign.graphql.schema import SCHEMA
from campaign.inbox import HANDLERS
from campaign.settings import Place, Settings
from campaign.store.wakes import Bell


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (the one place the clock is read)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = _now) -> FastAPI:
    """Build the service; importing this module opens nothing."""
    db = Database(connect(str(settings.database_url), name="campaign"))
    verifier = Verifier(settings.jwks_file, issuer=settings.issuer)
    principals = Principals(settings.gateway_jwks_file, service="campaign")

    bell = Bell(db)

    def context(who: Principal) -> Context:
        loaders = Loaders(db, who, clock)
        return Context(db=db, principal=who, loaders=loaders, clock=clock, bell=bell)

    consumers = [
        Consumer(
            producer=producer,
            url=url,
            token_file=settings.token_file,
            db=db,
            handlers=HANDLERS[producer],
            clock=clock,
        )
        for producer, url in settings.feeds.items()
    ]
    work = [Heads(db, settings.audit_heads).keep, bell.listen]
    app = service("campaign", db, consumers=consumers, work=work)
    app.include_router(feed(db, verifier))
    app.router.routes.append(Route("/graphql", Endpoint(SCHEMA, principals, Scribe(db), context)))
    return app


def from_environment() -> FastAPI:
    """Build the service from `CAMPAIGN_*`."""
    return create_app(Settings())


def place() -> Place:
    """Read from `CAMPAIGN_*` where the database is and where to listen."""
    return Place()


def sdl() -> str:
    """Return the subgraph's schema, as the gateway composes it."""
    return SCHEMA.as_str() + "\n"
