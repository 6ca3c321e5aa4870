"""The tree of branches, as the customer service told of it, and who belongs to a scope."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.scope import Scope, Within
from scoring.store.sql import records, run

_SAVE_BRANCHES = text(
    "insert into branch (institution, recorded_at, code, parent_code, version) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) "
    "as r(code text, parent_code text, version int) order by code "
    "on conflict (institution, code) do update set parent_code = excluded.parent_code, "
    "version = excluded.version where branch.version < excluded.version"
)
_BENEATH = (
    "(with recursive beneath as (select {top} as code union "
    "select b.code from branch b join beneath on b.parent_code = beneath.code "
    "where b.institution = :institution) select code from beneath)"
)
_BENEATH_ASKED = _BENEATH.format(top="cast(:branch as text)")
BENEATH_REACHED = _BENEATH.format(top="unnest(cast(:reached_branches as text[]))")
"""The codes of the branches within reach, of `reached`'s values."""
ANCESTORS = (
    "up as (select code, code as above from branch where institution = :institution union "
    "select up.code, b.parent_code from up join branch b on b.code = up.above "
    "where b.institution = :institution and b.parent_code is not null)"
)
"""Each branch with itself and every branch above it, for `with recursive`."""


async def save_branches(
    session: AsyncSession, institution: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Store branches {code, parent_code, version} that are newer than known."""
    await run(session, _SAVE_BRANCHES, institution=institution, records=records(facts))


def within(scope: Scope, customer_id: str) -> tuple[str, dict[str, object]]:
    """Return a condition, and its values, that a column's customer is within the scope.

    A tree that runs in a circle ends too. The condition names `:institution`.
    """
    conditions, values = [], dict[str, object]()
    if scope.branch is not None:
        conditions.append(f"c.branch {f'in {_BENEATH_ASKED}' if scope.beneath else '= :branch'}")
        values["branch"] = scope.branch
    if scope.manager is not None:
        conditions.append("c.manager = :manager")
        values["manager"] = scope.manager
    condition, more = reached(scope.within)
    if not conditions and not condition:
        return "", {}
    chosen = " and ".join(["c.institution = :institution", *conditions]) + condition
    return f" and {customer_id} in (select c.id from customer c where {chosen})", values | more  # noqa: S608  (fixed parts)


def reached_by(whom: Within, customer_id: str) -> tuple[str, dict[str, object]]:
    """Return a condition, and its values, that a column's customer is within a caller's reach."""
    return within(Scope(within=whom), customer_id)


def reached(within: Within) -> tuple[str, dict[str, object]]:
    """Return a condition, and its values, that the customer `c` is within a caller's reach.

    Nothing where that is everybody. The condition names `:institution`.
    """
    if within.everybody:
        return "", {}
    if within.branches:
        return f" and c.branch in {BENEATH_REACHED}", {"reached_branches": list(within.branches)}
    if within.manager is not None:
        return " and c.manager = :reached_manager", {"reached_manager": within.manager}
    if within.customer is not None:
        return " and c.number = :reached_customer", {"reached_customer": within.customer}
    return " and false", {}
