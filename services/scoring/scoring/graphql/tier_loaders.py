"""Batches about tiers: as stored, or worked out again as of a past moment."""

import asyncio
from itertools import chain

from strawberry.dataloader import DataLoader

from scoring.domain.account import CustomerId
from scoring.domain.as_of import NOW
from scoring.domain.holders import counted
from scoring.domain.tier_override import effective
from scoring.domain.tier_replay import replay_period, replayed
from scoring.domain.tiers import TierPeriod
from scoring.graphql.moment import Moment
from scoring.store import accounts, openings, tier_overrides, tiers


class TierLoaders:
    """Built afresh for each request and moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.tiers_by_customer_id = DataLoader(load_fn=self._tiers_by_customer_id)

    async def _tiers_by_customer_id(self, ids: list[CustomerId]) -> list[list[TierPeriod]]:
        moment = self._moment
        if moment.as_of != NOW:
            found = await self._replayed(ids)
        async with moment.read() as session:
            if moment.as_of == NOW:
                found = await tiers.tiers_by_customer_id(session, moment.institution, ids)
            given = await tier_overrides.overrides_by_customer_id(
                session, moment.institution, ids, moment.known_at
            )
        return [effective(found.get(one, []), given.get(one, [])) for one in ids]

    async def _replayed(self, ids: list[CustomerId]) -> dict[CustomerId, list[TierPeriod]]:
        moment, policy = self._moment, await self._moment.policy()
        months = replay_period(policy) if policy else None
        if policy is None or months is None:
            return {}
        async with moment.read() as session:
            held = await accounts.held_by_customer_id(
                session, moment.institution, ids, moment.known_at
            )
            opened = await openings.openings_by_customer_id(
                session, moment.institution, ids, moment.known_at
            )
            owned = [counted(held.get(one, ()), one, policy) for one in ids]
            known = {account.id: account for account in chain.from_iterable(owned)}
            kept = await moment.histories(session, list(known.values()), months, policy, acts=True)

        def work() -> dict[CustomerId, list[TierPeriod]]:
            return {
                one: replayed(one, mine, kept, opened.get(one), policy, months)
                for one, mine in zip(ids, owned, strict=True)
            }

        return await asyncio.to_thread(work)
