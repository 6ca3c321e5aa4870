"""How many different products and lines customers hold."""

from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.cross_holding import Alike, CrossHolding
from scoring.domain.scope import Scope
from scoring.store.organisation import within
from scoring.store.sql import rows

_HELD = (
    "with held as (select count(distinct product) as products, count(distinct line) as lines "
    "from account where institution = :institution and opened_on <= :day "
    "and (closed_on is null or closed_on > :day){within} group by owner_id) "
    "select products, lines, count(*) as customers from held group by 1, 2 union all "
    "select 0, 0, count(*) from customer where institution = :institution{whom}"
)


async def cross_holding(
    session: AsyncSession, institution: str, day: date, scope: Scope
) -> CrossHolding:
    """Return what the scope's customers hold as owners at the end of a day."""
    condition, values = within(scope, "owner_id")
    whom, _ = within(scope, "id")
    statement = text(_HELD.format(within=condition, whom=whom))
    read = await rows(session, statement, institution=institution, day=day, **values)
    known = sum(row.customers for row in read if not row.products)
    holders = [Alike(row.products, row.lines, row.customers) for row in read if row.products]
    return CrossHolding.of(known, holders)
