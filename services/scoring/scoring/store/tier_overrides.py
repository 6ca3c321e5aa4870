"""Tiers given by hand."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.scope import Within
from scoring.domain.tier_override import Override
from scoring.store.knowledge import as_known, chosen
from scoring.store.organisation import reached
from scoring.store.sql import rows, run

_HOLD = (
    "select c.id from customer c where c.institution = :institution and c.id = :id{reached} "
    "for update"
)
_COLUMNS = (
    "id, customer_id, code, name, rank, reason, since, until, set_by, set_at, ended_by, end_reason"
)
_SELECT = f"select {_COLUMNS} from tier_override "  # noqa: S608  (fixed names)


def _by_customer(table: str) -> TextClause:
    return text(
        f"select {_COLUMNS} from {table} o where institution = :institution "  # noqa: S608  (fixed)
        "and customer_id = any(cast(:ids as uuid[])) order by customer_id, since, set_at, id"
    )


_BY_CUSTOMER = _by_customer("tier_override")
_BY_CUSTOMER_KNOWN = _by_customer(as_known("tier_override"))
_IN_FORCE = text(
    f"{_SELECT} where institution = :institution and customer_id = :customer_id "
    "and since <= :day and until > :day"
)
_ADD = text(
    "insert into tier_override (institution, id, customer_id, code, name, rank, reason, since, "
    "until, set_by, set_at, ended_by, end_reason, recorded_at) values (:institution, :id, "
    ":customer_id, :code, :name, :rank, :reason, :since, :until, :set_by, :set_at, :ended_by, "
    ":end_reason, now())"
)
_END = text(
    "update tier_override set until = :until, ended_by = :ended_by, end_reason = :end_reason "
    "where institution = :institution and id = :id"
)


async def hold(
    session: AsyncSession, institution: str, within: Within, customer: CustomerId
) -> bool:
    """Let nobody else give the customer a tier until the transaction ends.

    False where there is no such customer within reach, which stays so until then.
    """
    condition, values = reached(within)
    statement = text(_HOLD.format(reached=condition))
    return bool(await rows(session, statement, institution=institution, id=customer, **values))


async def overrides_by_customer_id(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    known_at: datetime | None = None,
) -> dict[CustomerId, list[Override]]:
    """Return every tier ever given by hand, oldest first."""
    statement, known = chosen(known_at, _BY_CUSTOMER, _BY_CUSTOMER_KNOWN)
    found: dict[CustomerId, list[Override]] = {}
    for row in await rows(session, statement, institution=institution, ids=ids, **known):
        one = Override(**row._mapping)  # noqa: SLF001  (public in SQLAlchemy)
        found.setdefault(one.customer_id, []).append(one)
    return found


async def in_force(
    session: AsyncSession, institution: str, customer: CustomerId, day: date
) -> Override | None:
    """Return what is in force for the customer on that day."""
    key = {"institution": institution, "customer_id": customer, "day": day}
    found = await rows(session, _IN_FORCE, **key)
    return Override(**found[0]._mapping) if found else None  # noqa: SLF001  (public in SQLAlchemy)


async def add(session: AsyncSession, institution: str, override: Override) -> None:
    """Store a new one."""
    await run(session, _ADD, institution=institution, **asdict(override))


async def end(session: AsyncSession, institution: str, override: Override) -> None:
    """Store when, by whom and why it ended."""
    await run(
        session,
        _END,
        institution=institution,
        id=override.id,
        until=override.until,
        ended_by=override.ended_by,
        end_reason=override.end_reason,
    )
