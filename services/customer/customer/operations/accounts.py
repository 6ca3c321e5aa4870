"""Records of accounts, of who holds them, and of cards."""

from collections.abc import Mapping
from datetime import datetime

from kit import outbox
from kit.db import Database
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain import account as rules
from customer.domain.account import Account, CardIssue, Holding
from customer.domain.events import AccountRecorded
from customer.domain.ids import AccountId
from customer.domain.organisation import Product
from customer.domain.taking import Known, Outcome, take
from customer.operations.organisation import Lines, counted, recorded_institution
from customer.store import accounts as store
from customer.store import customers, organisation
from customer.store.bulk import writing


async def record_accounts(
    db: Database, institution: str, told: Lines[Account], *, at: datetime
) -> Outcome:
    """Take accounts whose product and branch are known; their holders stay as they are."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        codes = {one.product_code for _, one in told}
        products = await organisation.products(session, institution, codes)
        branches = await organisation.branches(session, institution)
        held = await store.accounts(session, institution, {one.id for _, one in told})
        taken = take(
            held,
            told,
            key=lambda one: one.id,
            fit=lambda so_far, one: rules.fit_account(so_far.get(one.id), one, products, branches),
        )
        await store.save_accounts(session, institution, taken.changed)
        await _announce(session, institution, taken.changed, products, at=at)
        return counted(taken.outcome)


async def record_holdings(
    db: Database, institution: str, told: Lines[Holding], *, at: datetime
) -> Outcome:
    """Take who holds which account; each account is announced once, with all its holders."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        held = await store.accounts(session, institution, {one.account_id for _, one in told})
        known = await customers.customer_ids(
            session, institution, {one.customer_id for _, one in told}
        )
        taken = take(
            held,
            told,
            key=lambda one: one.account_id,
            fit=lambda so_far, one: rules.fit_holding(so_far, one, known),
        )
        codes = {one.value.product_code for one in taken.changed.values()}
        products = await organisation.products(session, institution, codes)
        await store.save_accounts(session, institution, taken.changed)
        await _announce(session, institution, taken.changed, products, at=at)
        return counted(taken.outcome)


async def record_cards(
    db: Database, institution: str, told: Lines[CardIssue], *, at: datetime
) -> Outcome:
    """Take cards of known accounts and customers; nobody outside needs to hear of them."""
    del at
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        cards = [one.card for _, one in told]
        accounts = await store.account_ids(session, institution, {one.account_id for one in cards})
        known = await customers.customer_ids(
            session, institution, {one.customer_id for one in cards}
        )
        held = await store.cards(session, institution, {one.reference for one in cards})
        taken = take(
            held,
            told,
            key=lambda one: one.card.reference,
            fit=lambda _, one: rules.fit_card(one, accounts, known),
        )
        await store.save_cards(session, institution, taken.changed)
        return counted(taken.outcome)


async def _announce(
    session: AsyncSession,
    institution: str,
    changed: Mapping[AccountId, Known[Account]],
    products: Mapping[str, Known[Product]],
    *,
    at: datetime,
) -> None:
    """Announce the accounts that have an owner: before that there is nobody to count them for."""
    events = [
        AccountRecorded(
            institution=institution,
            version=one.version,
            value=one.value,
            line=products[one.value.product_code].value.line,
        )
        for one in changed.values()
        if one.value.owner_id is not None
    ]
    await outbox.record(session, events, at=at)
