"""A customer's offers followed through the router: told as they change, and ended in time."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from campaign.store.wakes import MOST_EACH
from kit.db import Database, connect

from tests.campaign.conftest import DRAFT, EVERYONE, STEP, Bank, customer_id
from tests.gateway.services import serving

GATEWAY = Path(__file__).parents[2] / "gateway"
DOCUMENT = next(
    entry["text"]
    for entry in json.loads((GATEWAY / "documents.json").read_text()).values()
    if entry["operation"] == "OffersChanged" and entry["channels"] == ["counter"]
)


@pytest.fixture(scope="module")
def campaign(templates, tmp_path_factory, callers) -> Iterator[SimpleNamespace]:
    """The real campaign service, told of one customer: .url, .tell(make)."""
    database, url = templates.clone("campaign")

    def tell(make) -> None:
        async def told() -> None:
            engine = connect(url, name="test")
            await make(Bank(Database(engine)))
            await engine.dispose()

        asyncio.run(told())

    tell(lambda bank: bank.opens("1"))
    folder = tmp_path_factory.mktemp("streams")
    with serving("campaign", url, folder, callers) as address:
        yield SimpleNamespace(url=address, tell=tell)
    templates.drop(database)


@pytest.fixture(scope="module")
def router(_start, campaign):
    started = _start(
        GATEWAY_SUPERGRAPH=GATEWAY / "supergraph.graphql",
        GATEWAY_DOCUMENTS=GATEWAY / "documents.json",
        GATEWAY_CAMPAIGN_URL=campaign.url,
        GATEWAY_DRAIN_MS=0,
    )
    yield started
    if started.process.poll() is None:
        started.stop()


@contextmanager
def following(router, token) -> Iterator[Iterator[tuple[str, dict | None]]]:
    """Follow the customer's offers; give what each event is and says."""

    def events(lines: Iterator[str]) -> Iterator[tuple[str, dict | None]]:
        kind = ""
        for line in lines:
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data:"):
                said = line.removeprefix("data:").strip()
                yield kind, json.loads(said) if said else None

    body = {"query": DOCUMENT, "variables": {"customer": str(customer_id("1"))}}
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    url = f"{router.url}/graphql"
    with (
        httpx.stream("POST", url, json=body, headers=headers, timeout=20) as answer,
        closing(events(answer.iter_lines())) as told,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield told


def offers(event: tuple[str, dict | None]) -> list[dict]:
    kind, said = event
    assert kind == "next"
    assert said
    assert "errors" not in said, said
    return said["data"]["offersChanged"]


def teller(issuer, subject="t1", seconds=300) -> str:
    until = int(time.time()) + seconds
    return issuer.token(subject, role="teller", channel="counter", exp=until)


def launch(router, issuer) -> None:
    def ask(document, subject, **variables) -> dict:
        token = {"authorization": f"Bearer {issuer.token(subject)}"}
        answer = router.ask(document, variables | {"key": uuid4().hex}, headers=token)
        assert "errors" not in answer, answer
        [found] = answer["data"].values()
        assert found["__typename"] == "Campaign", found
        return found

    plan = {
        "name": "Spring", "product": "card", "title": "为您准备的卡", "text": "Free for a year.",
        "channels": ["COUNTER"], "audience": EVERYONE, "holdOutPpm": 0,
        "startsOn": "2026-02-01", "endsOn": "2026-03-31",
    }  # fmt: skip
    draft = ask(DRAFT, "writer", input=plan)
    ask(STEP % "approveCampaign", "approver", id=draft["id"])
    ask(STEP % "launchCampaign", "writer", id=draft["id"])


def test_offers_are_told_as_they_change_and_streams_are_bounded(router, issuer, campaign):
    with following(router, teller(issuer)) as told:
        assert offers(next(told)) == []
        launch(router, issuer)
        [offer] = offers(next(told))
        assert (offer["title"], offer["status"]) == ("为您准备的卡", "OPEN")
        campaign.tell(lambda bank: bank.tell(bank.consent("1", given=False, version=2)))
        assert offers(next(told)) == []


def test_who_leaves_makes_room_for_another_stream(router, issuer):
    token = teller(issuer, "t2")
    held = [following(router, token) for _ in range(MOST_EACH)]
    for one in held:
        offers(next(one.__enter__()))
    with following(router, token) as told:
        kind, said = next(told)
        assert kind == "next"
        assert said
        assert said["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
        assert next(told) == ("complete", None)
    for one in held:
        one.__exit__(None, None, None)
    for _ in range(100):
        with following(router, token) as told:
            _, said = next(told)
        if said and "errors" not in said:
            break
        time.sleep(0.05)
    assert said
    assert said["data"] == {"offersChanged": []}


@pytest.mark.parametrize("accept", ["application/json", "*/*", "multipart/mixed, application/json"])
def test_a_subscription_that_asks_for_no_stream_is_told_what_to_send(router, issuer, accept):
    body = {"query": DOCUMENT, "variables": {"customer": str(customer_id("1"))}}
    headers = {"authorization": f"Bearer {teller(issuer)}", "accept": accept}
    answer = httpx.post(f"{router.url}/graphql", json=body, headers=headers, timeout=20)
    assert answer.status_code == 406
    assert answer.json()["errors"][0] == {
        "message": "A subscription is answered as a stream: send 'Accept: text/event-stream'.",
        "extensions": {"code": "NOT_ACCEPTABLE"},
    }


def test_a_service_that_does_not_answer_is_named_and_the_stream_ends(start, issuer, nobody_listens):
    router = start(
        GATEWAY_SUPERGRAPH=GATEWAY / "supergraph.graphql",
        GATEWAY_DOCUMENTS=GATEWAY / "documents.json",
        GATEWAY_CAMPAIGN_URL=nobody_listens,
        GATEWAY_DRAIN_MS=0,
    )
    body = {"query": DOCUMENT, "variables": {"customer": str(customer_id("1"))}}
    headers = {"authorization": f"Bearer {teller(issuer)}", "accept": "text/event-stream"}
    answer = httpx.post(f"{router.url}/graphql", json=body, headers=headers, timeout=20)
    [error] = json.loads(
        next(line for line in answer.text.splitlines() if line.startswith("data: "))[6:]
    )["errors"]
    assert error["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"
    assert error["extensions"]["subgraph"] == "campaign"
    assert answer.text.count("event: complete") == 1
    assert router.stop() == 0


def test_a_stream_ends_with_its_token(router, issuer):
    with following(router, teller(issuer, "t3", seconds=3)) as told:
        assert offers(next(told)) == []
        assert next(told) == ("complete", None)


def test_a_router_that_stops_ends_its_streams_and_waits_for_nothing(router, issuer):
    with following(router, teller(issuer, "t4")) as told:
        assert offers(next(told)) == []
        stopped = threading.Thread(target=router.stop)
        stopped.start()
        assert next(told) == ("complete", None)
    stopped.join()
    assert router.process.returncode == 0
