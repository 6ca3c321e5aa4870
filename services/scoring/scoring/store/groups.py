"""Households and groups with their members, as the customer service told of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.group import Membership
from scoring.store.knowledge import as_known, chosen
from scoring.store.sql import records, rows, run

_SAVE = text(
    "insert into customer_group (institution, recorded_at, id, kind, parent_id, members, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(id uuid, kind text, parent_id uuid, "
    "members jsonb, version int) order by id on conflict (id) do update set "
    "kind = excluded.kind, parent_id = excluded.parent_id, members = excluded.members, "
    "version = excluded.version where customer_group.version < excluded.version"
)


def _tree(table: str) -> TextClause:
    return text(
        "with recursive tree as ("  # noqa: S608  (fixed names)
        f"select g.id as root, g.id from {table} g "
        "where g.institution = :institution and g.id = any(cast(:ids as uuid[])) "
        f"union select t.root, g.id from {table} g join tree t on g.parent_id = t.id "
        "where g.institution = :institution) "
        f"select t.root, g.members from tree t join {table} g on g.id = t.id "
        "and g.institution = :institution order by t.root, g.id"
    )


_TREE, _TREE_KNOWN = _tree("customer_group"), _tree(as_known("customer_group"))


async def save_groups(
    session: AsyncSession, institution: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Store groups {id, kind, parent_id, members, version} that are newer than known."""
    await run(session, _SAVE, institution=institution, records=records(facts))


async def memberships_by_group_id(
    session: AsyncSession, institution: str, ids: Sequence[UUID], known_at: datetime | None
) -> dict[UUID, list[Membership]]:
    """Return the members of each known group and of everything that stands under it."""
    statement, known = chosen(known_at, _TREE, _TREE_KNOWN)
    found: dict[UUID, list[Membership]] = {}
    for row in await rows(session, statement, institution=institution, ids=ids, **known):
        found.setdefault(row.root, []).extend(
            Membership(
                CustomerId(UUID(one["customer_id"])),
                date.fromisoformat(one["since"]),
                date.fromisoformat(one["until"]) if one["until"] else None,
            )
            for one in row.members
        )
    return found
