"""A campaign from draft to stop: who may take which step, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from campaign.domain.events import CampaignApproved, CampaignLaunched, CampaignStopped
from campaign.domain.problems import (
    CampaignEnded,
    Fault,
    InvalidCampaign,
    ProductNotOnOffer,
    SecondPersonRequired,
    StaleVersion,
    WrongStatus,
)
from campaign.domain.prospect import Channel
from campaign.domain.words import storable

MOST_HELD_OUT_PPM = 500_000
MOST_NAME, MOST_TEXT = 200, 2000


class Status(StrEnum):
    """DRAFT, then APPROVED or REJECTED; from APPROVED to LAUNCHED; from LAUNCHED to STOPPED."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAUNCHED = "launched"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a marketer writes; fixed once approved. `audience` is as the client wrote it."""

    name: str
    product_code: str
    title: str
    text: str
    channels: tuple[Channel, ...]
    audience: Mapping[str, Any]
    hold_out_ppm: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Counts frozen at launch; who already held the product is in neither arm."""

    treated: int
    held_out: int
    holders_excluded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who did something, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One planned and measured approach to an audience."""

    id: UUID
    institution: str
    version: int
    status: Status
    plan: Plan
    salt: str
    authors: tuple[str, ...]
    created_at: datetime
    decided: Step | None = None
    reason: str | None = None
    launched: Step | None = None
    stopped: Step | None = None
    membership: Membership | None = None


def checked(plan: Plan, *, on_offer: bool, on: date) -> Plan:
    """Return `plan`, or refuse it with every fault; `on` is the business date."""
    faults = [
        *_length("name", plan.name, MOST_NAME),
        *_length("title", plan.title, MOST_NAME),
        *_length("text", plan.text, MOST_TEXT),
    ]
    if not plan.channels or len(set(plan.channels)) < len(plan.channels):
        faults.append(Fault("channels", "name at least one channel, each once"))
    if not 0 <= plan.hold_out_ppm <= MOST_HELD_OUT_PPM:
        faults.append(Fault("holdOutPpm", f"give 0 to {MOST_HELD_OUT_PPM} parts per million"))
    if plan.ends_on < plan.starts_on:
        faults.append(Fault("endsOn", "a campaign ends on or after the day it starts"))
    elif plan.ends_on < on:
        faults.append(Fault("endsOn", f"this day is over; the business date is {on}"))
    if faults:
        raise InvalidCampaign(faults)
    sellable(plan.product_code, on_offer=on_offer)
    return plan


def _length(path: str, value: str, most: int) -> list[Fault]:
    fits = bool(value.strip()) and len(value) <= most and storable(value)
    return [] if fits else [Fault(path, f"give 1 to {most} characters")]


def sellable(product_code: str, *, on_offer: bool) -> None:
    """Refuse a product that the bank does not offer."""
    if not on_offer:
        raise ProductNotOnOffer(f"There is no product '{product_code[:100]}' on offer.")


def revise(campaign: Campaign, plan: Plan, *, by: str, version: int) -> Campaign:
    """Replace a draft's plan; whoever did so counts as an author from then on."""
    _at(campaign, version)
    _in(campaign, Status.DRAFT, "changed")
    authors = (*campaign.authors, *([] if by in campaign.authors else [by]))
    return replace(campaign, plan=plan, authors=authors, version=campaign.version + 1)


def approve(
    campaign: Campaign, *, by: str, at: datetime, version: int | None
) -> tuple[Campaign, CampaignApproved]:
    """Agree to a draft; nobody who wrote any of it may (four eyes)."""
    _at(campaign, version)
    _in(campaign, Status.DRAFT, "approved")
    if by in campaign.authors:
        raise SecondPersonRequired("Someone who did not write this campaign must approve it.")
    changed = _moved(campaign, Status.APPROVED, decided=Step(by=by, at=at))
    return changed, CampaignApproved(**_facts(changed))


def reject(campaign: Campaign, *, by: str, at: datetime, reason: str) -> Campaign:
    """Turn a draft down for good; a better one is a new draft."""
    _in(campaign, Status.DRAFT, "rejected")
    if faults := _length("reason", reason, MOST_TEXT):
        raise InvalidCampaign(faults)
    return _moved(campaign, Status.REJECTED, decided=Step(by=by, at=at), reason=reason)


def ready(campaign: Campaign, *, on: date, on_offer: bool) -> None:
    """Refuse a launch that is not approved, too late, or of a product no longer on offer."""
    _in(campaign, Status.APPROVED, "launched")
    if campaign.plan.ends_on < on:
        raise CampaignEnded(f"The campaign ended on {campaign.plan.ends_on}; it is {on}.")
    sellable(campaign.plan.product_code, on_offer=on_offer)


def launch(
    campaign: Campaign, membership: Membership, *, by: str, at: datetime
) -> tuple[Campaign, CampaignLaunched]:
    """Open the campaign's offers to its treated members."""
    _in(campaign, Status.APPROVED, "launched")
    changed = _moved(campaign, Status.LAUNCHED, launched=Step(by=by, at=at), membership=membership)
    return changed, CampaignLaunched(
        **_facts(changed),
        starts_on=changed.plan.starts_on,
        ends_on=changed.plan.ends_on,
        treated=membership.treated,
        held_out=membership.held_out,
    )


def stop(campaign: Campaign, *, by: str, at: datetime) -> tuple[Campaign, CampaignStopped]:
    """Make no more offers; what was answered stays."""
    _in(campaign, Status.LAUNCHED, "stopped")
    changed = _moved(campaign, Status.STOPPED, stopped=Step(by=by, at=at))
    return changed, CampaignStopped(**_facts(changed))


def _moved(campaign: Campaign, status: Status, **changes: Any) -> Campaign:  # noqa: ANN401
    return replace(campaign, status=status, version=campaign.version + 1, **changes)


def _facts(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign_id": campaign.id,
        "institution": campaign.institution,
        "version": campaign.version,
        "product_code": campaign.plan.product_code,
    }


def _at(campaign: Campaign, version: int | None) -> None:
    if version not in (None, campaign.version):
        raise StaleVersion(
            f"The campaign is at version {campaign.version}, not {version}; read it again."
        )


def _in(campaign: Campaign, status: Status, step: str) -> None:
    if campaign.status is not status:
        raise WrongStatus(
            f"A campaign is {step} from {status.name}; this one is {campaign.status.name}."
        )
