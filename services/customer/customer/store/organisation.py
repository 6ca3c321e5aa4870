"""Institutions, products, branches and staff."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.organisation import Branch, Institution, Product, Staff
from customer.domain.taking import Known
from customer.domain.vocabulary import BranchKind, Line, StaffRole
from customer.store.bulk import Rows, among, columns, execute, upsert
from customer.tables import METADATA

Value = TypeVar("Value")

_INSTITUTION = METADATA.tables["institution"]
_PRODUCT = METADATA.tables["product"]
_BRANCH = METADATA.tables["branch"]
_STAFF = METADATA.tables["staff"]
_ACCOUNT = METADATA.tables["account"]


async def institution(session: AsyncSession, code: str) -> Known[Institution] | None:
    """Return the institution, if it is recorded."""
    for row in await execute(
        session, select(_INSTITUTION).where(_INSTITUTION.c.institution == code)
    ):
        found = Institution(
            code=row.institution,
            name=row.name,
            currency=row.currency,
            time_zone=row.time_zone,
            as_of=row.as_of,
            union_code=row.union_code,
        )
        return Known(found, row.version)
    return None


async def save_institutions(session: AsyncSession, told: Mapping[str, Known[Institution]]) -> None:
    """Write institutions as they now are."""
    rows = [columns(one.value) | {"version": one.version} for one in told.values()]
    await upsert(session, _INSTITUTION, [row | {"institution": row["code"]} for row in rows])


async def products(
    session: AsyncSession, institution: str, codes: Collection[str]
) -> dict[str, Known[Product]]:
    """Return those of `codes` that are known."""
    query = select(_PRODUCT).where(
        _PRODUCT.c.institution == institution, among(_PRODUCT.c.code, codes)
    )
    return {
        row.code: Known(
            Product(code=row.code, name=row.name, line=Line(row.line), on_offer=row.on_offer),
            row.version,
        )
        for row in await execute(session, query)
    }


async def products_with_accounts(
    session: AsyncSession, institution: str, codes: Collection[str]
) -> set[str]:
    """Return those of `codes` that some account is of."""
    account = select(_ACCOUNT.c.id).where(
        _ACCOUNT.c.institution == institution, _ACCOUNT.c.product_code == _PRODUCT.c.code
    )
    query = select(_PRODUCT.c.code).where(
        _PRODUCT.c.institution == institution, among(_PRODUCT.c.code, codes), account.exists()
    )
    return {row.code for row in await execute(session, query)}


async def save_products(
    session: AsyncSession, institution: str, told: Mapping[str, Known[Product]]
) -> None:
    """Write products as they now are."""
    await upsert(session, _PRODUCT, _rows(institution, told))


async def branches(session: AsyncSession, institution: str) -> dict[str, Known[Branch]]:
    """Return the institution's whole tree of branches."""
    query = select(_BRANCH).where(_BRANCH.c.institution == institution)
    return {
        row.code: Known(
            Branch(
                code=row.code,
                name=row.name,
                parent_code=row.parent_code,
                kind=BranchKind(row.kind),
            ),
            row.version,
        )
        for row in await execute(session, query)
    }


async def save_branches(
    session: AsyncSession, institution: str, told: Mapping[str, Known[Branch]]
) -> None:
    """Write branches as they now are."""
    await upsert(session, _BRANCH, _rows(institution, told))


async def staff(
    session: AsyncSession, institution: str, numbers: Collection[str]
) -> dict[str, Known[Staff]]:
    """Return those of `numbers` that are known."""
    query = select(_STAFF).where(
        _STAFF.c.institution == institution, among(_STAFF.c.number, numbers)
    )
    return {
        row.number: Known(
            Staff(
                number=row.number,
                name=row.name,
                branch_code=row.branch_code,
                role=StaffRole(row.role),
            ),
            row.version,
        )
        for row in await execute(session, query)
    }


async def save_staff(
    session: AsyncSession, institution: str, told: Mapping[str, Known[Staff]]
) -> None:
    """Write staff as they now are."""
    await upsert(session, _STAFF, _rows(institution, told))


def _rows(institution: str, told: Mapping[str, Known[Value]]) -> Rows:
    own = {"institution": institution}
    return [columns(one.value) | own | {"version": one.version} for _, one in sorted(told.items())]
