"""The tree of branches, as the customer service told of it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.store.sql import records, run

_SAVE_BRANCHES = text(
    "insert into branch (institution, recorded_at, code, parent_code, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) "
    "as r(code text, parent_code text, version int) order by code "
    "on conflict (institution, code) do update set parent_code = excluded.parent_code, "
    "version = excluded.version where branch.version < excluded.version"
)
SUBTREE = (
    "with recursive subtree as (select cast(:branch as text) as code union "
    "select b.code from branch b join subtree s on b.parent_code = s.code "
    "where b.institution = :institution) "
)
"""The branch `:branch` and every one beneath it; a tree that runs in a circle ends too."""


async def save_branches(
    session: AsyncSession, institution: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Store branches {code, parent_code, version} that are newer than known."""
    await run(session, _SAVE_BRANCHES, institution=institution, records=records(facts))
