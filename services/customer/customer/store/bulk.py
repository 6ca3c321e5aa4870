"""Many rows by one statement: one writer at a time, look-up by array, writing by JSON."""

import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any, TypeAlias

from kit.db import Database
from sqlalchemy import Column, ColumnElement, Executable, Row, Table, any_, literal, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel.ext.asyncio.session import AsyncSession

Rows: TypeAlias = Sequence[Mapping[str, Any]]
_ONE_WRITER = text(
    "select pg_advisory_xact_lock(hashtextextended('ingest/' || cast(:institution as text), 0))"
)


@asynccontextmanager
async def writing(db: Database, institution: str) -> AsyncGenerator[AsyncSession]:
    """Open a transaction in which nobody else takes records of `institution`.

    Records refer to one another across kinds, so one writer at a time needs no further order
    of locks; what a mutation writes too is locked row by row.
    """
    async with db.transaction(institution) as session:
        await (await session.connection()).execute(_ONE_WRITER, {"institution": institution})
        yield session


async def execute(session: AsyncSession, query: Executable) -> Sequence[Row[Any]]:
    """Run one query on the session's connection and return its rows."""
    return (await (await session.connection()).execute(query)).all()


async def rows(session: AsyncSession, statement: Executable, **values: Any) -> Sequence[Row[Any]]:  # noqa: ANN401  (parameters of a statement)
    """Run one statement with its parameters and return its rows."""
    return (await (await session.connection()).execute(statement, values)).all()


def among(column: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Compare with any of `values`: one parameter, however many there are."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def columns(value: Any) -> dict[str, Any]:  # noqa: ANN401  (any dataclass of the domain)
    """Return a domain value's fields by name; its row's columns have the same names."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


async def upsert(session: AsyncSession, table: Table, told: Rows) -> None:
    """Insert `told` in their order, replacing those whose primary key is there already."""
    if not told:
        return
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    fresh = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    every = ", ".join(names)
    statement = text(
        f"insert into {table.name} ({every}) select {every} from jsonb_populate_recordset("  # noqa: S608  (names from our own metadata)
        f"cast(null as {table.name}), cast(:rows as jsonb)) "
        f"on conflict ({', '.join(keys)}) do update set {fresh}"
    )
    values = {"rows": json.dumps(told, default=_text)}
    await (await session.connection()).execute(statement, values)


async def rewrite(session: AsyncSession, table: Table, told: Rows, names: Collection[str]) -> None:
    """Set the columns `names` of the rows that `told` has by their ids."""
    fresh = ", ".join(f"{name} = r.{name}" for name in names)
    statement = text(
        f"update {table.name} t set {fresh} from jsonb_populate_recordset("  # noqa: S608  (names from our own metadata)
        f"cast(null as {table.name}), cast(:rows as jsonb)) r where t.id = r.id"
    )
    values = {"rows": json.dumps(told, default=_text)}
    await (await session.connection()).execute(statement, values)


def _text(value: object) -> str:
    """Write a value that JSON does not know as PostgreSQL reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
