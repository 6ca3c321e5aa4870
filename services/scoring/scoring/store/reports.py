"""Counts over the whole bank."""

from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.scope import WHOLE_BANK, Scope, Within
from scoring.store.organisation import reached_by, within
from scoring.store.sql import rows

_COUNTS = (
    "select (select count(*) from customer where institution = :institution{whom}) as customers, "
    "(select count(*) from account where institution = :institution{whose}) as accounts"
)
_CUSTOMERS = "select id from customer where institution = :institution{whom} order by id"
_FAILING = (
    "select count(*) as customers from not_computed "
    "where institution = :institution and from_month <= :last{whom}"
)
_TIERS = (
    "select tier_code, count(*) as customers, sum(contribution_minor) as amount "
    "from customer_score where institution = :institution and tier_code is not null{within} "
    "group by tier_code"
)


async def counts(
    session: AsyncSession, institution: str, scope: Scope = WHOLE_BANK
) -> tuple[int, int]:
    """Return how many customers of the scope are known, and how many accounts they own."""
    whom, values = within(scope, "id")
    whose, _ = within(scope, "owner_id")
    statement = text(_COUNTS.format(whom=whom, whose=whose))
    [row] = await rows(session, statement, institution=institution, **values)
    return row.customers, row.accounts


async def customers(session: AsyncSession, institution: str, scope: Scope) -> list[CustomerId]:
    """Return the customers of the scope, by id."""
    whom, values = within(scope, "id")
    statement = text(_CUSTOMERS.format(whom=whom))
    read = await rows(session, statement, institution=institution, **values)
    return [CustomerId(row.id) for row in read]


async def failing(session: AsyncSession, institution: str, scope: Scope, last: date) -> int:
    """Return of how many of the scope's customers some month through `last` cannot be priced."""
    whom, values = within(scope, "customer_id")
    statement = text(_FAILING.format(whom=whom))
    [row] = await rows(session, statement, institution=institution, last=last, **values)
    return int(row.customers)


async def tier_counts(
    session: AsyncSession, institution: str, within: Within
) -> dict[str, tuple[int, int]]:
    """Return how many of those within reach hold each tier, and what they bring in its window."""
    condition, values = reached_by(within, "customer_id")
    statement = text(_TIERS.format(within=condition))
    read = await rows(session, statement, institution=institution, **values)
    return {row.tier_code: (row.customers, int(row.amount or 0)) for row in read}
