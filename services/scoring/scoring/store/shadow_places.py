"""Everybody ranked as under a draft, at the end of each month of a shadow run that ranks all.

What a customer measures is worked out as it is for its tier; the database only puts all in order,
so that a bank of any size fits.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.db import copy_rows
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.ladder import Ladder
from scoring.domain.measures import Place
from scoring.store.sql import rows, run

_COLUMNS = ("institution", "run_id", "customer_id", "month", "amount_minor")
_RANK = text(
    "with ranked as (select customer_id, "
    "row_number() over (order by amount_minor desc, customer_id) as position, "
    "count(*) over () as customers from shadow_place where run_id = :run_id and month = :month) "
    "update shadow_place p set position = r.position, customers = r.customers, "
    "code = (cast(:codes as text[]))[width_bucket(1000000 - (r.position - 1) * 1000000 / "
    "r.customers, cast(:at_least as bigint[]))] from ranked r "
    "where p.run_id = :run_id and p.month = :month and p.customer_id = r.customer_id"
)
_CUTS = text(
    "select code, min(amount_minor) as least from shadow_place "
    "where run_id = :run_id and month = :month group by code"
)
_PLACES = text(
    "select customer_id, month, position, customers, amount_minor, code from shadow_place "
    "where run_id = :run_id and month = any(cast(:months as date[])) "
    "and customer_id = any(cast(:ids as uuid[])) and code is not null"
)
_FORGET = text("delete from shadow_place where run_id = :run_id")


async def add_amounts(
    session: AsyncSession,
    institution: str,
    run_id: UUID,
    amounts: Iterable[tuple[CustomerId, date, int]],
) -> None:
    """Keep what customers measure at the end of months."""
    await copy_rows(
        session, "shadow_place", _COLUMNS, ((institution, run_id, *one) for one in amounts)
    )


async def rank(
    session: AsyncSession, run_id: UUID, ladder: Ladder, month: date
) -> Mapping[str, int]:
    """Rank all at the end of the month; return the least amount on each step."""
    codes = [step.code for step in ladder.steps]
    least = [step.at_least_minor for step in ladder.steps]
    await run(session, _RANK, run_id=run_id, month=month, codes=codes, at_least=least)
    read = await rows(session, _CUTS, run_id=run_id, month=month)
    return {row.code: int(row.least) for row in read}


async def places(
    session: AsyncSession, run_id: UUID, ids: Sequence[CustomerId], months: Iterable[date]
) -> dict[CustomerId, dict[date, Place]]:
    """Return each customer's places at the end of these months."""
    found: dict[CustomerId, dict[date, Place]] = {one: {} for one in ids}
    for row in await rows(session, _PLACES, run_id=run_id, ids=ids, months=list(months)):
        place = Place(row.position, row.customers, int(row.amount_minor), row.code)
        found[CustomerId(row.customer_id)][row.month] = place
    return found


async def forget(session: AsyncSession, run_id: UUID) -> None:
    """Take back all places of a run: it begins anew, or needs them no longer."""
    await run(session, _FORGET, run_id=run_id)
