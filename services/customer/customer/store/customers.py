"""Customers as they are written."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.customer import Customer
from customer.domain.ids import CustomerId
from customer.domain.taking import Known
from customer.store import personal
from customer.store.bulk import among, columns, execute, upsert
from customer.store.values import customer
from customer.tables import METADATA
from customer.vault.sealing import SEALED

_CUSTOMER = METADATA.tables["customer"]


async def customers(
    session: AsyncSession, institution: str, ids: Collection[CustomerId]
) -> dict[CustomerId, Known[Customer]]:
    """Return those of `ids` that are known."""
    query = select(_CUSTOMER).where(
        among(_CUSTOMER.c.id, ids), _CUSTOMER.c.institution == institution
    )
    rows = await execute(session, query)
    told = await personal.opened(session, institution, rows)
    return {
        CustomerId(row.id): Known(customer(row, values), row.version)
        for row, values in zip(rows, told, strict=True)
    }


async def customer_ids(
    session: AsyncSession, institution: str, ids: Collection[CustomerId]
) -> set[CustomerId]:
    """Return those of `ids` that are customers of the institution."""
    query = select(_CUSTOMER.c.id).where(
        among(_CUSTOMER.c.id, ids), _CUSTOMER.c.institution == institution
    )
    return {CustomerId(row.id) for row in await execute(session, query)}


async def lock_customers(
    session: AsyncSession, institution: str, ids: Collection[CustomerId]
) -> set[CustomerId]:
    """Return those of `ids` that are customers, locked in one order until the transaction ends."""
    query = (
        select(_CUSTOMER.c.id)
        .where(among(_CUSTOMER.c.id, ids), _CUSTOMER.c.institution == institution)
        .order_by(_CUSTOMER.c.id)
        .with_for_update(key_share=True)
    )
    return {CustomerId(row.id) for row in await execute(session, query)}


async def save_customers(
    session: AsyncSession, institution: str, told: Mapping[CustomerId, Known[Customer]]
) -> None:
    """Write customers as they now are, their personal values sealed."""
    if not told:
        return
    known = [one for _, one in sorted(told.items())]
    key = await personal.current_key(session, institution)
    values = [(one.value.id, {name: getattr(one.value, name) for name in SEALED}) for one in known]
    sealed = await personal.sealed(key, values)
    rows = [
        columns(one.value) | kept | {"institution": institution, "version": one.version}
        for one, kept in zip(known, sealed, strict=True)
    ]
    await upsert(session, _CUSTOMER, rows)
