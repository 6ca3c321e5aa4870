"""The shapes clients see. Each knows how to be made from a domain value."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

import strawberry
from kit.graphql import PageInfo
from strawberry.scalars import JSON

from campaign.domain import campaign as domain
from campaign.domain import measure
from campaign.domain import offer as answering
from campaign.domain.offer import OfferStatus, Outcome
from campaign.domain.preview import Preview
from campaign.domain.prospect import Channel, Line
from campaign.graphql.context import Info

CampaignStatus = domain.Status
strawberry.enum(
    CampaignStatus,
    name="CampaignStatus",
    description="DRAFT, then APPROVED or REJECTED; then LAUNCHED; then STOPPED.",
)
strawberry.enum(Outcome, description="How a customer reacted; ACCEPTED and DECLINED are final.")
strawberry.enum(OfferStatus, description="OPEN until the customer accepts or declines.")


@strawberry.type(description="A product that the bank sells now.")
class ProductOnOffer:
    code: str
    name: str
    line: Line


@strawberry.type(description="Staff did something.")
class CampaignStep:
    by: str = strawberry.field(description="Staff number.")
    at: datetime

    @classmethod
    def of(cls, step: domain.Step | None) -> Self | None:
        return cls(by=step.by, at=step.at) if step else None


@strawberry.type(description="How many reacted in one way.")
class OutcomeCount:
    outcome: Outcome
    count: int


@strawberry.type(description="Whether members were split between the arms as planned.")
class SplitCheck:
    expected_held_out: float
    p_value: float = strawberry.field(description="Chance of arms this uneven (chi-squared).")
    suspicious: bool = strawberry.field(description="Below 0.001: do not trust the comparison.")


@strawberry.type(description="What the offer changed: rates of members who hold the product now.")
class Lift:
    treated_rate: float
    held_out_rate: float
    difference: float
    low: float = strawberry.field(description="Lower end of the 95 % interval.")
    high: float = strawberry.field(description="Upper end of the 95 % interval.")


@strawberry.type(description="A launched campaign in numbers.")
class CampaignStats:
    members: int = strawberry.field(description="Treated and held out; fixed at launch.")
    treated: int
    held_out: int = strawberry.field(description="Offered nothing, for comparison.")
    holders_excluded: int = strawberry.field(
        description="Of the audience, left out because they held the product at launch."
    )
    offered: int = strawberry.field(
        description="Treated whom an offer can reach by their consents, or who answered."
    )
    responses: list[OutcomeCount] = strawberry.field(description="Latest reaction per member.")
    accepted_treated: int
    took_treated: int = strawberry.field(description="Treated who hold the product now.")
    took_held_out: int = strawberry.field(description="Held out who hold the product now.")
    split: SplitCheck | None = strawberry.field(description="Null without a hold-out.")
    lift: Lift | None = strawberry.field(description="Null without members in both arms.")

    @classmethod
    def of(cls, campaign: domain.Campaign, tally: measure.Tally) -> Self | None:
        if campaign.membership is None:
            return None
        treated, held_out = campaign.membership.treated, campaign.membership.held_out
        ppm = campaign.plan.hold_out_ppm
        split = measure.split(treated=treated, held_out=held_out, hold_out_ppm=ppm)
        lift = measure.lift(
            treated=treated,
            held_out=held_out,
            took_treated=tally.took_treated,
            took_held_out=tally.took_held_out,
        )
        return cls(
            members=treated + held_out,
            treated=treated,
            held_out=held_out,
            holders_excluded=campaign.membership.holders_excluded,
            offered=tally.offered,
            responses=[OutcomeCount(outcome=one, count=n) for one, n in tally.outcomes.items()],
            accepted_treated=tally.outcomes.get(Outcome.ACCEPTED, 0),
            took_treated=tally.took_treated,
            took_held_out=tally.took_held_out,
            split=SplitCheck(
                expected_held_out=split.expected_held_out,
                p_value=split.p_value,
                suspicious=split.suspicious,
            )
            if split
            else None,
            lift=Lift(
                treated_rate=lift.treated_rate,
                held_out_rate=lift.held_out_rate,
                difference=lift.difference,
                low=lift.low,
                high=lift.high,
            )
            if lift
            else None,
        )


@strawberry.type(description="A planned and measured approach to an audience.")
class Campaign:
    id: UUID
    version: int = strawberry.field(description="Grows with every change.")
    status: CampaignStatus
    name: str
    product: str = strawberry.field(description="Code of the product offered.")
    title: str = strawberry.field(description="The offer in a line.")
    text: str = strawberry.field(description="The offer in full.")
    channels: list[Channel]
    audience: JSON = strawberry.field(description="Whom it is for, as an AudienceRule.")
    hold_out_ppm: int = strawberry.field(description="Planned share held out, in ppm.")
    starts_on: date
    ends_on: date
    authors: list[str] = strawberry.field(description="Staff numbers of all who wrote it.")
    created_at: datetime
    decided: CampaignStep | None = strawberry.field(description="Approval or rejection.")
    reason: str | None = strawberry.field(description="Why it was rejected.")
    launched: CampaignStep | None
    stopped: CampaignStep | None
    salt: str = strawberry.field(
        description=(
            "A member is held out when the SHA-256 of `salt:campaign:customer`, as a fraction "
            "of 2^256, is below holdOutPpm."
        )
    )
    value: strawberry.Private[domain.Campaign]

    @strawberry.field(description="Null before the launch.")
    async def stats(self, info: Info) -> CampaignStats | None:
        if self.value.membership is None:
            return None
        tally = await info.context.loaders.tally_by_campaign_id.load(self.value.id)
        return CampaignStats.of(self.value, tally)

    @classmethod
    def of(cls, campaign: domain.Campaign) -> Self:
        plan = campaign.plan
        return cls(
            id=campaign.id,
            version=campaign.version,
            status=campaign.status,
            name=plan.name,
            product=plan.product_code,
            title=plan.title,
            text=plan.text,
            channels=list(plan.channels),
            audience=JSON(plan.audience),
            hold_out_ppm=plan.hold_out_ppm,
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            authors=list(campaign.authors),
            created_at=campaign.created_at,
            decided=CampaignStep.of(campaign.decided),
            reason=campaign.reason,
            launched=CampaignStep.of(campaign.launched),
            stopped=CampaignStep.of(campaign.stopped),
            salt=campaign.salt,
            value=campaign,
        )


@strawberry.type(description="One campaign of a page.")
class CampaignEdge:
    node: Campaign
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this one.")


@strawberry.type(description="A page of campaigns, newest first.")
class CampaignConnection:
    edges: list[CampaignEdge]
    page_info: PageInfo


@strawberry.type(description="The campaign behind an offer.")
class OfferCampaign:
    id: UUID
    name: str = strawberry.field(
        description="What staff call it; to the customer itself, the offer's title."
    )


@strawberry.type(description="What a campaign proposes to one customer.")
class Offer:
    id: UUID = strawberry.field(description="Same for ever: campaign and customer.")
    title: str
    text: str
    status: OfferStatus
    last_outcome: Outcome | None = strawberry.field(description="The latest reaction, if any.")
    campaign: OfferCampaign
    product: str = strawberry.field(description="Code of the product offered.")
    channel: Channel = strawberry.field(description="The channel asked for.")
    expires_on: date = strawberry.field(description="Last business date of the offer.")

    @classmethod
    def of(cls, offer: answering.Offer, channel: Channel) -> Self:
        return cls(
            id=offer.id,
            title=offer.title,
            text=offer.text,
            status=offer.status,
            last_outcome=offer.outcome,
            campaign=OfferCampaign(id=offer.campaign_id, name=offer.campaign_name),
            product=offer.product_code,
            channel=channel,
            expires_on=offer.ends_on,
        )


@strawberry.federation.type(keys=["id"], description="Someone the bank serves.")
class Customer:
    id: UUID

    @strawberry.field(
        description=(
            "Offers that may be made to the customer here and now: of running campaigns, with "
            "consent for the channel; and those answered within 90 days. A customer sees those "
            "of the channel that it came by. Needs offer:read."
        )
    )
    async def offers(self, info: Info, channel: Channel) -> list[Offer] | None:
        key = (self.id, channel)
        found = await info.context.loaders.offers_by_customer_id_and_channel.load(key)
        return [Offer.of(offer, channel) for offer in found]

    @classmethod
    def resolve_reference(cls, id: UUID | str) -> Self | None:  # noqa: A002  (the key's name)
        # The router's keys arrive unconverted: federation skips argument parsing.
        try:
            return cls(id=UUID(str(id)))
        except ValueError:
            return None


@strawberry.type(description="How many of an audience agreed to marketing through a channel.")
class AudienceChannel:
    channel: Channel
    count: int


@strawberry.type(description="How many of an audience stand on a tier.")
class AudienceTier:
    code: str | None = strawberry.field(description="Null: on none.")
    count: int


@strawberry.type(
    description="An audience as it would be now, of whom the caller reaches; nothing is kept."
)
class AudiencePreview:
    on: date = strawberry.field(description="The institution's business date.")
    count: int
    addressable: list[AudienceChannel] = strawberry.field(description="With consent, per channel.")
    by_tier: list[AudienceTier] = strawberry.field(description="Highest tier first.")
    sample: list[Customer] = strawberry.field(description="Ten of them at most.")

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            on=preview.on,
            count=preview.count,
            addressable=[
                AudienceChannel(channel=channel, count=count)
                for channel, count in preview.addressable.items()
            ],
            by_tier=[AudienceTier(code=one.code, count=one.count) for one in preview.by_tier],
            sample=[Customer(id=one) for one in preview.sample],
        )
