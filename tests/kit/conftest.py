"""A database with nothing but kit's own tables and one tally that handlers add to."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from kit.audit.chain import CREATE_APPEND, CREATE_TRIGGER, CREATE_WALL, audit_table
from kit.db import Database, connect, service_metadata
from kit.idempotency import idempotency_table
from kit.identity import Principals, Verifier
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from sqlalchemy import BigInteger, Column, String, Table, event, text
from sqlalchemy.engine import Engine

from tests.callers import ISSUER, Callers

METADATA = service_metadata()
outbox_table(METADATA)
audit_table(METADATA)
inbox_tables(METADATA)
idempotency_table(METADATA)
Table(
    "tally",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("total", BigInteger, nullable=False),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def url(cluster) -> AsyncIterator[str]:
    name = f"kit_{uuid4().hex}"
    cluster.sql(f'CREATE DATABASE "{name}"')
    yield cluster.url(name)
    cluster.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def db(url) -> AsyncIterator[Database]:
    engine = connect(url, name="test")
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        for made in (CREATE_APPEND, CREATE_WALL, CREATE_TRIGGER):
            await connection.execute(text(made))
    yield Database(engine)
    await engine.dispose()


@pytest.fixture
def tally(db):
    """Read the tally: what all handled events added up to."""

    async def read() -> dict[str, int]:
        async with db.read("A") as session:
            rows = await (await session.connection()).execute(text("select * from tally"))
            return {row.subject: row.total for row in rows}

    return read


@pytest.fixture
def statements():
    """Collect what is sent to any database from here on."""
    sent: list[str] = []

    def before(_c, _cursor, sql, *_):
        sent.append(sql)

    event.listen(Engine, "before_cursor_execute", before)
    yield sent
    event.remove(Engine, "before_cursor_execute", before)


@pytest.fixture
def callers(tmp_path) -> Callers:
    return Callers(tmp_path)


@pytest.fixture
def verifier(callers) -> Verifier:
    """Check programs' credentials."""
    return Verifier(callers.issuer.jwks, issuer=ISSUER)


@pytest.fixture
def principals(callers) -> Principals:
    """Check what the gateway says to the service `shop`."""
    return Principals(callers.gateway.jwks, service="shop")
