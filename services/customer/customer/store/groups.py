"""Households and groups with their members, as they are written and as they are read."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, TableValuedAlias, column, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.group import Group, Member
from customer.domain.ids import CustomerId, GroupId
from customer.domain.reach import Within
from customer.domain.taking import Known
from customer.domain.vocabulary import GroupKind
from customer.store import reach
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
    session: AsyncSession, within: Within, ids: Collection[UUID]
) -> dict[UUID, Group]:
    """Return those of `ids` that are groups within reach, without their members."""
    query = _reached(within).where(among(_GROUP.c.id, ids))
    return {row.id: _group(row, ()) for row in await execute(session, query)}


async def group_by_code(session: AsyncSession, within: Within, code: str) -> Group | None:
    """Return the household or group `code`, where it is within reach; without its members."""
    rows = await execute(session, _reached(within).where(_GROUP.c.code == code))
    return _group(rows[0], ()) if rows else None


def _reached(within: Within) -> Select[Any]:
    return _GROUPS.where(_GROUP.c.institution == within.institution, *reach.groups(within))


async def groups_by_customer_id(
    session: AsyncSession, institution: str, ids: Collection[UUID], on: date
) -> dict[tuple[UUID, GroupKind], Group]:
    """Return what each customer is in on a day, by kind; without members."""
    query = (
        _GROUPS.add_columns(_MEMBER.c.customer_id)
        .join(_MEMBER, _MEMBER.c.group_id == _GROUP.c.id)
        .where(among(_MEMBER.c.customer_id, ids), _GROUP.c.institution == institution, reach.on(on))
    )
    return {
        (row.customer_id, GroupKind(row.kind)): _group(row, ())
        for row in await execute(session, query)
    }


async def members_by_group_id(  # noqa: PLR0913  (whose, on which day, which page)
    session: AsyncSession,
    within: Within,
    ids: Collection[UUID],
    *,
    on: date,
    after: UUID | None,
    limit: int,
) -> dict[UUID, list[Member]]:
    """Return up to `limit` members of each group on a day, in the order of their ids.

    Those beyond reach are not among them: a page is as long as if they had never belonged to it.
    """
    group = _each(ids)
    page = (
        select(_MEMBER)
        .where(
            _MEMBER.c.group_id == group.c.id,
            _MEMBER.c.institution == within.institution,
            reach.on(on),
            _MEMBER.c.customer_id > (after or UUID(int=0)),
            *reach.members(within),
        )
        .order_by(_MEMBER.c.customer_id)
        .limit(limit)
        .lateral("page")
    )
    query = select(page).select_from(group.join(page, true()))
    found: dict[UUID, list[Member]] = defaultdict(list)
    for row in await execute(session, query.order_by(page.c.group_id, page.c.customer_id)):
        found[row.group_id].append(_member(row))
    return found


async def groups_under(
    session: AsyncSession,
    within: Within,
    ids: Collection[UUID],
    *,
    after: str | None,
    limit: int,
) -> dict[UUID, list[Group]]:
    """Return up to `limit` groups within reach right under each of `ids`, by code."""
    above, child = _each(ids), _GROUP.alias("child")
    page = (
        select(child)
        .where(
            child.c.parent_id == above.c.id,
            child.c.institution == within.institution,
            child.c.code > (after or ""),
            *reach.groups(within, child),
        )
        .order_by(child.c.code)
        .limit(limit)
        .lateral("page")
    )
    query = select(page, _PARENT.c.code.label("parent_code")).select_from(
        above.join(_PARENT, _PARENT.c.id == above.c.id).join(page, true())
    )
    found: dict[UUID, list[Group]] = defaultdict(list)
    for row in await execute(session, query.order_by(page.c.code)):
        found[row.parent_id].append(_group(row, ()))
    return found


def _each(ids: Collection[UUID]) -> TableValuedAlias:
    """Return a row for each of `ids`: one parameter, however many there are."""
    given = literal(list(ids), ARRAY(_GROUP.c.id.type))
    return func.unnest(given).table_valued(column("id", _GROUP.c.id.type)).render_derived()


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
