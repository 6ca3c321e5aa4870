"""The entry points of the campaign subgraph."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import strawberry
from kit.access import read_access
from kit.graphql import IdempotencyKeyReused, PageInfo, Schema

from campaign.domain import problems as refused
from campaign.domain.offer import Outcome
from campaign.domain.prospect import Channel
from campaign.graphql.audit import AuditQuery
from campaign.graphql.context import Info
from campaign.graphql.inputs import AudienceRule, CampaignInput, tree
from campaign.graphql.paging import cursor, place, size
from campaign.graphql.problems import (
    HANDLERS,
    AlreadyAnswered,
    CampaignEnded,
    CampaignNotFound,
    ConsentWithdrawn,
    InstitutionNotLoaded,
    InvalidAudience,
    InvalidCampaign,
    OfferClosed,
    OfferNotFound,
    ProductNotOnOffer,
    SecondPersonRequired,
    StaleVersion,
    WrongStatus,
)
from campaign.graphql.subscription import Subscription
from campaign.graphql.types import (
    AudiencePreview,
    Campaign,
    CampaignConnection,
    CampaignEdge,
    Customer,
    Offer,
    ProductOnOffer,
)
from campaign.operations import campaigns as planning
from campaign.operations import offers

PreviewAudienceResult = Annotated[
    AudiencePreview | InvalidAudience | InstitutionNotLoaded,
    strawberry.union("PreviewAudienceResult"),
]
DraftCampaignResult = Annotated[
    Campaign
    | InvalidCampaign
    | InvalidAudience
    | ProductNotOnOffer
    | InstitutionNotLoaded
    | IdempotencyKeyReused,
    strawberry.union("DraftCampaignResult"),
]
UpdateDraftResult = Annotated[
    Campaign
    | CampaignNotFound
    | StaleVersion
    | WrongStatus
    | InvalidCampaign
    | InvalidAudience
    | ProductNotOnOffer
    | InstitutionNotLoaded
    | IdempotencyKeyReused,
    strawberry.union("UpdateDraftResult"),
]
ApproveCampaignResult = Annotated[
    Campaign
    | CampaignNotFound
    | StaleVersion
    | WrongStatus
    | SecondPersonRequired
    | IdempotencyKeyReused,
    strawberry.union("ApproveCampaignResult"),
]
RejectCampaignResult = Annotated[
    Campaign | CampaignNotFound | WrongStatus | InvalidCampaign | IdempotencyKeyReused,
    strawberry.union("RejectCampaignResult"),
]
LaunchCampaignResult = Annotated[
    Campaign
    | CampaignNotFound
    | WrongStatus
    | CampaignEnded
    | ProductNotOnOffer
    | InvalidAudience
    | InstitutionNotLoaded
    | IdempotencyKeyReused,
    strawberry.union("LaunchCampaignResult"),
]
StopCampaignResult = Annotated[
    Campaign | CampaignNotFound | WrongStatus | IdempotencyKeyReused,
    strawberry.union("StopCampaignResult"),
]
RecordResponseResult = Annotated[
    Offer
    | OfferNotFound
    | OfferClosed
    | ConsentWithdrawn
    | AlreadyAnswered
    | InstitutionNotLoaded
    | IdempotencyKeyReused,
    strawberry.union("RecordResponseResult"),
]
Key = Annotated[
    str, strawberry.argument(description="Same key, same answer: make a new one for a new wish.")
]


# Every field here may be null: one refused or out of reach must not void what others answered.
@strawberry.type
class Query(AuditQuery):
    @strawberry.field(description="Products that a campaign can offer. Needs campaign:read.")
    async def products_on_offer(self, info: Info) -> list[ProductOnOffer] | None:
        context = info.context
        found = await planning.products_on_offer(context.db, context.principal)
        return [ProductOnOffer(code=one.code, name=one.name, line=one.line) for one in found]

    @strawberry.field(description="How many an audience would reach now. Needs campaign:read.")
    async def preview_audience(
        self, info: Info, rule: AudienceRule
    ) -> PreviewAudienceResult | None:
        context = info.context
        found = await planning.preview(context.db, context.principal, tree(rule))
        return AudiencePreview.of(found)

    @strawberry.field(description="Campaigns, newest first. Needs campaign:read.")
    async def campaigns(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> CampaignConnection | None:
        context = info.context
        found, more = await planning.campaigns_page(
            context.db, context.principal, first=size(first), after=place(after)
        )
        edges = [CampaignEdge(node=Campaign.of(one), cursor=cursor(one)) for one in found]
        ends = PageInfo(
            has_next_page=more,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return CampaignConnection(edges=edges, page_info=ends)

    @strawberry.field(description="One campaign; null if there is none. Needs campaign:read.")
    async def campaign(self, info: Info, id: UUID) -> Campaign | None:  # noqa: A002
        context = info.context
        try:
            return Campaign.of(await planning.campaign(context.db, context.principal, id))
        except refused.CampaignNotFound:
            return None


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Write down a new campaign. Needs campaign:write.")
    async def draft_campaign(
        self,
        info: Info,
        input: CampaignInput,  # noqa: A002  (GraphQL's usual name)
        idempotency_key: Key,
    ) -> DraftCampaignResult | None:
        context = info.context
        changed = await planning.draft(
            context.db, context.principal, input.plan(), key=idempotency_key, at=context.clock()
        )
        return Campaign.of(changed)

    @strawberry.mutation(description="Replace a draft's plan. Needs campaign:write.")
    async def update_draft(
        self,
        info: Info,
        id: UUID,  # noqa: A002  (GraphQL's usual name)
        version: Annotated[int, strawberry.argument(description="The version you read.")],
        input: CampaignInput,  # noqa: A002
        idempotency_key: Key,
    ) -> UpdateDraftResult | None:
        context = info.context
        changed = await planning.revise(
            context.db,
            context.principal,
            id,
            input.plan(),
            version=version,
            key=idempotency_key,
            at=context.clock(),
        )
        return Campaign.of(changed)

    @strawberry.mutation(
        description="Agree to a draft written by others (four eyes). Needs campaign:approve."
    )
    async def approve_campaign(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        idempotency_key: Key,
        version: Annotated[
            int | None,
            strawberry.argument(description="The version you read; refused if it has changed."),
        ] = None,
    ) -> ApproveCampaignResult | None:
        context = info.context
        changed = await planning.approve(
            context.db,
            context.principal,
            id,
            version,
            key=idempotency_key,
            at=context.clock(),
        )
        return Campaign.of(changed)

    @strawberry.mutation(description="Turn a draft down for good. Needs campaign:approve.")
    async def reject_campaign(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        reason: str,
        idempotency_key: Key,
    ) -> RejectCampaignResult | None:
        context = info.context
        changed = await planning.reject(
            context.db, context.principal, id, reason, key=idempotency_key, at=context.clock()
        )
        return Campaign.of(changed)

    @strawberry.mutation(
        description=(
            "Fix the members of an approved campaign as its audience stands now, without those "
            "who hold the product, and open its offers. Needs campaign:write."
        )
    )
    async def launch_campaign(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        idempotency_key: Key,
    ) -> LaunchCampaignResult | None:
        context = info.context
        changed = await planning.launch(
            context.db, context.principal, id, key=idempotency_key, at=context.clock()
        )
        return Campaign.of(changed)

    @strawberry.mutation(description="Make no more offers. Needs campaign:write.")
    async def stop_campaign(
        self,
        info: Info,
        id: UUID,  # noqa: A002
        idempotency_key: Key,
    ) -> StopCampaignResult | None:
        context = info.context
        changed = await planning.stop(
            context.db, context.principal, id, key=idempotency_key, at=context.clock()
        )
        return Campaign.of(changed)

    @strawberry.mutation(
        description="Record how a customer reacted to an offer. Needs offer:respond."
    )
    async def record_response(
        self, info: Info, offer_id: UUID, channel: Channel, outcome: Outcome,
        idempotency_key: Key,
    ) -> RecordResponseResult | None:  # fmt: skip
        context = info.context
        offer = await offers.respond(
            context.db,
            context.principal,
            offer_id,
            outcome,
            channel,
            key=idempotency_key,
            at=context.clock(),
        )
        return Offer.of(offer, channel)


SCHEMA = Schema(
    Query,
    Mutation,
    Subscription,
    types=[Customer],
    access=read_access(Path(__file__).parents[1] / "access.json"),
    handlers=HANDLERS,
)
