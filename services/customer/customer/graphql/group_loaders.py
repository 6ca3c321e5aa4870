"""Batches of households and groups: one statement however many were asked for."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from kit.db import Database
from strawberry.dataloader import DataLoader

from customer.domain.group import Group, Member
from customer.domain.reach import Within
from customer.domain.vocabulary import GroupKind
from customer.store import groups, organisation

Item = TypeVar("Item")
Place = TypeVar("Place")
Page = tuple[UUID, Place | None, int]
"""Of which group, beyond which place, and up to how many."""


class GroupLoaders:
    """Built afresh for each request, so its cache can never outlive one."""

    def __init__(self, db: Database, within: Within) -> None:
        self._db = db
        self._within = within
        self._institution = within.institution
        self._as_of = DataLoader(load_fn=self._read_as_of)
        self.by_customer_id = DataLoader(load_fn=self._by_customer_id)
        self.by_id = DataLoader(load_fn=self._by_id)
        self.under = DataLoader(load_fn=_paged(self._under))
        self.members = DataLoader(load_fn=_paged(self._members))

    async def _business_date(self) -> date | None:
        return await self._as_of.load(self._institution)

    async def _read_as_of(self, institutions: list[str]) -> list[date | None]:
        async with self._db.read(self._institution) as session:
            known = [await organisation.institution(session, one) for one in institutions]
        return [one.value.as_of if one else None for one in known]

    async def _by_customer_id(self, ids: list[UUID]) -> list[dict[GroupKind, Group]]:
        """Return what each customer is in on the business date, by kind."""
        today = await self._business_date()
        if today is None:
            return [{} for _ in ids]
        async with self._db.read(self._institution) as session:
            found = await groups.groups_by_customer_id(session, self._institution, ids, today)
        return [
            {kind: found[one, kind] for kind in GroupKind if (one, kind) in found} for one in ids
        ]

    async def _by_id(self, ids: list[UUID]) -> list[Group | None]:
        async with self._db.read(self._institution) as session:
            found = await groups.groups_by_id(session, self._within, ids)
        return [found.get(one) for one in ids]

    async def _under(
        self, ids: list[UUID], after: str | None, limit: int
    ) -> dict[UUID, list[Group]]:
        async with self._db.read(self._institution) as session:
            return await groups.groups_under(session, self._within, ids, after=after, limit=limit)

    async def _members(
        self, ids: list[UUID], after: UUID | None, limit: int
    ) -> dict[UUID, list[Member]]:
        today = await self._business_date()
        if today is None:
            return {}
        async with self._db.read(self._institution) as session:
            return await groups.members_by_group_id(
                session, self._within, ids, on=today, after=after, limit=limit
            )


def _paged(
    load: Callable[[list[UUID], Place | None, int], Awaitable[dict[UUID, list[Item]]]],
) -> Callable[[list[Page[Place]]], Awaitable[Sequence[list[Item]]]]:
    """Load pages that begin and end alike by one statement."""

    async def pages(keys: list[Page[Place]]) -> Sequence[list[Item]]:
        alike: dict[tuple[Place | None, int], list[UUID]] = {}
        for key, after, limit in keys:
            alike.setdefault((after, limit), []).append(key)
        found = {where: await load(ids, *where) for where, ids in alike.items()}
        return [found[after, limit].get(key, []) for key, after, limit in keys]

    return pages
