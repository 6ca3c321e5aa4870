"""Callers who proved to be customers, and how much of an allowance is used up."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.store.bulk import rows

_SAVE = text(
    "insert into verification (customer_id, subject, institution, method, until) "
    "values (:customer_id, :subject, :institution, :method, :until) "
    "on conflict (customer_id, subject) "
    "do update set method = excluded.method, until = excluded.until"
)
_IN_FORCE = text(
    "select customer_id from verification where institution = :institution "
    "and subject = :subject and customer_id = any(cast(:ids as uuid[])) and until > :at"
)
_HOLD = text(
    "insert into allowance (institution, subject, use, full_at) "
    "values (:institution, :subject, :use, :at) on conflict (institution, subject, use) "
    "do update set full_at = allowance.full_at returning full_at"
)
_USE = text(
    "update allowance set full_at = :full_at "
    "where institution = :institution and subject = :subject and use = :use"
)


async def save_verification(  # noqa: PLR0913  (one row, named)
    session: AsyncSession,
    institution: str,
    customer_id: UUID,
    *,
    subject: str,
    method: str,
    until: datetime,
) -> None:
    """Write that a member of staff knows until then that a caller is the customer."""
    values = {"institution": institution, "customer_id": customer_id, "subject": subject}
    connection = await session.connection()
    await connection.execute(_SAVE, values | {"method": method, "until": until})


async def verified(
    session: AsyncSession, institution: str, ids: Collection[UUID], *, subject: str, at: datetime
) -> set[UUID]:
    """Return those of `ids` that the member of staff knows to be the caller."""
    found = await rows(
        session, _IN_FORCE, institution=institution, subject=subject, ids=list(ids), at=at
    )
    return {row.customer_id for row in found}


async def hold_allowance(
    session: AsyncSession, institution: str, *, subject: str, use: str, at: datetime
) -> datetime:
    """Return when the caller's allowance is full again; nobody else uses it until we commit."""
    [row] = await rows(session, _HOLD, institution=institution, subject=subject, use=use, at=at)
    full_at: datetime = row.full_at
    return full_at


async def use_allowance(
    session: AsyncSession, institution: str, *, subject: str, use: str, full_at: datetime
) -> None:
    """Write when the allowance, held by `hold_allowance`, is full again now."""
    values = {"institution": institution, "subject": subject, "use": use, "full_at": full_at}
    await (await session.connection()).execute(_USE, values)
