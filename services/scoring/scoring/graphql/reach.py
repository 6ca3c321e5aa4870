"""Which customers and accounts the caller reaches, found for many at once.

Whoever reaches everybody is asked about nobody: that costs nothing.
"""

from collections.abc import Awaitable, Sequence
from typing import TypeAlias, TypeVar
from uuid import UUID

from kit.db import Database
from strawberry.dataloader import DataLoader

from scoring.domain.group import Membership
from scoring.domain.scope import Within
from scoring.store.reach import accounts_within, customers_within

Entity = TypeVar("Entity")
MaybeLater: TypeAlias = Entity | Awaitable[Entity | None] | None


class Reached:
    """Built afresh for each request, around how far its caller reaches."""

    def __init__(self, db: Database, institution: str, within: Within) -> None:
        self.within = within
        self._db = db
        self._institution = institution
        self._customers = DataLoader(load_fn=self._customers_within)
        self._accounts = DataLoader(load_fn=self._accounts_within)

    def customer(self, id_: UUID, found: Entity) -> MaybeLater[Entity]:
        """Return what was found under a customer's id, or nothing where that is out of reach."""
        return found if self.within.everybody else _if(self._customers, id_, found)

    def account(self, id_: UUID, found: Entity) -> MaybeLater[Entity]:
        """Return what was found under an account's id, or nothing where that is out of reach."""
        return found if self.within.everybody else _if(self._accounts, id_, found)

    async def members(self, memberships: Sequence[Membership]) -> Sequence[Membership]:
        """Return the memberships of those who are within reach."""
        if self.within.everybody:
            return memberships
        there = await self._customers.load_many([one.customer_id for one in memberships])
        return [one for one, is_there in zip(memberships, there, strict=True) if is_there]

    async def _customers_within(self, ids: list[UUID]) -> list[bool]:
        async with self._db.read(self._institution) as session:
            found = await customers_within(session, self._institution, self.within, ids)
        return [one in found for one in ids]

    async def _accounts_within(self, ids: list[UUID]) -> list[bool]:
        async with self._db.read(self._institution) as session:
            found = await accounts_within(session, self._institution, self.within, ids)
        return [one in found for one in ids]


async def _if(reached: DataLoader[UUID, bool], id_: UUID, found: Entity) -> Entity | None:
    return found if await reached.load(id_) else None
