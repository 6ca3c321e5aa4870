"""Sums over the whole bank, from what was last worked out."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.line import Line, View
from scoring.domain.months import Period
from scoring.store.sql import rows

_BANK = text(
    "select month, line, sum(amount_minor) as amount from contribution "
    "where institution = :institution and month between :first and :last group by month, line"
)
_COUNTS = text(
    "select (select count(*) from customer where institution = :institution) as customers, "
    "(select count(*) from account where institution = :institution) as accounts"
)
_TOP = text(
    "select customer_id, sum(amount_minor) as amount, sum(sum(amount_minor)) over () as total "
    "from contribution where institution = :institution and month between :first and :last "
    "and line = any(cast(:lines as text[])) group by customer_id "
    "order by amount desc, customer_id limit :limit"
)
_EACH = text(
    "select sum(amount_minor) as amount from contribution where institution = :institution "
    "and month between :first and :last and line = any(cast(:lines as text[])) "
    "group by customer_id"
)
_TIERS = text(
    "select tier_code, count(*) as customers, sum(contribution_minor) as amount "
    "from customer_score where institution = :institution and tier_code is not null "
    "group by tier_code"
)


async def bank(
    session: AsyncSession, institution: str, period: Period
) -> dict[tuple[date, Line], int]:
    """Return the bank's contribution by month and line, where there is any."""
    read = await rows(session, _BANK, institution=institution, first=period.first, last=period.last)
    return {(row.month, Line(row.line)): int(row.amount) for row in read}


async def counts(session: AsyncSession, institution: str) -> tuple[int, int]:
    """Return how many customers and accounts are known."""
    [row] = await rows(session, _COUNTS, institution=institution)
    return row.customers, row.accounts


@dataclass(frozen=True, slots=True)
class Ranked:
    """A customer and its contribution, beside that of the whole bank."""

    customer_id: CustomerId
    amount_minor: int
    bank_minor: int


async def top(
    session: AsyncSession,
    institution: str,
    period: Period,
    limit: int,
    *,
    view: View = View.GROSS,
) -> list[Ranked]:
    """Return the customers that contribute most, best first, then by id."""
    values = {
        "lines": sorted(view.lines),
        "institution": institution,
        "first": period.first,
        "last": period.last,
        "limit": limit,
    }
    read = await rows(session, _TOP, **values)
    return [Ranked(CustomerId(r.customer_id), int(r.amount), int(r.total)) for r in read]


async def contributions(
    session: AsyncSession, institution: str, period: Period, *, view: View = View.GROSS
) -> list[int]:
    """Return one contribution per known customer; those without any count 0."""
    values = {"lines": sorted(view.lines), "first": period.first, "last": period.last}
    read = await rows(session, _EACH, institution=institution, **values)
    customers, _ = await counts(session, institution)
    found = [int(row.amount) for row in read]
    return found + [0] * (customers - len(found))


async def tier_counts(session: AsyncSession, institution: str) -> dict[str, tuple[int, int]]:
    """Return how many customers hold each tier, and what they contribute in its window."""
    read = await rows(session, _TIERS, institution=institution)
    return {row.tier_code: (row.customers, int(row.amount or 0)) for row in read}
