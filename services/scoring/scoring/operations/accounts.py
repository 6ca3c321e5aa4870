"""What the customer service's news do here; each runs in the consumer's transaction.

Everyone of them first holds the institution's accounts alone, so that whoever parks a record for
an unknown account is either done before, and found, or sees the account.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.operations.account_rates import admit_account_rates
from scoring.operations.loans import admit_loans
from scoring.operations.postings import admit_postings
from scoring.store import accounts, groups, institution, organisation, queue, unions
from scoring.store.accounts import AccountFact
from scoring.store.institution import BEGINNING
from scoring.store.sql import hold_accounts


async def learn_institution(
    session: AsyncSession, bank: str, data: dict[str, Any], version: int
) -> None:
    """Know the bank's currency, time zone and business date, and the union it belongs to."""
    await hold_accounts(session, bank, alone=True)
    await institution.save_institution(session, bank, data, version)
    await unions.save_membership(session, bank, data.get("union_code"), version)


async def learn_products(
    session: AsyncSession, bank: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Know products {code, line, version}; their accounts follow when the line changes."""
    await hold_accounts(session, bank, alone=True)
    if await accounts.save_products(session, bank, facts):
        await institution.recalculate_all(session, bank, BEGINNING)


async def learn_branches(
    session: AsyncSession, bank: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Know branches {code, parent_code, version}."""
    await hold_accounts(session, bank, alone=True)
    await organisation.save_branches(session, bank, facts)


async def learn_customers(
    session: AsyncSession, bank: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Know customers {id, number, branch, manager, version}."""
    await hold_accounts(session, bank, alone=True)
    new = await accounts.save_customers(session, bank, facts)
    await queue.enqueue(session, bank, dict.fromkeys(new, BEGINNING))


async def learn_groups(
    session: AsyncSession, bank: str, facts: Sequence[Mapping[str, object]]
) -> None:
    """Know households and groups; nothing is kept of what they contribute."""
    await groups.save_groups(session, bank, facts)


async def learn_accounts(session: AsyncSession, bank: str, facts: Sequence[AccountFact]) -> None:
    """Know accounts, take in what waited for them, and work out old and new holders again."""
    await hold_accounts(session, bank, alone=True)
    changed, former = await accounts.save_accounts(session, bank, facts)
    fresh = [fact for fact in facts if fact.id in changed]
    if not fresh:
        return
    keys = await accounts.account_keys(session, bank, [fact.number for fact in fresh])
    await admit_loans(session, bank, keys)
    await admit_account_rates(session, bank, keys)
    await admit_postings(session, bank, keys)
    since: dict[UUID, date] = {}
    for fact in fresh:
        holders, opened_on = former.get(fact.id, (set(), fact.opened_on))
        day = min(fact.opened_on, opened_on)
        for customer in {*holders, fact.owner_id, *fact.joint}:
            since[customer] = min(day, since.get(customer, day))
    await queue.enqueue(session, bank, since)
