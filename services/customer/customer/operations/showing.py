"""Customers as the caller may see them: every reader of profiles reads them here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.customer import Customer
from customer.domain.masks import Standing
from customer.domain.personal import Personal, ReadPurpose
from customer.domain.reach import Within
from customer.domain.views import Profile, Search
from customer.store import verifications, views


async def verified(
    session: AsyncSession, caller: Principal, people: Sequence[Customer], *, at: datetime
) -> set[UUID]:
    """Return who of `people` proved to be on the telephone: to this agent, or before the call."""
    ids = [one.id for one in people]
    told = await verifications.verified(
        session, caller.institution, ids, subject=caller.subject, at=at
    )
    return told | {one.id for one in people if one.number == caller.verified_caller}


@dataclass(frozen=True, slots=True)
class Showing:
    """Reads for one caller; what leaves is masked as the bank decided for callers like this one."""

    db: Database
    principal: Principal
    personal: Personal
    at: datetime

    async def by_id(self, ids: Collection[UUID]) -> dict[UUID, Profile]:
        """Return those of `ids` that are within the caller's reach."""
        within = Within.of(self.principal)
        async with self.db.read(within.institution) as session:
            found = await views.profiles_by_id(session, within, ids)
            shown = await self._shown(session, list(found.values()))
        return {one.customer.id: one for one in shown}

    async def by_number(self, numbers: Collection[str]) -> dict[str, Profile]:
        """Return those of `numbers` that are within the caller's reach."""
        within = Within.of(self.principal)
        async with self.db.read(within.institution) as session:
            found = await views.profiles_by_number(session, within, numbers)
            shown = await self._shown(session, list(found.values()))
        return {one.customer.number: one for one in shown}

    async def listed(
        self, wanted: Search, *, after: str | None, size: int, purpose: ReadPurpose | None
    ) -> Sequence[Profile]:
        """Return up to `size` customers that fit, and one more where there are more."""
        self.personal.check_listing(size, purpose, first_page=after is None)
        within = Within.of(self.principal)
        async with self.db.read(within.institution) as session:
            found = await views.search(session, within, wanted, after=after, limit=size + 1)
            return await self._shown(session, found)

    async def _shown(self, session: AsyncSession, found: Sequence[Profile]) -> list[Profile]:
        caller, masks = self.principal, self.personal.masks
        known: Collection[UUID] = ()
        if found and masks.ask_whether_verified(caller.role, caller.channel):
            people = [one.customer for one in found]
            known = await verified(session, caller, people, at=self.at)
        return [
            replace(one, customer=self._masked(one.customer, verified=one.customer.id in known))
            for one in found
        ]

    def _masked(self, customer: Customer, *, verified: bool) -> Customer:
        caller, staff = self.principal, self.principal.staff_number
        own = staff is not None and staff == customer.manager_number
        standing = Standing(verified=verified, own=own)
        return self.personal.masks.of(caller.role, caller.channel, standing).shown(customer)
