"""Facts this service announces. Additive changes only."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCampaign:
    campaign_id: UUID
    institution: str
    version: int
    product_code: str

    @property
    def subject(self) -> str:
        return str(self.campaign_id)

    def data(self) -> dict[str, Any]:
        return {"campaign_id": str(self.campaign_id), "product_code": self.product_code}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignApproved(_OfCampaign):
    """A second person has agreed to the campaign."""

    type: ClassVar[str] = "campaign.campaign.approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLaunched(_OfCampaign):
    """The campaign's members and their arms are fixed, and its offers open."""

    type: ClassVar[str] = "campaign.campaign.launched"
    starts_on: date
    ends_on: date
    treated: int
    held_out: int

    def data(self) -> dict[str, Any]:
        return {
            "campaign_id": str(self.campaign_id),
            "product_code": self.product_code,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat(),
            "treated": self.treated,
            "held_out": self.held_out,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStopped(_OfCampaign):
    """The campaign makes no more offers."""

    type: ClassVar[str] = "campaign.campaign.stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferResponded:
    """A customer has reacted to an offer."""

    type: ClassVar[str] = "campaign.offer.responded"
    offer_id: UUID
    campaign_id: UUID
    customer_id: UUID
    institution: str
    version: int
    product_code: str
    outcome: str
    channel: str

    @property
    def subject(self) -> str:
        return str(self.offer_id)

    def data(self) -> dict[str, Any]:
        return {
            "offer_id": str(self.offer_id),
            "campaign_id": str(self.campaign_id),
            "customer_id": str(self.customer_id),
            "product_code": self.product_code,
            "outcome": self.outcome,
            "channel": self.channel,
        }
