"""What the customer service's events mean here; a batch at a time, older versions ignored."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.inbox import Event, Handler
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.operations import accounts
from scoring.operations.calm import Calm
from scoring.store.accounts import AccountFact

Learn = Callable[[AsyncSession, str, Sequence[Event]], Awaitable[None]]


async def _institutions(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    for event in events:
        await accounts.learn_institution(session, bank, dict(event.data), event.version)


async def _products(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    facts = [
        {"code": event.data["code"], "line": event.data["line"], "version": event.version}
        for event in events
    ]
    await accounts.learn_products(session, bank, facts)


async def _branches(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    facts = [
        {
            "code": event.data["code"],
            "parent_code": event.data["parent_code"],
            "version": event.version,
        }
        for event in events
    ]
    await accounts.learn_branches(session, bank, facts)


async def _customers(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    facts = [
        {
            "id": event.data["customer_id"],
            "number": event.data["number"],
            "branch": event.data["branch_code"],
            "manager": event.data["manager_number"],
            "version": event.version,
        }
        for event in events
    ]
    await accounts.learn_customers(session, bank, facts)


async def _accounts(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    facts = [_account(event.data, event.version) for event in events]
    await accounts.learn_accounts(session, bank, facts)


def _account(data: Mapping[str, Any], version: int) -> AccountFact:
    closed_on, matures_on = data["closed_on"], data.get("matures_on")
    return AccountFact(
        id=UUID(data["account_id"]),
        number=data["number"],
        owner_id=UUID(data["owner_id"]),
        product=data["product_code"],
        line=data["line"],
        currency=data["currency"],
        opened_on=date.fromisoformat(data["opened_on"]),
        closed_on=date.fromisoformat(closed_on) if closed_on else None,
        matures_on=date.fromisoformat(matures_on) if matures_on else None,
        joint=sorted(UUID(one["customer_id"]) for one in data["holders"] if one["role"] == "joint"),
        branch=data["branch_code"],
        version=version,
    )


async def _groups(session: AsyncSession, bank: str, events: Sequence[Event]) -> None:
    facts = [
        {
            "id": event.data["group_id"],
            "kind": event.data["kind"],
            "parent_id": event.data["parent_id"],
            "members": event.data["members"],
            "version": event.version,
        }
        for event in events
    ]
    await accounts.learn_groups(session, bank, facts)


def handlers(calm: Calm) -> dict[str, Handler]:
    """Return what to do with each type of event that concerns this service."""

    def by_institution(learn: Learn) -> Handler:
        async def handle(session: AsyncSession, events: Sequence[Event]) -> None:
            calm.disturb(len(events))
            newest: dict[str, dict[str, Event]] = {}
            for event in events:
                known = newest.setdefault(event.institution, {})
                before = known.get(event.subject)
                if before is None or before.version < event.version:
                    known[event.subject] = event
            for bank in sorted(newest):
                await learn(session, bank, list(newest[bank].values()))

        return handle

    return {
        "customer.institution.recorded": by_institution(_institutions),
        "customer.product.recorded": by_institution(_products),
        "customer.branch.recorded": by_institution(_branches),
        "customer.customer.recorded": by_institution(_customers),
        "customer.group.recorded": by_institution(_groups),
        "customer.account.recorded": by_institution(_accounts),
    }
