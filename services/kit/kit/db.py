"""The one door to PostgreSQL: short reads, and one transaction per write.

GraphQL resolves sibling fields concurrently, and an `AsyncSession` must not be
shared between tasks. So no session lives as long as a request: each loader batch
opens its own read, each mutation its own transaction.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def service_metadata() -> MetaData:
    """Return a fresh catalogue, so one test process can hold every service's tables."""
    return MetaData(naming_convention=NAMING)


def connect(url: str, *, name: str, pool_size: int = 10) -> AsyncEngine:
    """Return an engine whose sessions cannot hang: `name` shows in pg_stat_activity.

    A write transaction left open would hold every feed back, so the server ends
    one that is idle for 30 s; a statement may take 60 s.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": name,
                "statement_timeout": "60s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "30s",
            },
        },
    )


class Database:
    """Opens sessions on one engine; each carries `info`, what its statements need beside it."""

    def __init__(self, engine: AsyncEngine, info: dict[str, Any] | None = None) -> None:
        self.engine = engine
        self._sessions = partial(AsyncSession, engine, expire_on_commit=False, info=info)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Open a session for one read; anything it flushes is rolled back."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncSession]:
        """Commit on a clean exit, roll back on any exception."""
        async with self._sessions() as session, session.begin():
            yield session


async def copy_rows(
    session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY `rows` into `table` inside the session's transaction (values typed as asyncpg's)."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: asyncpg.Connection = raw.driver_connection
    await driver.copy_records_to_table(table, columns=list(columns), records=rows)
