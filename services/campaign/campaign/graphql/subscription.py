"""What clients may follow instead of asking again and again."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry

from campaign.domain.prospect import Channel
from campaign.graphql.context import Info
from campaign.graphql.types import Offer
from campaign.operations import offers


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description=(
            "A customer's offers in a channel, as `Customer.offers`: at once as they are, then "
            "again, whole, whenever they have changed. Needs offer:read."
        )
    )
    async def offers_changed(
        self,
        info: Info,
        customer_id: Annotated[UUID, strawberry.argument(description="`Customer.id`.")],
        channel: Channel,
    ) -> AsyncGenerator[list[Offer] | None]:
        context = info.context
        states = offers.offers_changing(
            context.db,
            context.bell,
            context.principal,
            customer_id,
            channel,
            clock=context.clock,
        )
        async for found in states:
            yield [Offer.of(offer, channel) for offer in found]
