"""Accounts with their holders, and cards, as they are written."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.account import Account, Card, Holder
from customer.domain.ids import AccountId, CustomerId
from customer.domain.taking import Known
from customer.domain.vocabulary import HolderRole
from customer.store.bulk import among, columns, execute, upsert
from customer.store.values import account, card
from customer.tables import METADATA

_ACCOUNT = METADATA.tables["account"]
_HOLDER = METADATA.tables["account_holder"]
_CARD = METADATA.tables["card"]


async def accounts(
    session: AsyncSession, institution: str, ids: Collection[AccountId]
) -> dict[AccountId, Known[Account]]:
    """Return those of `ids` that are known, with all their holders; two statements."""
    query = select(_ACCOUNT).where(among(_ACCOUNT.c.id, ids), _ACCOUNT.c.institution == institution)
    rows = await execute(session, query)
    held = select(_HOLDER).where(among(_HOLDER.c.account_id, [row.id for row in rows]))
    holders: dict[AccountId, list[Holder]] = defaultdict(list)
    for row in await execute(session, held):
        holders[row.account_id].append(Holder(CustomerId(row.customer_id), HolderRole(row.role)))
    return {
        AccountId(row.id): Known(account(row, tuple(sorted(holders[row.id]))), row.version)
        for row in rows
    }


async def account_ids(
    session: AsyncSession, institution: str, ids: Collection[AccountId]
) -> set[AccountId]:
    """Return those of `ids` that are accounts of the institution."""
    query = select(_ACCOUNT.c.id).where(
        among(_ACCOUNT.c.id, ids), _ACCOUNT.c.institution == institution
    )
    return {AccountId(row.id) for row in await execute(session, query)}


async def save_accounts(
    session: AsyncSession, institution: str, told: Mapping[AccountId, Known[Account]]
) -> None:
    """Write accounts and their holders as they now are."""
    own = {"institution": institution}
    rows = [columns(one.value) | own | {"version": one.version} for _, one in sorted(told.items())]
    for row in rows:
        del row["holders"]
    await upsert(session, _ACCOUNT, rows)
    holders = [
        columns(holder) | own | {"account_id": one.value.id}
        for one in told.values()
        for holder in one.value.holders
    ]
    # An account may hand over its owner: the old one steps down before the new one comes.
    holders.sort(key=lambda row: (row["role"] == HolderRole.OWNER, row["account_id"]))
    await upsert(session, _HOLDER, holders)


async def cards(
    session: AsyncSession, institution: str, references: Collection[str]
) -> dict[str, Known[Card]]:
    """Return those of `references` that are known."""
    query = select(_CARD).where(
        _CARD.c.institution == institution, among(_CARD.c.reference, references)
    )
    return {row.reference: Known(card(row), row.version) for row in await execute(session, query)}


async def save_cards(
    session: AsyncSession, institution: str, told: Mapping[str, Known[Card]]
) -> None:
    """Write cards as they now are."""
    own = {"institution": institution}
    rows = [columns(one.value) | own | {"version": one.version} for _, one in sorted(told.items())]
    await upsert(session, _CARD, rows)
