"""What readers ask for: profiles, positions, cards, consents, counts; one statement each."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.account import Card
from customer.domain.organisation import Branch, Product, Staff
from customer.domain.reach import Within
from customer.domain.views import Counts, Position, Profile, Search
from customer.domain.vocabulary import BranchKind, HolderRole, Line, StaffRole
from customer.store import personal, reach, values
from customer.store.bulk import among, execute
from customer.tables import METADATA

_CUSTOMER, _BRANCH = METADATA.tables["customer"], METADATA.tables["branch"]
_STAFF, _PRODUCT = METADATA.tables["staff"], METADATA.tables["product"]
_ACCOUNT, _HOLDER = METADATA.tables["account"], METADATA.tables["account_holder"]
_CARD = METADATA.tables["card"]
_SHORTEST_PART = 3

_PROFILE = (
    select(
        _CUSTOMER,
        _BRANCH.c.name.label("branch_name"),
        _BRANCH.c.parent_code.label("branch_parent_code"),
        _BRANCH.c.kind.label("branch_kind"),
        _STAFF.c.name.label("manager_name"),
        _STAFF.c.branch_code.label("manager_branch_code"),
        _STAFF.c.role.label("manager_role"),
    )
    .join(
        _BRANCH,
        and_(
            _BRANCH.c.institution == _CUSTOMER.c.institution,
            _BRANCH.c.code == _CUSTOMER.c.branch_code,
        ),
    )
    .outerjoin(
        _STAFF,
        and_(
            _STAFF.c.institution == _CUSTOMER.c.institution,
            _STAFF.c.number == _CUSTOMER.c.manager_number,
        ),
    )
)
_POSITION = select(
    _ACCOUNT,
    _PRODUCT.c.name.label("product_name"),
    _PRODUCT.c.line.label("product_line"),
    _PRODUCT.c.on_offer.label("product_on_offer"),
).join(
    _PRODUCT,
    and_(
        _PRODUCT.c.institution == _ACCOUNT.c.institution,
        _PRODUCT.c.code == _ACCOUNT.c.product_code,
    ),
)


async def profiles_by_id(
    session: AsyncSession, within: Within, ids: Collection[UUID]
) -> dict[UUID, Profile]:
    """Return those of `ids` that are within reach."""
    query = _reached(within).where(among(_CUSTOMER.c.id, ids))
    return {one.customer.id: one for one in await _profiles(session, within, query)}


async def profiles_by_number(
    session: AsyncSession, within: Within, numbers: Collection[str]
) -> dict[str, Profile]:
    """Return those of `numbers` that are within reach."""
    query = _reached(within).where(among(_CUSTOMER.c.number, numbers))
    return {one.customer.number: one for one in await _profiles(session, within, query)}


async def search(
    session: AsyncSession, within: Within, wanted: Search, *, after: str | None, limit: int
) -> Sequence[Profile]:
    """Return up to `limit` customers that fit, in the order of their numbers, beyond `after`."""
    conditions = _conditions(wanted) + await _marked(session, within.institution, wanted)
    query = _reached(within).where(*conditions)
    if after is not None:
        query = query.where(_CUSTOMER.c.number > after)
    query = query.order_by(_CUSTOMER.c.number).limit(limit)
    return await _profiles(session, within, query)


def _reached(within: Within) -> Select[Any]:
    return _PROFILE.where(_CUSTOMER.c.institution == within.institution, *reach.customers(within))


async def _marked(
    session: AsyncSession, institution: str, wanted: Search
) -> list[ColumnElement[bool]]:
    """Compare sealed values by their marks, and those of before, not sealed yet, as they are."""
    told = {"phone": wanted.phone, "id_number": wanted.id_number}
    given = {column: value for column, value in told.items() if value is not None}
    keys = (await personal.live_keys(session, institution)).values() if given else ()
    return [
        or_(
            among(_CUSTOMER.c[f"{column}_mark"], personal.marks(keys, column, value)),
            _CUSTOMER.c[column] == value,
        )
        for column, value in given.items()
    ]


def _conditions(wanted: Search) -> list[ColumnElement[bool]]:
    """Compare names by part, but short ones by beginning: three letters make an index of use."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.number is not None:
        conditions.append(_CUSTOMER.c.number == wanted.number)
    if wanted.branch_code is not None:
        conditions.append(_CUSTOMER.c.branch_code == wanted.branch_code)
    if wanted.name is not None:
        part = re.sub(r"([\\%_])", r"\\\1", wanted.name.lower())
        pattern = f"%{part}%" if len(wanted.name) >= _SHORTEST_PART else f"{part}%"
        conditions.append(func.lower(_CUSTOMER.c.name).like(pattern))
    return conditions


async def positions_by_customer_id(
    session: AsyncSession, institution: str, ids: Collection[UUID]
) -> dict[UUID, list[Position]]:
    """Return the accounts that these customers hold in whatever role, by account number."""
    query = (
        _POSITION.add_columns(_HOLDER.c.customer_id, _HOLDER.c.role)
        .join(_HOLDER, _HOLDER.c.account_id == _ACCOUNT.c.id)
        .where(among(_HOLDER.c.customer_id, ids), _HOLDER.c.institution == institution)
        .order_by(_ACCOUNT.c.number)
    )
    found: dict[UUID, list[Position]] = defaultdict(list)
    for row in await execute(session, query):
        found[row.customer_id].append(_position(row, HolderRole(row.role)))
    return found


async def positions_by_id(
    session: AsyncSession, within: Within, ids: Collection[UUID]
) -> dict[UUID, Position]:
    """Return those of `ids` that are accounts of somebody within reach."""
    query = _POSITION.where(
        among(_ACCOUNT.c.id, ids),
        _ACCOUNT.c.institution == within.institution,
        *reach.accounts(within),
    )
    return {row.id: _position(row) for row in await execute(session, query)}


async def cards_by_customer_id(
    session: AsyncSession, institution: str, ids: Collection[UUID]
) -> dict[UUID, list[Card]]:
    """Return the cards that these customers carry, by reference."""
    query = (
        select(_CARD)
        .where(among(_CARD.c.customer_id, ids), _CARD.c.institution == institution)
        .order_by(_CARD.c.reference)
    )
    found: dict[UUID, list[Card]] = defaultdict(list)
    for row in await execute(session, query):
        found[row.customer_id].append(values.card(row))
    return found


async def counts(session: AsyncSession, within: Within) -> Counts:
    """Count all that is within reach, in one statement."""
    institution, count = within.institution, func.count()
    lines = (
        select(
            count.label("accounts"),
            count.filter(_PRODUCT.c.line == Line.DEPOSIT).label("deposits"),
            count.filter(_PRODUCT.c.line == Line.LOAN).label("loans"),
        )
        .select_from(_ACCOUNT)
        .join(
            _PRODUCT,
            and_(
                _PRODUCT.c.institution == _ACCOUNT.c.institution,
                _PRODUCT.c.code == _ACCOUNT.c.product_code,
            ),
        )
        .where(_ACCOUNT.c.institution == institution, *reach.accounts(within))
        .subquery()
    )
    customers, cards = (
        select(count).select_from(table).where(table.c.institution == institution, *reached(within))
        for table, reached in ((_CUSTOMER, reach.customers), (_CARD, reach.cards))
    )
    query = select(
        lines,
        customers.scalar_subquery().label("customers"),
        cards.scalar_subquery().label("cards"),
    )
    [row] = await execute(session, query)
    return Counts(
        customers=row.customers,
        accounts=row.accounts,
        deposit_accounts=row.deposits,
        loans=row.loans,
        cards=row.cards,
    )


async def _profiles(session: AsyncSession, within: Within, query: Select[Any]) -> list[Profile]:
    found = await execute(session, query)
    told = await personal.opened(session, within.institution, found)
    return [_profile(row, one) for row, one in zip(found, told, strict=True)]


def _profile(row: Row[Any], opened: personal.Opened) -> Profile:
    branch = Branch(
        code=row.branch_code,
        name=row.branch_name,
        parent_code=row.branch_parent_code,
        kind=BranchKind(row.branch_kind),
    )
    manager = None
    if row.manager_number is not None:
        manager = Staff(
            number=row.manager_number,
            name=row.manager_name,
            branch_code=row.manager_branch_code,
            role=StaffRole(row.manager_role),
        )
    return Profile(values.customer(row, opened), branch, manager)


def _position(row: Row[Any], role: HolderRole | None = None) -> Position:
    product = Product(
        code=row.product_code,
        name=row.product_name,
        line=Line(row.product_line),
        on_offer=row.product_on_offer,
    )
    return Position(values.account(row), product, role)
