"""Households and groups with their members, as they are written and as they are read."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.group import Group, Member
from customer.domain.ids import CustomerId, GroupId
from customer.domain.taking import Known
from customer.domain.vocabulary import GroupKind
from customer.store.bulk import among, columns, execute, upsert
from customer.tables import METADATA

_GROUP, _MEMBER = METADATA.tables["customer_group"], METADATA.tables["group_member"]
_PARENT = _GROUP.alias("parent")
_GROUPS = select(_GROUP, _PARENT.c.code.label("parent_code")).outerjoin(
    _PARENT, _PARENT.c.id == _GROUP.c.parent_id
)


async def groups_and_above(
    session: AsyncSession, institution: str, ids: Collection[GroupId]
) -> dict[GroupId, Known[Group]]:
    """Return those of `ids` that are known and whatever they stand under; two statements."""
    start = select(_GROUP.c.id, _GROUP.c.parent_id).where(
        among(_GROUP.c.id, ids), _GROUP.c.institution == institution
    )
    line = start.cte("line", recursive=True)
    line = line.union(
        select(_GROUP.c.id, _GROUP.c.parent_id).join(line, line.c.parent_id == _GROUP.c.id)
    )
    return await _known(session, _GROUPS.where(_GROUP.c.id.in_(select(line.c.id))))


async def groups_with(
    session: AsyncSession,
    institution: str,
    ids: Collection[GroupId],
    customer_ids: Collection[CustomerId],
) -> dict[GroupId, Known[Group]]:
    """Return those of `ids`, and the groups that these customers are or were in; two statements."""
    theirs = select(_MEMBER.c.group_id).where(among(_MEMBER.c.customer_id, customer_ids))
    query = _GROUPS.where(
        _GROUP.c.institution == institution,
        or_(among(_GROUP.c.id, ids), _GROUP.c.id.in_(theirs)),
    )
    return await _known(session, query)


async def _known(session: AsyncSession, query: Select[Any]) -> dict[GroupId, Known[Group]]:
    rows = await execute(session, query)
    members: dict[UUID, list[Member]] = defaultdict(list)
    held = (
        select(_MEMBER)
        .where(among(_MEMBER.c.group_id, [row.id for row in rows]))
        .order_by(_MEMBER.c.customer_id, _MEMBER.c.since)
    )
    for row in await execute(session, held):
        members[row.group_id].append(_member(row))
    return {GroupId(row.id): Known(_group(row, members[row.id]), row.version) for row in rows}


async def save_groups(
    session: AsyncSession, institution: str, told: Mapping[GroupId, Known[Group]]
) -> None:
    """Write groups and their members as they now are; a parent comes before what is under it."""
    own = {"institution": institution}
    rows = [columns(one.value) | own | {"version": one.version} for one in told.values()]
    for row in rows:
        del row["members"], row["parent_code"]
    await upsert(session, _GROUP, rows)
    members = [
        columns(member) | own | {"group_id": one.value.id}
        for one in told.values()
        for member in one.value.members
    ]
    await upsert(session, _MEMBER, members)


async def groups_by_id(
    session: AsyncSession, institution: str, ids: Collection[UUID]
) -> dict[UUID, Group]:
    """Return those of `ids` that are groups of the institution, without their members."""
    query = _GROUPS.where(among(_GROUP.c.id, ids), _GROUP.c.institution == institution)
    return {row.id: _group(row, ()) for row in await execute(session, query)}


async def group_by_code(session: AsyncSession, institution: str, code: str) -> Group | None:
    """Return the institution's household or group `code`, without its members."""
    query = _GROUPS.where(_GROUP.c.institution == institution, _GROUP.c.code == code)
    rows = await execute(session, query)
    return _group(rows[0], ()) if rows else None


async def groups_by_customer_id(
    session: AsyncSession, institution: str, ids: Collection[UUID], on: date
) -> dict[tuple[UUID, GroupKind], Group]:
    """Return what each customer is in on a day, by kind; without members."""
    query = (
        _GROUPS.add_columns(_MEMBER.c.customer_id)
        .join(_MEMBER, _MEMBER.c.group_id == _GROUP.c.id)
        .where(among(_MEMBER.c.customer_id, ids), _GROUP.c.institution == institution, _on(on))
    )
    return {
        (row.customer_id, GroupKind(row.kind)): _group(row, ())
        for row in await execute(session, query)
    }


_MEMBERS = text(
    "select m.* from unnest(cast(:ids as uuid[])) as g(id) cross join lateral ("
    "select * from group_member where group_id = g.id and institution = :institution "
    "and since <= :on and (until is null or until > :on) and customer_id > :after "
    "order by customer_id limit :limit) m order by m.group_id, m.customer_id"
)
_UNDER = text(
    "select c.*, g.code as parent_code from customer_group g cross join lateral ("
    "select * from customer_group where parent_id = g.id and institution = :institution "
    "and code > :after order by code limit :limit) c "
    "where g.id = any(cast(:ids as uuid[])) order by c.code"
)


async def members_by_group_id(  # noqa: PLR0913  (whose, on which day, which page)
    session: AsyncSession,
    institution: str,
    ids: Collection[UUID],
    *,
    on: date,
    after: UUID | None,
    limit: int,
) -> dict[UUID, list[Member]]:
    """Return up to `limit` members of each group on a day, in the order of their ids."""
    page = {"institution": institution, "ids": list(ids), "limit": limit}
    read = await execute(session, _MEMBERS.bindparams(**page, on=on, after=after or UUID(int=0)))
    found: dict[UUID, list[Member]] = defaultdict(list)
    for row in read:
        found[row.group_id].append(_member(row))
    return found


async def groups_under(
    session: AsyncSession,
    institution: str,
    ids: Collection[UUID],
    *,
    after: str | None,
    limit: int,
) -> dict[UUID, list[Group]]:
    """Return up to `limit` groups right under each of `ids`, by code; without members."""
    page = {"institution": institution, "ids": list(ids), "limit": limit}
    found: dict[UUID, list[Group]] = defaultdict(list)
    for row in await execute(session, _UNDER.bindparams(**page, after=after or "")):
        found[row.parent_id].append(_group(row, ()))
    return found


def _on(day: date) -> ColumnElement[bool]:
    return and_(_MEMBER.c.since <= day, or_(_MEMBER.c.until.is_(None), _MEMBER.c.until > day))


def _group(row: Row[Any], members: Collection[Member]) -> Group:
    return Group(
        id=GroupId(row.id),
        code=row.code,
        kind=GroupKind(row.kind),
        name=row.name,
        parent_id=GroupId(row.parent_id) if row.parent_id else None,
        parent_code=row.parent_code,
        members=tuple(members),
    )


def _member(row: Row[Any]) -> Member:
    return Member(CustomerId(row.customer_id), row.since, row.role, row.until)
