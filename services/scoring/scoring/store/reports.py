"""Counts over the whole bank."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.store.sql import rows

_COUNTS = text(
    "select (select count(*) from customer where institution = :institution) as customers, "
    "(select count(*) from account where institution = :institution) as accounts"
)
_TIERS = text(
    "select tier_code, count(*) as customers, sum(contribution_minor) as amount "
    "from customer_score where institution = :institution and tier_code is not null "
    "group by tier_code"
)


async def counts(session: AsyncSession, institution: str) -> tuple[int, int]:
    """Return how many customers and accounts are known."""
    [row] = await rows(session, _COUNTS, institution=institution)
    return row.customers, row.accounts


async def tier_counts(session: AsyncSession, institution: str) -> dict[str, tuple[int, int]]:
    """Return how many customers hold each tier, and what they contribute in its window."""
    read = await rows(session, _TIERS, institution=institution)
    return {row.tier_code: (row.customers, int(row.amount or 0)) for row in read}
