"""The one condition by which statements find no more customers than a caller reaches.

Of who reaches the whole institution nothing is asked: their statements stay as they are.
"""

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    any_,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql.selectable import ScalarSelect

from customer.domain.reach import Within
from customer.store.bulk import among
from customer.tables import METADATA

_CUSTOMER, _BRANCH = METADATA.tables["customer"], METADATA.tables["branch"]
_ACCOUNT, _HOLDER = METADATA.tables["account"], METADATA.tables["account_holder"]
_CARD = METADATA.tables["card"]
_GROUP, _MEMBER = METADATA.tables["customer_group"], METADATA.tables["group_member"]
_INSTITUTION = METADATA.tables["institution"]
Conditions = list[ColumnElement[bool]]


def customers(within: Within, customer: FromClause = _CUSTOMER) -> Conditions:
    """Ask that a row of `customer` is within reach."""
    if within.everybody:
        return []
    if within.branch_codes:
        return [customer.c.branch_code == any_(func.array(_below(within)))]
    if within.manager_number is not None:
        return [customer.c.manager_number == within.manager_number]
    if within.customer_number is not None:
        return [customer.c.number == within.customer_number]
    return [false()]


def _below(within: Within) -> ScalarSelect[Any]:
    """Return the codes of the caller's branches and of all below them, worked out once.

    As an array and not as a join: a row that changed while we waited for its lock is compared anew
    with all of them.
    """
    mine = _BRANCH.c.institution == within.institution
    top = select(_BRANCH.c.code).where(mine, among(_BRANCH.c.code, sorted(within.branch_codes)))
    tree = top.cte(recursive=True)
    below = select(_BRANCH.c.code).join(tree, _BRANCH.c.parent_code == tree.c.code).where(mine)
    return select(tree.union(below).c.code).scalar_subquery()


def _somebody(within: Within, customer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Ask that the customer with this id is within reach."""
    person = _CUSTOMER.alias("reached")
    found = select(person.c.id).where(
        person.c.id == customer_id,
        person.c.institution == within.institution,
        *customers(within, person),
    )
    return found.exists()


def cards(within: Within) -> Conditions:
    """Ask that who carries a row of `card` is within reach."""
    return [] if within.everybody else [_somebody(within, _CARD.c.customer_id)]


def members(within: Within, member: FromClause = _MEMBER) -> Conditions:
    """Ask that who is meant by a row of `group_member` is within reach."""
    return [] if within.everybody else [_somebody(within, member.c.customer_id)]


def accounts(within: Within) -> Conditions:
    """Ask that somebody who holds a row of `account`, in whatever role, is within reach."""
    if within.everybody:
        return []
    held = select(_HOLDER.c.account_id).where(
        _HOLDER.c.account_id == _ACCOUNT.c.id, _somebody(within, _HOLDER.c.customer_id)
    )
    return [held.exists()]


def groups(within: Within, group: FromClause = _GROUP) -> Conditions:
    """Ask that somebody is within reach who belongs to a row of `customer_group`, or beneath it.

    On the business date: what a customer belonged to once is nothing that its manager now sees.
    """
    if within.everybody:
        return []
    own = literal_column(f"{group.description}.id", _GROUP.c.id.type).label("id")
    line = select(own).cte("beneath", recursive=True, nesting=True)
    under = _GROUP.alias("under")
    mine = under.c.institution == within.institution
    line = line.union(select(under.c.id).join(line, under.c.parent_id == line.c.id).where(mine))
    day = select(_INSTITUTION.c.as_of).where(_INSTITUTION.c.institution == within.institution)
    belongs = select(_MEMBER.c.group_id).where(
        _MEMBER.c.group_id.in_(select(line.c.id)),
        on(day.scalar_subquery()),
        *members(within),
    )
    return [belongs.exists()]


def on(day: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Ask that a row of `group_member` holds on a day."""
    return and_(_MEMBER.c.since <= day, or_(_MEMBER.c.until.is_(None), _MEMBER.c.until > day))
