"""Which banks belong to a union, and what all of one bank's customers come to in a month."""

from collections.abc import Sequence
from datetime import date

from kit.db import Database, Duty, act_for
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.disclosure import Alike, TierCount
from scoring.domain.line import Line
from scoring.store.sql import rows, run

_SAVE = text(
    "insert into union_member (institution, union_code, version) "
    "values (:institution, :union_code, :version) on conflict (institution) do update set "
    "union_code = excluded.union_code, version = excluded.version "
    "where union_member.version < excluded.version"
)
_MEMBERS = text(
    "select institution from union_member where union_code = :union_code "
    "and institution > :after order by institution limit :limit"
)
_BELONGS = text(
    "select 1 from union_member where institution = :institution and union_code = :union_code"
)
_LINES = tuple(line.value for line in Line)
_SUMS = ", ".join(f"sum({line}) as {line}" for line in _LINES)
_SIGNS = ", ".join(f"{line} <> 0" for line in _LINES)
_ALIKE = text(
    f"select array[{_SIGNS}] as there, count(*) as customers, {_SUMS} from customer_month "  # noqa: S608  (fixed columns)
    "where institution = :institution and month = :month group by 1"
)
_TIERS = text(
    "select coalesce(o.code, p.code) as code, max(coalesce(o.name, p.name)) as name, "
    "max(coalesce(o.rank, p.rank)) as rank, count(*) as customers from customer c "
    "left join tier_period p on p.customer_id = c.id and p.institution = c.institution "
    "and p.since <= :day and (p.until is null or p.until > :day) "
    "left join tier_override o on o.customer_id = c.id and o.institution = c.institution "
    "and o.since <= :day and o.until > :day "
    "where c.institution = :institution group by 1 order by 3 nulls first, 1"
)


async def save_membership(
    session: AsyncSession, institution: str, union_code: str | None, version: int
) -> None:
    """Store which union the bank says it belongs to, if that is newer than known."""
    await run(session, _SAVE, institution=institution, union_code=union_code, version=version)


async def members(db: Database, union_code: str, after: str, limit: int) -> list[str]:
    """Return the banks that say they belong to the union, by code, beyond the code `after`."""
    async with db.read(Duty.UNION) as session:
        await act_for(session, union_code)
        read = await rows(session, _MEMBERS, union_code=union_code, after=after, limit=limit)
    return [row.institution for row in read]


async def belongs(session: AsyncSession, institution: str, union_code: str) -> bool:
    """Tell whether the bank still says so."""
    return bool(await rows(session, _BELONGS, institution=institution, union_code=union_code))


async def alike(session: AsyncSession, institution: str, month: date) -> list[Alike]:
    """Return what customers bring who have something on just the same lines."""
    return [
        Alike(
            lines=frozenset(line for line, there in zip(Line, row.there, strict=True) if there),
            customers=row.customers,
            amounts={line: int(getattr(row, line.value)) for line in Line},
        )
        for row in await rows(session, _ALIKE, institution=institution, month=month)
    ]


async def tiers_on(session: AsyncSession, institution: str, day: date) -> Sequence[TierCount]:
    """Return how many hold each tier on a day, lowest first; those who hold none first of all."""
    read = await rows(session, _TIERS, institution=institution, day=day)
    return [TierCount(row.code, row.name, row.customers) for row in read]
