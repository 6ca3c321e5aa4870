"""Who waits to be worked out again, and from which month on.

Where few changed at once it is news, which is worked out at once, beside what changed in bulk.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.months import month_of
from scoring.store.sql import rows, run

FEW = 200
"""So many customers that change at once are news; more are bulk."""
_AGAIN = (
    "on conflict (customer_id) do update set "
    "from_month = least(recalculation.from_month, excluded.from_month), "
    "soon = recalculation.soon or excluded.soon "
    "where excluded.from_month < recalculation.from_month "
    "or (excluded.soon and not recalculation.soon)"
)
_ENQUEUE = text(
    "insert into recalculation (institution, customer_id, from_month, soon) "  # noqa: S608  (fixed parts)
    "select :institution, q.c, q.m, :soon from "
    "unnest(cast(:ids as uuid[]), cast(:months as date[])) as q(c, m) order by q.c "
    f"{_AGAIN}"
)
_PIECE = text(
    "with piece as materialized (select id from customer where institution = :institution "  # noqa: S608  (fixed parts)
    "and id > :after order by id limit :limit), waiting as ("
    "insert into recalculation (institution, customer_id, from_month, soon) "
    "select cast(:institution as text), id, cast(:since as date), false from piece "
    f"order by id {_AGAIN}) "
    "select id, count(*) over () as customers from piece order by id desc limit 1"
)
_TO_SPREAD = text("select code from institution where recalculate_from is not null order by code")
_DUE = text(
    "select recalculate_from, spread_through from institution where code = :institution "
    "and recalculate_from is not null for update skip locked"
)
_SPREAD = text("update institution set spread_through = :last where code = :institution")
_SPREAD_ALL = text(
    "update institution set recalculate_from = null, spread_through = null "
    "where code = :institution"
)
_WITH_NEWS = text("select institution from recalculation where soon order by from_month limit 1")
_WITH_BULK = text("select institution from recalculation where not soon limit 1")
_BULK_WAITS = text(
    "select count(*) as waiting from (select 1 from recalculation where not soon "
    "and institution = :institution limit :many) as counted"
)
_DELETE = (
    "for update skip locked) delete from recalculation r using due "
    "where r.customer_id = due.customer_id returning r.customer_id, r.from_month"
)
_TAKE_NEWS = text(
    "with first as materialized (select from_month from recalculation "  # noqa: S608  (fixed parts)
    "where soon and institution = :institution order by from_month limit 1 "
    "for update skip locked), "
    "due as materialized (select customer_id from recalculation where soon "
    "and institution = :institution and from_month = (select from_month from first) "
    f"order by customer_id limit :limit {_DELETE}"
)
_TAKE_BULK = text(
    "with due as materialized (select customer_id from recalculation "  # noqa: S608  (fixed parts)
    "where not soon and institution = :institution "
    f"order by from_month, customer_id limit :limit {_DELETE}"
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
    """Make customers wait, each from the month of its day on; a few of them are news."""
    months = [month_of(day) for day in since.values()]
    values = {"institution": institution, "ids": list(since), "months": months}
    soon = len(since) <= FEW
    await run(session, _ENQUEUE, soon=soon, **values)
    if soon:
        _tell_of_news(session)


def _tell_of_news(session: AsyncSession) -> None:
    """Wake who waits for news beside this session, when it has committed."""
    news: asyncio.Event | None = session.info.get("news")
    if news:
        event.listen(session.sync_session, "after_commit", lambda _: news.set())


_CURRENCIES = text(
    "insert into recalculation (institution, customer_id, from_month, soon) "  # noqa: S608  (fixed parts)
    "select :institution, h.id, min(q.m), false from "
    "unnest(cast(:currencies as text[]), cast(:months as date[])) as q(c, m) "
    "join account a on a.institution = :institution and a.currency = q.c "
    "cross join unnest(a.owner_id || a.joint) as h(id) group by h.id order by h.id "
    f"{_AGAIN}"
)


async def enqueue_currencies(
    session: AsyncSession, institution: str, since: Mapping[str, date]
) -> None:
    """Make the holders of accounts in these currencies wait, from the month of each day on."""
    months = [month_of(day) for day in since.values()]
    values = {"institution": institution, "currencies": list(since), "months": months}
    await run(session, _CURRENCIES, **values)


async def to_spread(session: AsyncSession) -> list[str]:
    """Return the institutions in which everybody waits."""
    return [row.code for row in await rows(session, _TO_SPREAD)]


async def spread(session: AsyncSession, institution: str, limit: int) -> bool:
    """Turn 'everybody waits' of an institution into its next customers who wait, by id.

    Return whether there may be more. Another process that does so too is left to it.
    """
    due = await rows(session, _DUE, institution=institution)
    if not due:
        return False
    values = {"institution": institution, "since": due[0].recalculate_from, "limit": limit}
    after = due[0].spread_through or UUID(int=0)
    last = await rows(session, _PIECE, after=after, **values)
    if last and last[0].customers == limit:
        await run(session, _SPREAD, institution=institution, last=last[0].id)
        return True
    await run(session, _SPREAD_ALL, institution=institution)
    return False


async def with_news(session: AsyncSession) -> str | None:
    """Return an institution in which there is news, if any."""
    found = await rows(session, _WITH_NEWS)
    return found[0].institution if found else None


async def with_bulk(session: AsyncSession) -> str | None:
    """Return an institution in which others wait, if any."""
    found = await rows(session, _WITH_BULK)
    return found[0].institution if found else None


async def bulk_waits(session: AsyncSession, institution: str, many: int) -> bool:
    """Tell whether so many others wait in an institution."""
    found = await rows(session, _BULK_WAITS, institution=institution, many=many)
    return bool(found[0].waiting >= many)


async def take_news(session: AsyncSession, institution: str, limit: int) -> Due:
    """Take customers off the queue that are news from one same month on, furthest back first.

    Another process that does so too takes others, of another month if need be.
    """
    values = {"institution": institution, "limit": limit}
    return _due(institution, await rows(session, _TAKE_NEWS, **values))


async def take_bulk(session: AsyncSession, institution: str, limit: int) -> Due:
    """Take others off the queue, those furthest back first."""
    values = {"institution": institution, "limit": limit}
    return _due(institution, await rows(session, _TAKE_BULK, **values))


def _due(institution: str, taken: Sequence[Row[Any]]) -> Due:
    ids = [CustomerId(row.customer_id) for row in taken]
    return Due(institution, ids, min((row.from_month for row in taken), default=date.max))


async def pending(session: AsyncSession) -> int:
    """Return how many wait: customers, institutions as a whole, and months to be ranked."""
    return int((await rows(session, _PENDING))[0].pending)


async def pending_of(session: AsyncSession, institution: str) -> int:
    """Return how many wait in one institution, counted likewise."""
    return int((await rows(session, _PENDING_OF, institution=institution))[0].pending)
