"""Counts over the whole bank."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.scope import Within
from scoring.store.organisation import reached_by
from scoring.store.sql import rows

_COUNTS = text(
    "select (select count(*) from customer where institution = :institution) as customers, "
    "(select count(*) from account where institution = :institution) as accounts"
)
_TIERS = (
    "select tier_code, count(*) as customers, sum(contribution_minor) as amount "
    "from customer_score where institution = :institution and tier_code is not null{within} "
    "group by tier_code"
)


async def counts(session: AsyncSession, institution: str) -> tuple[int, int]:
    """Return how many customers and accounts are known."""
    [row] = await rows(session, _COUNTS, institution=institution)
    return row.customers, row.accounts


async def tier_counts(
    session: AsyncSession, institution: str, within: Within
) -> dict[str, tuple[int, int]]:
    """Return how many of those within reach hold each tier, and what they bring in its window."""
    condition, values = reached_by(within, "customer_id")
    statement = text(_TIERS.format(within=condition))
    read = await rows(session, statement, institution=institution, **values)
    return {row.tier_code: (row.customers, int(row.amount or 0)) for row in read}
