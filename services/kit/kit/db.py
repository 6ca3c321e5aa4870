"""The one door to PostgreSQL: short reads, and one transaction per write.

GraphQL resolves sibling fields concurrently, and an `AsyncSession` must not be
shared between tasks. So no session lives as long as a request: each loader batch
opens its own read, each mutation its own transaction.

Whoever opens one says for whom. The server hears it in the message that begins the
transaction and forgets it at its end; its row policies show that institution's rows
and no other's, and no row at all to a transaction that named nobody.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from functools import partial
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import Connection, MetaData, event, exc, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.audit.acts import settle
from kit.commits import Commits

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Duty(Enum):
    """What a service does for no single institution; a row policy says what each may see."""

    FEED = "feed"
    """Reading the outbox for other services."""
    INBOX = "inbox"
    """Keeping track of other services' events; each is applied for its own institution."""
    QUEUE = "queue"
    """Finding the institutions for which something waits to be done."""
    AUDIT = "audit"
    """Finding the institutions whose audit chain has begun."""
    UNION = "union"
    """Finding the institutions that say they belong to the one that is named beside it."""


Tenant: TypeAlias = str | Duty
"""For whom a transaction is: the code of an institution, or a duty that names what it may see."""


def service_metadata() -> MetaData:
    """Return a fresh catalogue, so one test process can hold every service's tables."""
    return MetaData(naming_convention=NAMING)


class _Driver(asyncpg.Connection):  # type: ignore[misc]  # asyncpg brings no types
    """A connection that says with BEGIN, in one message, for whom the transaction is."""

    saying: str = ""

    async def execute(self, query: str, *args: object, **kwargs: object) -> str:
        if query.startswith("BEGIN"):
            query += self.saying
        done: str = await super().execute(query, *args, **kwargs)
        return done


class _Session(Session):
    """What an `AsyncSession` is inside; here each of its transactions hears whose it is."""


class _AsyncSession(AsyncSession):
    sync_session_class = _Session


@event.listens_for(_Session, "after_begin")
def _say(session: Session, _: SessionTransaction, connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.saying = session.info["saying"]


def _saying(tenant: Tenant) -> str:
    name, value = ("duty", tenant.value) if isinstance(tenant, Duty) else ("institution", tenant)
    quoted = value.replace("'", "''")
    return f"select set_config('sheaf.{name}', '{quoted}', true);"


def connect(url: str, *, name: str, pool_size: int = 10) -> AsyncEngine:
    """Return an engine whose sessions cannot hang: `name` shows in pg_stat_activity.

    A write transaction left open would hold every feed back, so the server ends
    one that is idle for 30 s; a statement may take 60 s.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "connection_class": _Driver,
            "server_settings": {
                "application_name": name,
                "statement_timeout": "60s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "30s",
                "standard_conforming_strings": "on",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _fit)
    return engine


def _fit(connection: Any, _: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:  # noqa: ANN401  (SQLAlchemy's adapter)
    """Hand out no connection that the server has closed, nor what was said on it before.

    The driver has heard of the end of a connection as soon as the machine has, so no message
    is spent on asking the server whether it is still there.
    """
    driver: _Driver = connection.driver_connection
    if driver.is_closed():
        raise exc.DisconnectionError
    driver.saying = ""


class Database:
    """Opens sessions on one engine; each carries `info`, what its statements need beside it."""

    def __init__(self, engine: AsyncEngine, info: dict[str, Any] | None = None) -> None:
        self.engine = engine
        self.commits = Commits(engine)
        self._info = info or {}
        self._sessions = partial(_AsyncSession, engine, expire_on_commit=False)

    def _session(self, tenant: Tenant) -> AsyncSession:
        return self._sessions(info=self._info | {"saying": _saying(tenant)})

    @asynccontextmanager
    async def read(self, tenant: Tenant) -> AsyncGenerator[AsyncSession]:
        """Open a session for one read of a tenant's rows; anything it flushes is rolled back."""
        async with self._session(tenant) as session:
            yield session

    @asynccontextmanager
    async def transaction(self, tenant: Tenant) -> AsyncGenerator[AsyncSession]:
        """Commit a tenant's rows and what is told of the act on a clean exit, or nothing."""
        async with self._session(tenant) as session, session.begin():
            yield session
            await settle(session)


_ALSO_FOR = text("select set_config('sheaf.institution', :institution, true)")


async def act_for(session: AsyncSession, institution: str) -> None:
    """Go on for this institution until the transaction ends, beside what it was begun for."""
    await (await session.connection()).execute(_ALSO_FOR, {"institution": institution})


async def copy_rows(
    session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY `rows` into `table` inside the session's transaction (values typed as asyncpg's).

    The server does not COPY into a table with row policies, so they go by way of a temporary one.
    """
    driver = await driver_of(session)
    names, incoming = ", ".join(columns), f"copied_{table}"
    await driver.execute(
        f"create temporary table if not exists {incoming} on commit delete rows as "  # noqa: S608  (names in our code)
        f"select {names} from {table} with no data; delete from {incoming}"
    )
    await driver.copy_records_to_table(incoming, columns=list(columns), records=rows)
    await driver.execute(f"insert into {table} ({names}) select {names} from {incoming}")  # noqa: S608  (as above)


async def copy_aside(
    session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY `rows` into a temporary table that the session made."""
    driver = await driver_of(session)
    await driver.copy_records_to_table(table, columns=list(columns), records=rows)


async def driver_of(session: AsyncSession) -> asyncpg.Connection:
    """Return the driver's connection beneath a session, for COPY; its transaction has begun.

    The session begins it with its first statement, and before that nothing says whose it is.
    """
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: asyncpg.Connection = raw.driver_connection
    if not driver.is_in_transaction():
        await connection.execute(text("select 1"))
    return driver
