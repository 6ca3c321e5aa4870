"""One way to run a select and get plain rows, typed by nobody but their reader."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable
from sqlmodel.ext.asyncio.session import AsyncSession


async def rows(session: AsyncSession, query: Executable) -> Sequence[Any]:
    """Return the rows of `query`."""
    return (await (await session.connection()).execute(query)).all()
