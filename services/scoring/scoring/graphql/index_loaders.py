"""Batches for points and the index: what customers earned and how they score in a month."""

from collections.abc import Mapping
from uuid import UUID

from kit.problem import Problem
from strawberry.dataloader import DataLoader

from scoring.domain.account import CustomerId
from scoring.domain.earned_points import PointLeaf, earned_points
from scoring.domain.index import Indexed, Source, Standing, indexed
from scoring.domain.measured import measured
from scoring.domain.months import Period, month_of
from scoring.graphql.batches import by_second, or_refusal
from scoring.graphql.customer_loaders import CustomerLoaders, Owned
from scoring.graphql.moment import Moment
from scoring.store.standings import standings


class IndexLoaders:
    """Built afresh for each request and moment, beside the `CustomerLoaders` that it asks."""

    def __init__(self, moment: Moment, customers: CustomerLoaders) -> None:
        self._moment = moment
        self._customers = customers
        self.points_by_customer_id = DataLoader(load_fn=by_second(self._points))
        self.index_by_customer_id = DataLoader(load_fn=by_second(self._index))

    async def _points(
        self, ids: list[UUID], period: Period
    ) -> list[list[PointLeaf] | Problem | None]:
        customers = [CustomerId(one) for one in ids]
        policy, found = await self._customers.owned(customers, period)
        if policy is None:
            return [None] * len(ids)

        def earned(owned: Owned, whose: CustomerId) -> list[PointLeaf]:
            return earned_points(owned, policy, period, whose).whole()

        return [
            None if owned is None else or_refusal(earned, owned, whose)
            for owned, whose in zip(found, customers, strict=True)
        ]

    async def _index(self, ids: list[UUID], period: Period) -> list[Indexed | Problem | None]:
        """Score each customer in the one month of the period; None where nothing is scored."""
        policy = await self._moment.policy()
        scheme = policy.scheme(period.first) if policy else None
        if policy is None or scheme is None or scheme.index is None:
            return [None] * len(ids)
        if period.first > month_of(policy.business_date):
            return [None] * len(ids)
        index, customers = scheme.index, [CustomerId(one) for one in ids]
        _, found = await self._customers.owned(customers, period)
        known = [whose for whose, owned in zip(customers, found, strict=True) if owned]
        sources = [one.of for one in index.among_all()]
        async with self._moment.read() as session:
            places = await standings(
                session, self._moment.institution, period.first, known, sources
            )

        def scored(owned: Owned, whose: CustomerId) -> Indexed:
            stands: Mapping[Source, Standing] = places.get(whose, {})
            return indexed(index, measured(owned, policy, period.first, whose), stands)

        return [
            or_refusal(scored, owned, whose) if owned else None
            for owned, whose in zip(found, customers, strict=True)
        ]
