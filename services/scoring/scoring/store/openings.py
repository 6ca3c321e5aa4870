"""When the first account of a customer began, whoever owns it now."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.store.knowledge import as_known, chosen
from scoring.store.sql import rows


def _openings(account: str, every: str) -> TextClause:
    return text(
        "select owner_id, min(opened_on) as opened_on from ("  # noqa: S608  (fixed names)
        f"select owner_id, opened_on from {account} a where institution = :institution "
        "and owner_id = any(cast(:ids as uuid[])) union all "
        "select cast(record ->> 'owner_id' as uuid), cast(record ->> 'opened_on' as date) "
        "from superseded where kind = 'account' and institution = :institution "
        f"and cast(record ->> 'owner_id' as uuid) = any(cast(:ids as uuid[])) {every}"
        ") as ever group by owner_id"
    )


_OPENINGS = _openings("account", "")
_OPENINGS_KNOWN = _openings(as_known("account"), "and recorded_at <= :known_at")


async def openings_by_customer_id(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    known_at: datetime | None = None,
) -> dict[CustomerId, date]:
    """Return the first day of any account that each ever owned, whoever owns it now."""
    statement, known = chosen(known_at, _OPENINGS, _OPENINGS_KNOWN)
    read = await rows(session, statement, institution=institution, ids=ids, **known)
    return {CustomerId(row.owner_id): row.opened_on for row in read}
