"""What can be wished for of the campaign service, as often as one is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from kit.db import Database, connect

from tests.campaign.conftest import EVERYONE, Bank, Clock, customer_id, serving
from tests.contracts.places import Place

PEOPLE = [str(number) for number in range(12)]
OFFERS = """query($keys: [_Any!]!) { _entities(representations: $keys) { ... on Customer {
  offers(channel: COUNTER) { id lastOutcome } } } }"""


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Place]:
    db = Database(connect(url, name="test"))
    names, offers = count(1), []
    await Bank(db).opens(*PEOPLE)
    async with serving(url, folder, Clock()) as service:
        place = Place("campaign", service.http, service.callers, db)

        def plan() -> dict[str, Any]:
            return {
                "name": f"Campaign {next(names)}", "product": "card", "title": "A card for you",
                "text": "Free for a year.", "channels": ["COUNTER"], "audience": EVERYONE,
                "startsOn": "2026-02-01", "endsOn": "2026-03-31",
            }  # fmt: skip

        async def draft() -> dict[str, Any]:
            return {"input": plan()}

        async def drafted() -> dict[str, Any]:
            return {"id": (await place.done("draftCampaign", await draft()))["id"]}

        async def update() -> dict[str, Any]:
            return await drafted() | {"version": 1, "input": plan()}

        async def reject() -> dict[str, Any]:
            return await drafted() | {"reason": "too dear"}

        async def approved() -> dict[str, Any]:
            given = await drafted()
            await place.done("approveCampaign", given, by="another")
            return given

        async def launched() -> dict[str, Any]:
            given = await approved()
            await place.done("launchCampaign", given)
            return given

        async def respond() -> dict[str, Any]:
            if not offers:
                await launched()
                offers.extend(await unanswered())
            return {"offerId": offers.pop(), "channel": "COUNTER", "outcome": "INTERESTED"}

        async def unanswered() -> list[str]:
            keys = [{"__typename": "Customer", "id": str(customer_id(one))} for one in PEOPLE]
            data = (await place.ask(OFFERS, {"keys": keys}))["data"]
            offered = [offer for one in data["_entities"] for offer in one["offers"]]
            return [one["id"] for one in offered if one["lastOutcome"] is None]

        place.wishes.update(
            draftCampaign=draft, updateDraft=update, approveCampaign=drafted, rejectCampaign=reject,
            launchCampaign=approved, stopCampaign=launched, recordResponse=respond,
        )  # fmt: skip
        yield place
    await db.engine.dispose()
