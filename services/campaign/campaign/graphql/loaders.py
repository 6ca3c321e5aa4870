"""Batches: one short read per kind of thing, however many fields asked."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.identity import Principal
from strawberry.dataloader import DataLoader

from campaign.domain.measure import Tally
from campaign.domain.offer import Offer
from campaign.domain.prospect import Channel
from campaign.operations import campaigns, offers


class Loaders:
    """Built afresh for each request, so its cache can never outlive one."""

    def __init__(self, db: Database, who: Principal, clock: Callable[[], datetime]) -> None:
        async def by_channel(keys: list[tuple[UUID, Channel]]) -> list[list[Offer]]:
            customers = sorted({customer for customer, _ in keys})
            at = clock()
            on, found = await offers.offers_by_customer(db, who, customers, at=at)
            return [
                [
                    one
                    for one in found.get(customer, [])
                    if on and offers.shown(who, one, channel, on=on, at=at)
                ]
                for customer, channel in keys
            ]

        async def tallies(ids: list[UUID]) -> list[Tally]:
            found = await campaigns.tallies(db, who, ids)
            return [found[campaign_id] for campaign_id in ids]

        self.offers_by_customer_id_and_channel = DataLoader(load_fn=by_channel)
        self.tally_by_campaign_id = DataLoader(load_fn=tallies)
