"""Customers as they are written."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, text, update
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.customer import Customer
from customer.domain.ids import CustomerId
from customer.domain.reach import Within
from customer.domain.taking import Known
from customer.store import personal, reach
from customer.store.bulk import among, columns, execute, rows, upsert
from customer.store.values import customer
from customer.tables import METADATA
from customer.vault.sealing import LOOKED_UP, SEALED

_CUSTOMER = METADATA.tables["customer"]

_OPEN = text(
    "select count(*) as number from account_holder h join account a on a.id = h.account_id "
    "where h.institution = :institution and h.customer_id = :id and a.closed_on is null"
)
_FORGET_CARDS = text("delete from card where institution = :institution and customer_id = :id")
_FORGET_VERIFICATIONS = text(
    "delete from verification where institution = :institution and customer_id = :id"
)
_FORGET_BIRTH = text(
    "update outbox set data = jsonb_set(data, '{born_on}', 'null') where subject = :subject "
    "and institution = :institution and type = 'customer.customer.recorded'"
)


async def customers(
    session: AsyncSession, within: Within, ids: Collection[CustomerId]
) -> dict[CustomerId, Known[Customer]]:
    """Return those of `ids` that are known and within reach."""
    query = select(_CUSTOMER).where(
        among(_CUSTOMER.c.id, ids),
        _CUSTOMER.c.institution == within.institution,
        *reach.customers(within),
    )
    read = await execute(session, query)
    told = await personal.opened(session, within.institution, read)
    return {
        CustomerId(row.id): Known(customer(row, values), row.version)
        for row, values in zip(read, told, strict=True)
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
    session: AsyncSession, within: Within, ids: Collection[CustomerId]
) -> set[CustomerId]:
    """Return those of `ids` that are within reach, locked in one order until the transaction ends.

    Nobody whom another transaction took out of reach meanwhile: the wait is for its end.
    """
    query = (
        select(_CUSTOMER.c.id)
        .where(
            among(_CUSTOMER.c.id, ids),
            _CUSTOMER.c.institution == within.institution,
            *reach.customers(within),
        )
        .order_by(_CUSTOMER.c.id)
        .with_for_update(key_share=True)
    )
    return {CustomerId(row.id) for row in await execute(session, query)}


async def save_customers(
    session: AsyncSession,
    institution: str,
    told: Mapping[CustomerId, Known[Customer]],
    *,
    at: datetime,
) -> None:
    """Write customers as they now are, their personal values sealed."""
    if not told:
        return
    known = [one for _, one in sorted(told.items())]
    key = await personal.current_key(session, institution, at=at)
    values = [(one.value.id, {name: getattr(one.value, name) for name in SEALED}) for one in known]
    sealed = await personal.sealed(key, values)
    written = [
        columns(one.value) | kept | {"institution": institution, "version": one.version}
        for one, kept in zip(known, sealed, strict=True)
    ]
    await upsert(session, _CUSTOMER, written)


async def erase_customer(session: AsyncSession, institution: str, left: Known[Customer]) -> None:
    """Write what is left of a customer; its data key and all that this sealed are gone."""
    gone = [*SEALED, "id_type", "born_on", "sex", "key_version", "data_key"]
    gone += [f"{column}_sealed" for column in SEALED] + [f"{column}_mark" for column in LOOKED_UP]
    query = (
        update(_CUSTOMER)
        .where(_CUSTOMER.c.id == left.value.id, _CUSTOMER.c.institution == institution)
        .values(
            name=left.value.name,
            erased_on=left.value.erased_on,
            version=left.version,
            **dict.fromkeys(gone),
        )
    )
    connection = await session.connection()
    await connection.execute(query)
    own = {"institution": institution}
    for statement in (_FORGET_CARDS, _FORGET_VERIFICATIONS):
        await connection.execute(statement, own | {"id": left.value.id})
    await connection.execute(_FORGET_BIRTH, own | {"subject": str(left.value.id)})


async def open_accounts(session: AsyncSession, institution: str, customer_id: CustomerId) -> int:
    """Count the open accounts that a customer holds, in whatever role."""
    [found] = await rows(session, _OPEN, institution=institution, id=customer_id)
    number: int = found.number
    return number
