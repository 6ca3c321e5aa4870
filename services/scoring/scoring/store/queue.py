"""Who waits to be worked out again, and from which month on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.months import month_of
from scoring.store.sql import rows, run

_ENQUEUE = text(
    "insert into recalculation (institution, customer_id, from_month) "
    "select :institution, q.c, q.m from "
    "unnest(cast(:ids as uuid[]), cast(:months as date[])) as q(c, m) order by q.c "
    "on conflict (customer_id) do update set from_month = excluded.from_month "
    "where excluded.from_month < recalculation.from_month"
)
_EVERYONE = text(
    "insert into recalculation (institution, customer_id, from_month) "
    "select institution, id, :since from customer where institution = :institution order by id "
    "on conflict (customer_id) do update set from_month = excluded.from_month "
    "where excluded.from_month < recalculation.from_month"
)
_TO_SPREAD = text("select code from institution where recalculate_from is not null order by code")
_DUE = text(
    "select recalculate_from from institution where code = :institution "
    "and recalculate_from is not null for update skip locked"
)
_DUE_DONE = text("update institution set recalculate_from = null where code = :institution")
_WAITING = text("select institution from recalculation limit 1")
_TAKE = text(
    "with due as materialized (select customer_id from recalculation "
    "where institution = :institution order by from_month, customer_id limit :limit "
    "for update skip locked) delete from recalculation r using due "
    "where r.customer_id = due.customer_id returning r.customer_id, r.from_month"
)
_PENDING = text(
    "select (select count(*) from recalculation) + "
    "(select count(*) from institution where recalculate_from is not null) + "
    "(select count(*) from (select distinct institution, month from tier_ranking_due) d) "
    "as pending"
)
_PENDING_OF = text(
    "select (select count(*) from recalculation where institution = :institution) + "
    "(select count(*) from institution where code = :institution "
    "and recalculate_from is not null) + "
    "(select count(distinct month) from tier_ranking_due where institution = :institution) "
    "as pending"
)


@dataclass(frozen=True, slots=True)
class Due:
    """Customers of one institution taken off the queue; undone if the transaction fails."""

    institution: str
    customers: Sequence[CustomerId]
    since: date


async def enqueue(session: AsyncSession, institution: str, since: Mapping[UUID, date]) -> None:
    """Make customers wait, each from the month of its day on."""
    months = [month_of(day) for day in since.values()]
    await run(session, _ENQUEUE, institution=institution, ids=list(since), months=months)


_CURRENCIES = text(
    "insert into recalculation (institution, customer_id, from_month) "
    "select :institution, h.id, min(q.m) from "
    "unnest(cast(:currencies as text[]), cast(:months as date[])) as q(c, m) "
    "join account a on a.institution = :institution and a.currency = q.c "
    "cross join unnest(a.owner_id || a.joint) as h(id) group by h.id order by h.id "
    "on conflict (customer_id) do update set from_month = excluded.from_month "
    "where excluded.from_month < recalculation.from_month"
)


async def enqueue_currencies(
    session: AsyncSession, institution: str, since: Mapping[str, date]
) -> None:
    """Make the holders of accounts in these currencies wait, from the month of each day on."""
    months = [month_of(day) for day in since.values()]
    values = {"institution": institution, "currencies": list(since), "months": months}
    await run(session, _CURRENCIES, **values)


async def enqueue_everyone(session: AsyncSession, institution: str, since: date) -> int:
    """Make every customer of the institution wait; return how many were not waiting as long."""
    return await run(session, _EVERYONE, institution=institution, since=since)


async def to_spread(session: AsyncSession) -> list[str]:
    """Return the institutions in which everybody waits."""
    return [row.code for row in await rows(session, _TO_SPREAD)]


async def spread(session: AsyncSession, institution: str) -> None:
    """Turn 'everybody waits' of an institution into its customers."""
    for row in await rows(session, _DUE, institution=institution):
        await enqueue_everyone(session, institution, row.recalculate_from)
        await run(session, _DUE_DONE, institution=institution)


async def waiting(session: AsyncSession) -> str | None:
    """Return an institution in which customers wait, if there is one."""
    found = await rows(session, _WAITING)
    return found[0].institution if found else None


async def take(session: AsyncSession, institution: str, limit: int) -> Due:
    """Take up to `limit` of an institution's customers off the queue, those furthest back first."""
    taken = await rows(session, _TAKE, institution=institution, limit=limit)
    ids = [CustomerId(row.customer_id) for row in taken]
    return Due(institution, ids, min((row.from_month for row in taken), default=date.max))


async def pending(session: AsyncSession) -> int:
    """Return how many wait: customers, institutions as a whole, and months to be ranked."""
    return int((await rows(session, _PENDING))[0].pending)


async def pending_of(session: AsyncSession, institution: str) -> int:
    """Return how many wait in one institution, counted likewise."""
    return int((await rows(session, _PENDING_OF, institution=institution))[0].pending)
