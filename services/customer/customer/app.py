"""Where the customer service is put together, and nowhere else."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI
from kit.audit.heads import Heads
from kit.audit.scribe import Scribe
from kit.db import Database, connect
from kit.feed import feed
from kit.graphql import Endpoint
from kit.identity import Principal, Principals, Verifier
from kit.intake import intake
from kit.server import service
from pydantic import ValidationError
from starlette.routing import Route

from customer.domain.reach import Within
from customer.graphql.context import Context
from customer.graphql.loaders import Loaders
from customer.graphql.schema import schema
from customer.ingest import kinds
from customer.operations import keys
from customer.operations.showing import Showing
from customer.settings import KeyedPlace, Place, Settings, personal
from customer.vault.master import MasterKeyMissingError, MasterKeys
from customer.vault.opened import Vault


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  (the one place where the clock is read)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = _now) -> FastAPI:
    """Build the service; importing this module opens nothing."""
    vault = Vault(MasterKeys(settings.master_key_file))
    db = Database(connect(str(settings.database_url), name="customer"), {"vault": vault})
    decided = personal(settings.personal_file)
    verifier = Verifier(settings.jwks_file, issuer=settings.issuer)
    principals = Principals(settings.gateway_jwks_file, service="customer")

    def context(principal: Principal) -> Context:
        within, showing = Within.of(principal), Showing(db, principal, decided, clock())
        return Context(
            db=db,
            principal=principal,
            loaders=Loaders(db, within, showing),
            within=within,
            showing=showing,
            personal=decided,
            clock=clock,
        )

    async def keeping() -> None:
        await keys.keep(db, clock)

    app = service("customer", db, work=[keeping, Heads(db, settings.audit_heads).keep])
    app.include_router(feed(db, verifier))
    app.include_router(intake(verifier, kinds(db, clock)))
    app.routes.append(Route("/graphql", Endpoint(schema, principals, Scribe(db), context)))
    return app


def from_environment() -> FastAPI:
    """Build the service from `CUSTOMER_*`."""
    return create_app(Settings())


def place() -> Place:
    """Read from `CUSTOMER_*` where the database is and where to listen."""
    return Place()


def sdl() -> str:
    """Return the subgraph's schema as the federation reads it."""
    return f"{schema.as_str()}\n"


def rotate_keys() -> int:
    """Give every institution a new key and bring all rows under it; print how it goes."""
    try:
        place = KeyedPlace()
        vault = Vault(MasterKeys(place.master_key_file))
    except (ValidationError, MasterKeyMissingError) as missing:
        sys.stderr.write(f"{missing}\n")
        return 1

    async def run() -> None:
        engine = connect(str(place.database_url), name="customer rotate-keys")
        async for line in keys.rotate_all(Database(engine, {"vault": vault}), _now):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        await engine.dispose()

    asyncio.run(run())
    return 0
