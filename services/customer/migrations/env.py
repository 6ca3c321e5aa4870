"""Runs the migrations, at the address that the caller gives."""

import asyncio
from typing import Any

from alembic import context
from customer.tables import METADATA
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool


def ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:  # noqa: FBT001  (Alembic's hook)
    """Leave out what only migrations know: the indexes that names are searched by."""
    return not (kind == "index" and reflected and (name or "").startswith("ix_customer_name_"))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        connection.execute(text("set local lock_timeout = '5s'"))
        connection.execute(text("set row_security = off"))  # refuse what policies would hide
        context.run_migrations()


async def connect() -> None:
    engine = create_async_engine(context.config.attributes["url"], poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(connect())
