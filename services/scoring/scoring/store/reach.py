"""Who of some customers and accounts is within a caller's reach."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.scope import Within
from scoring.store.organisation import reached
from scoring.store.sql import rows

_CUSTOMERS = (
    "select c.id from customer c where c.institution = :institution "
    "and c.id = any(cast(:ids as uuid[])){reached}"
)
_ACCOUNTS = (
    "select a.id from account a where a.institution = :institution "
    "and a.id = any(cast(:ids as uuid[])) and exists (select 1 from customer c "
    "where c.institution = :institution "
    "and c.id = any(array_append(coalesce(a.joint, '{{}}'), a.owner_id)){reached})"
)
"""An account is within reach of whoever reaches any of its holders."""


async def customers_within(
    session: AsyncSession, institution: str, within: Within, ids: Sequence[UUID]
) -> set[UUID]:
    """Return those of the customers that are within reach."""
    return await _within(session, _CUSTOMERS, institution, within, ids)


async def accounts_within(
    session: AsyncSession, institution: str, within: Within, ids: Sequence[UUID]
) -> set[UUID]:
    """Return those of the accounts that are within reach."""
    return await _within(session, _ACCOUNTS, institution, within, ids)


async def _within(
    session: AsyncSession, statement: str, institution: str, within: Within, ids: Sequence[UUID]
) -> set[UUID]:
    condition, values = reached(within)
    asked = text(statement.format(reached=condition))
    read = await rows(session, asked, institution=institution, ids=ids, **values)
    return {row.id for row in read}
