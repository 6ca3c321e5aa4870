"""The one condition by which statements find no more prospects than a caller reaches."""

from typing import Any

from kit.identity import Principal, Reach
from sqlalchemy import ColumnElement, ScalarSelect, any_, false, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import col

from campaign.tables import BranchRow, ProspectRow


def reached(who: Principal) -> list[ColumnElement[bool]]:
    """Ask that a prospect is within the caller's reach; of the whole institution, nothing."""
    match who.reach:
        case Reach.INSTITUTION:
            return []
        case Reach.BRANCHES:
            return [col(ProspectRow.branch_code) == any_(func.array(_below(who)))]
        case Reach.BOOK:
            return [col(ProspectRow.manager_number) == who.staff_number]
        case Reach.SELF:
            return [col(ProspectRow.number) == who.customer_number]
        case _:
            return [false()]


def _below(who: Principal) -> ScalarSelect[Any]:
    """Return the codes of the caller's branches and of all below them, worked out once.

    As an array and not as a join: a row that changed while we waited for its lock is compared anew
    with all of them.
    """
    mine = col(BranchRow.institution) == who.institution
    named = literal(sorted(who.branch_codes), ARRAY(String))
    top = select(col(BranchRow.code)).where(mine, col(BranchRow.code) == any_(named))
    tree = top.cte(recursive=True)
    joined = col(BranchRow.parent_code) == tree.c.code
    below = select(col(BranchRow.code)).join(tree, joined).where(mine)
    return select(tree.union(below).c.code).scalar_subquery()
