"""What a campaign proposes to one member, when it may be shown, and how it is answered."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from campaign.domain.arms import Arm
from campaign.domain.campaign import Status
from campaign.domain.events import OfferResponded
from campaign.domain.problems import (
    AlreadyAnswered,
    ConsentWithdrawn,
    OfferClosed,
    OfferNotFound,
)
from campaign.domain.prospect import Channel, marketing

ANSWERED_SHOWN = timedelta(days=90)


class Outcome(StrEnum):
    """How a customer reacted; ACCEPTED and DECLINED are final, the others may be followed."""

    INTERESTED = "interested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"


class OfferStatus(StrEnum):
    """OPEN until the customer accepts or declines."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


FINAL = {Outcome.ACCEPTED: OfferStatus.ACCEPTED, Outcome.DECLINED: OfferStatus.DECLINED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A member's offer with what decides about it: campaign, consents and holdings as of now."""

    id: UUID
    institution: str
    customer_id: UUID
    arm: Arm
    version: int
    outcome: Outcome | None
    responded_at: datetime | None
    campaign_id: UUID
    campaign_name: str
    campaign_status: Status
    product_code: str
    title: str
    text: str
    channels: tuple[Channel, ...]
    starts_on: date
    ends_on: date
    consents: frozenset[str]
    holds_product: bool

    @property
    def status(self) -> OfferStatus:
        return (
            OfferStatus.OPEN if self.outcome is None else FINAL.get(self.outcome, OfferStatus.OPEN)
        )


def shown(offer: Offer, channel: Channel, *, on: date, at: datetime) -> bool:
    """Say whether staff or customer may see the offer in `channel` (`on`: business date).

    Never to a held-out member nor without consent for the channel in force now. An open offer
    only while its campaign runs and until the customer has the product some other way; an
    answered one for 90 days more, so that nobody asks again.
    """
    if offer.arm is not Arm.TREATED or not _reachable(offer, channel):
        return False
    if offer.status is OfferStatus.OPEN:
        return _running(offer, on) and not offer.holds_product
    return offer.responded_at is not None and at - offer.responded_at <= ANSWERED_SHOWN


def for_the_customer(offer: Offer) -> Offer:
    """Return the offer in words meant for customers: staff name a campaign for themselves."""
    return replace(offer, campaign_name=offer.title)


def respond(
    offer: Offer, outcome: Outcome, channel: Channel, *, on: date, at: datetime
) -> tuple[Offer, OfferResponded | None]:
    """Record the customer's reaction; the same final answer again changes nothing.

    A customer who has meanwhile opened the product may still accept: that is how it is opened.
    """
    if offer.arm is not Arm.TREATED or channel not in offer.channels:
        raise OfferNotFound(f"There is no offer {offer.id} in this channel.")
    if offer.status is not OfferStatus.OPEN:
        if outcome is offer.outcome:
            return offer, None
        raise AlreadyAnswered(f"This offer is {offer.status.name} already; that is final.")
    if marketing(channel) not in offer.consents:
        raise ConsentWithdrawn("The customer does not agree to marketing through this channel.")
    if not _running(offer, on):
        raise OfferClosed(f"The campaign of this offer does not run on {on}.")
    changed = replace(offer, outcome=outcome, responded_at=at, version=offer.version + 1)
    return changed, OfferResponded(
        offer_id=offer.id,
        campaign_id=offer.campaign_id,
        customer_id=offer.customer_id,
        institution=offer.institution,
        version=changed.version,
        product_code=offer.product_code,
        outcome=outcome,
        channel=channel,
    )


def _reachable(offer: Offer, channel: Channel) -> bool:
    return channel in offer.channels and marketing(channel) in offer.consents


def _running(offer: Offer, on: date) -> bool:
    launched = offer.campaign_status is Status.LAUNCHED
    return launched and offer.starts_on <= on <= offer.ends_on
