"""Batches for points and the index: what customers earned and how they score in a month."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.db import Database
from kit.problem import Problem
from strawberry.dataloader import DataLoader

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.earned_points import PointLeaf, earned_points
from scoring.domain.index import Index, Indexed, Source, Standing, indexed
from scoring.domain.measured import measured
from scoring.domain.months import Period, month_of
from scoring.domain.policy import Policy
from scoring.graphql.batches import by_second
from scoring.graphql.loaders import NO_HISTORY, Loaders
from scoring.store.standings import standings

Owned = Sequence[tuple[Account, History]]


class IndexLoaders:
    """Built afresh for each request and institution, beside the `Loaders` that it asks."""

    def __init__(self, db: Database, institution: str, loaders: Loaders) -> None:
        self._db = db
        self._institution = institution
        self._loaders = loaders
        self.points_by_customer_id = DataLoader(load_fn=by_second(self._points))
        self.index_by_customer_id = DataLoader(load_fn=by_second(self._index))

    async def _owned(
        self, ids: Sequence[UUID], period: Period, policy: Policy
    ) -> list[Owned | None]:
        """Return what each customer has, with the histories of the period; None if unknown."""
        load = self._loaders.accounts_by_customer_id.load_many
        groups = await load([CustomerId(one) for one in ids])
        known = [account for group in groups for account in group or ()]
        histories = await self._loaders.histories(known, period, policy, acts=True)
        return [
            None if group is None else [(one, histories.get(one.id, NO_HISTORY)) for one in group]
            for group in groups
        ]

    async def _points(
        self, ids: list[UUID], period: Period
    ) -> list[list[PointLeaf] | Problem | None]:
        policy = await self._loaders.policy()
        if policy is None:
            return [None] * len(ids)
        return [
            None if one is None else _earned(one, policy, period)
            for one in await self._owned(ids, period, policy)
        ]

    async def _index(self, ids: list[UUID], period: Period) -> list[Indexed | Problem | None]:
        """Score each customer in the one month of the period; None where nothing is scored."""
        policy = await self._loaders.policy()
        scheme = policy.scheme(period.first) if policy else None
        if policy is None or scheme is None or scheme.index is None:
            return [None] * len(ids)
        if period.first > month_of(policy.business_date):
            return [None] * len(ids)
        owned = await self._owned(ids, period, policy)
        known = [CustomerId(one) for one, group in zip(ids, owned, strict=True) if group]
        sources = [one.of for one in scheme.index.among_all()]
        async with self._db.read(self._institution) as session:
            places = await standings(session, self._institution, period.first, known, sources)
        return [
            None
            if not group
            else _scored(group, policy, period, scheme.index, places.get(CustomerId(one), {}))
            for one, group in zip(ids, owned, strict=True)
        ]


def _earned(owned: Owned, policy: Policy, period: Period) -> list[PointLeaf] | Problem:
    try:
        return earned_points(owned, policy, period).whole()
    except Problem as refusal:
        return refusal


def _scored(
    owned: Owned, policy: Policy, period: Period, index: Index, places: Mapping[Source, Standing]
) -> Indexed | Problem:
    try:
        return indexed(index, measured(owned, policy, period.first), places)
    except Problem as refusal:
        return refusal
