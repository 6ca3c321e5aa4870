"""Runs statements on a session's connection, and names what all statements share."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

_LOCK = "pg_advisory_xact_lock{kind}(hashtextextended(cast(:institution as text), 0))"
_ALONE = text(f"select {_LOCK.format(kind='')}")
_SHARED = text(f"select {_LOCK.format(kind='_shared')}")


async def rows(
    session: AsyncSession, statement: TextClause, **values: object
) -> Sequence[Row[Any]]:
    """Run a statement and return all its rows."""
    return (await (await session.connection()).execute(statement, values)).all()


async def run(session: AsyncSession, statement: TextClause, **values: object) -> int:
    """Run a statement and return how many rows it touched."""
    return (await (await session.connection()).execute(statement, values)).rowcount


def records(values: Iterable[Mapping[str, Any]]) -> str:
    """Write records for `jsonb_to_recordset`."""
    return json.dumps(list(values), default=str)


async def hold_accounts(session: AsyncSession, institution: str, *, alone: bool) -> None:
    """Keep the institution's known accounts as they are until the transaction ends.

    Who parks a record for an unknown account holds this together with others; who makes an
    account known holds it `alone`. So no record is parked for an account that became known.
    """
    await rows(session, _ALONE if alone else _SHARED, institution=institution)
