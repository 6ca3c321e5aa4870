"""The demonstration's campaign: drafted by a marketer, approved by another person, launched."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sheaf.client import Client
from sheaf.running import Running
from sheaf.trouble import Trouble

NAME = "First campaign"
DURATION = timedelta(days=90)
HOLD_OUT_PPM = 100_000
_LINES = ("INTERMEDIARY", "DEPOSIT", "SETTLEMENT", "E_BANKING", "LOAN", "INTERNATIONAL")


def launched(
    running: Running, institution: str, business_date: date, tier: str
) -> Mapping[str, Any]:
    """Give the campaign to everyone of at least this tier; one that is there already is used."""
    marketer = Client(running, "marketer", "console", institution, "demo-marketer")
    approver = Client(running, "approver", "console", institution, "demo-approver")
    rule = {"tier": {"atLeast": tier}}
    known = marketer.document("audience", rule=rule)
    edges = known["campaigns"]["edges"]
    campaign = next((one["node"] for one in edges if one["node"]["name"] == NAME), None)
    key = f"{institution}-first-campaign"
    if campaign is None:
        plan = _plan(_product(known["productsOnOffer"]), rule, business_date)
        said = marketer.document("draft", input=plan, key=f"{key}-draft")
        campaign = _done(said["draftCampaign"])
    if campaign["status"] == "DRAFT":
        version = campaign["version"]
        said = approver.document(
            "approve", id=campaign["id"], version=version, key=f"{key}-approve-{version}"
        )
        campaign = _done(said["approveCampaign"])
    if campaign["status"] == "APPROVED":
        said = marketer.document("launch", id=campaign["id"], key=f"{key}-launch")
        campaign = _done(said["launchCampaign"])
    found: Mapping[str, Any] = marketer.document("campaign", id=campaign["id"])["campaign"]
    return found


def _product(on_offer: list[Mapping[str, str]]) -> Mapping[str, str]:
    if not on_offer:
        raise Trouble("The bank has no product on offer, so there is nothing to campaign for.")
    return min(on_offer, key=lambda one: (_LINES.index(one["line"]), one["code"]))


def _plan(product: Mapping[str, str], rule: Mapping[str, Any], start: date) -> dict[str, Any]:
    return {
        "name": NAME,
        "product": product["code"],
        "title": f"{product['name']} for our best customers",
        "text": f"You may like {product['name']}. Ask at any counter, by phone or online.",
        "channels": ["COUNTER", "PHONE", "ONLINE"],
        "audience": rule,
        "holdOutPpm": HOLD_OUT_PPM,
        "startsOn": start.isoformat(),
        "endsOn": (start + DURATION).isoformat(),
    }


def _done(said: Mapping[str, Any]) -> Mapping[str, Any]:
    if said["__typename"] != "Campaign":
        faults = "; ".join(f"{one['path']}: {one['reason']}" for one in said.get("faults", []))
        raise Trouble(f"The campaign was refused: {said.get('message')} {faults}".strip())
    return said
