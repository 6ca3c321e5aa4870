"""Contribution and tiers as last worked out, and who could not be."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from kit.db import copy_rows
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.month_end import MonthEnd
from scoring.domain.scope import Within
from scoring.store.balances import add_balances
from scoring.store.customer_months import Sum, add_months
from scoring.store.organisation import reached_by
from scoring.store.sql import records, rows, run

_COLUMNS = ("institution", "customer_id", "month", "account_id", "line", "amount_minor")
_FORGET = text(
    "with months as (delete from customer_month where customer_id = any(cast(:ids as uuid[])) "
    "and month >= :since), balances as (delete from account_balance "
    "where customer_id = any(cast(:ids as uuid[])) and month >= :since) "
    "delete from contribution where customer_id = any(cast(:ids as uuid[])) and month >= :since"
)


async def replace_results(  # noqa: PLR0913, PLR0917  (whose, since when, all that was found)
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    since: date,
    sums: Iterable[Sum],
    ends: Iterable[MonthEnd],
) -> None:
    """Keep what was worked out in place of all from `since` on.

    `sums` are contribution by customer, month, account and line; `ends` the accounts' balances.
    """
    kept = [one for one in sums if one[-1]]
    await run(session, _FORGET, ids=ids, since=since)
    await copy_rows(session, "contribution", _COLUMNS, ((institution, *one) for one in kept))
    await add_months(session, institution, kept)
    await add_balances(session, institution, ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was last announced of a customer."""

    customer_id: CustomerId
    version: int
    window_months: int
    through: date
    contribution_minor: int | None
    tier_code: str | None


_SCORES = text(
    "select customer_id, version, window_months, through, contribution_minor, tier_code "
    "from customer_score where customer_id = any(cast(:ids as uuid[]))"
)
_SAVE_SCORES = text(
    "insert into customer_score (institution, customer_id, version, window_months, through, "
    "contribution_minor, tier_code) select cast(:institution as text), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(customer_id uuid, version int, "
    "window_months int, through date, contribution_minor bigint, tier_code text) "
    "on conflict (customer_id) do update set version = excluded.version, "
    "window_months = excluded.window_months, through = excluded.through, "
    "contribution_minor = excluded.contribution_minor, tier_code = excluded.tier_code"
)


async def scores(session: AsyncSession, ids: Sequence[CustomerId]) -> dict[CustomerId, Score]:
    """Return what was last announced of each."""
    read = await rows(session, _SCORES, ids=ids)
    return {CustomerId(row.customer_id): Score(**row._mapping) for row in read}  # noqa: SLF001  (public in SQLAlchemy)


async def save_scores(session: AsyncSession, institution: str, found: Iterable[Score]) -> None:
    """Store scores in place of former ones."""
    kept = records(asdict(score) for score in found)
    await run(session, _SAVE_SCORES, institution=institution, records=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotComputed:
    """A customer whose months from `from_month` on cannot be priced."""

    customer_id: CustomerId
    from_month: date
    code: str
    message: str


_FAILING = text(
    "select min(from_month) as since from not_computed "
    "where customer_id = any(cast(:ids as uuid[]))"
)


async def failing_since(session: AsyncSession, ids: Sequence[CustomerId]) -> date | None:
    """Return the first month noted as not priced for any of these customers."""
    found: date | None = (await rows(session, _FAILING, ids=ids))[0].since
    return found


_CLEAR = text("delete from not_computed where customer_id = any(cast(:ids as uuid[]))")
_NOTE = text(
    "insert into not_computed (institution, customer_id, from_month, code, message) "
    "select cast(:institution as text), r.* from jsonb_to_recordset(cast(:records as jsonb)) as "
    "r(customer_id uuid, from_month date, code text, message text)"
)
_NOT_COMPUTED = (
    "select customer_id, from_month, code, message from not_computed "
    "where institution = :institution and customer_id > :after{within} "
    "order by customer_id limit :limit"
)


async def replace_not_computed(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    found: Sequence[NotComputed],
) -> None:
    """Note who of `ids` could not be priced; forget what was noted of the others."""
    await run(session, _CLEAR, ids=ids)
    if found:
        kept = records(asdict(one) for one in found)
        await run(session, _NOTE, institution=institution, records=kept)


async def not_computed(
    session: AsyncSession, institution: str, within: Within, after: UUID, limit: int
) -> list[NotComputed]:
    """Return those within reach that could not be priced, by id, beyond the id `after`."""
    condition, values = reached_by(within, "customer_id")
    statement = text(_NOT_COMPUTED.format(within=condition))
    values |= {"institution": institution, "after": after, "limit": limit}
    read = await rows(session, statement, **values)
    return [NotComputed(**row._mapping) for row in read]  # noqa: SLF001  (public in SQLAlchemy)
