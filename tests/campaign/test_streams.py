"""Following a customer's offers: the present state first, then every change, for who may look."""

import asyncio
import json
from uuid import uuid4

import pytest
from campaign.store.wakes import MOST_EACH

pytestmark = pytest.mark.anyio
FOLLOW = """subscription($who: UUID!, $channel: Channel!) {
  offersChanged(customerId: $who, channel: $channel) { id title status channel } }"""
RESPOND = """mutation($offer: UUID!, $key: String!) { recordResponse(
  offerId: $offer, channel: COUNTER, outcome: DECLINED, idempotencyKey: $key) { __typename } }"""


class Stream:
    """One request, whose answer is read event by event while it is still being written."""

    def __init__(self, app, headers: dict[str, str], body: dict) -> None:
        self.status = 0
        self._body = json.dumps(body).encode()
        self._gone = asyncio.Event()
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._text = ""
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "POST",
            "http_version": "1.1", "path": "/graphql", "query_string": b"", "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        self._task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> dict:
        if self._body:
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self._said.put(message["body"])
        if not message.get("more_body"):
            await self._said.put(None)

    async def next(self) -> dict | None:
        """Give what the next event says; None when the stream is complete."""
        while "\n\n" not in self._text:
            said = await asyncio.wait_for(self._said.get(), 10)
            assert said is not None, f"the stream ended within {self._text!r}"
            self._text += said.decode()
        event, self._text = self._text.split("\n\n", 1)
        kind, data = event.split("\n")
        if kind == "event: complete":
            return None
        assert kind == "event: next"
        return json.loads(data.removeprefix("data: "))

    async def offers(self) -> list[dict]:
        answer = await self.next()
        assert answer, "the stream is complete"
        assert "errors" not in answer, answer
        return answer["data"]["offersChanged"]

    async def close(self) -> None:
        self._gone.set()
        await self._task


@pytest.fixture
async def follow(service, of):
    opened: list[Stream] = []

    def begin(number, role="teller", channel="COUNTER", document=FOLLOW, **who) -> Stream:
        headers = service.headers(role, **who)
        headers |= {"content-type": "application/json", "accept": "text/event-stream"}
        variables = {"who": of(number), "channel": channel}
        opened.append(Stream(service.app, headers, {"query": document, "variables": variables}))
        return opened[-1]

    yield begin
    for stream in opened:
        await stream.close()


async def test_the_present_state_comes_first_then_every_change(bank, campaigns, service, follow):
    await bank.opens("1")
    stream = follow("1")
    assert await stream.offers() == []
    campaign = await campaigns.launched(holdOutPpm=0)
    [offer] = await stream.offers()
    assert (offer["title"], offer["status"], offer["channel"]) == (
        "A card for you", "OPEN", "COUNTER",
    )  # fmt: skip
    await bank.tell(bank.consent("1", given=False, version=2))
    assert await stream.offers() == []
    await bank.tell(bank.consent("1", version=3))
    assert await stream.offers() == [offer]
    await bank.tell(bank.account("a", ("1", "owner"), product="card", line="e_banking"))
    assert await stream.offers() == []
    await bank.tell(
        bank.account("a", ("1", "owner"), product="card", line="e_banking", version=2,
                     closed="2026-02-01")
    )  # fmt: skip
    assert await stream.offers() == [offer]
    await bank.tell(bank.recorded(version=2, as_of="2026-04-01"))
    assert await stream.offers() == []
    await bank.tell(bank.recorded(version=3))
    assert await stream.offers() == [offer]
    await service.ask(RESPOND, "teller", offer=offer["id"], key=uuid4().hex)
    assert await stream.offers() == [offer | {"status": "DECLINED"}]
    await campaigns.step("stop", campaign)
    late = follow("1")
    assert await late.offers() == [offer | {"status": "DECLINED"}]


async def test_what_happens_to_others_is_not_told(bank, campaigns, follow):
    await bank.opens("1", "2")
    await campaigns.launched(holdOutPpm=0)
    stream = follow("1")
    assert len(await stream.offers()) == 1
    await bank.tell(bank.consent("2", given=False, version=2))
    await bank.tell(bank.consent("1", given=False, version=2))
    assert await stream.offers() == []


async def test_another_institution_sees_nothing_of_the_customer(bank, campaigns, follow):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    assert await follow("1", institution="B").offers() == []


async def test_who_leaves_the_caller_s_reach_is_followed_no_longer(bank, campaigns, follow):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    book = follow("1", reach={"reach": "book", "staff_number": "M1"})
    branch = follow("1", reach={"reach": "branches", "branch_codes": ["H"]})
    own = follow("1", reach={"reach": "self", "customer_number": "1"})
    another = follow("1", reach={"reach": "self", "customer_number": "2"})
    [offer] = await book.offers()
    assert (await branch.offers(), await another.offers()) == ([], [])
    assert await own.offers() == [offer]
    await bank.tell_all([bank.branch("H"), bank.branch("B1", "H", version=2)])
    assert await branch.offers() == [offer]
    await bank.tell(bank.customer("1", 2, branch_code="B9", manager_number="M2"))
    assert (await book.offers(), await branch.offers()) == ([], [])
    await bank.tell(bank.consent("1", given=False, version=2))
    assert await own.offers() == []


async def test_without_the_scope_nothing_is_told_and_the_stream_ends(bank, campaigns, follow):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    stream = follow("1", "marketer")
    answer = await stream.next()
    assert answer["data"] is None
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert "offer:read" in error["message"]
    assert await stream.next() is None


async def test_one_caller_follows_a_bounded_number_and_may_begin_anew(bank, follow):
    await bank.opens("1")
    streams = [follow("1") for _ in range(MOST_EACH)]
    for stream in streams:
        assert await stream.offers() == []
    refused = await follow("1").next()
    assert refused["errors"][0]["extensions"] == {"code": "TOO_MANY_STREAMS"}
    assert await follow("1", subject="another").offers() == []
    assert await follow("1", institution="B").offers() == []
    await streams[0].close()
    assert await follow("1").offers() == []


async def test_subscriptions_are_streamed_and_nothing_else_is(bank, service, follow):
    await bank.opens("1")
    query = await follow("1", document="{ productsOnOffer { code } }").next()
    assert query == {
        "data": None,
        "errors": [
            {"message": "queries are not allowed", "extensions": {"code": "BAD_REQUEST"}}
        ],
    }  # fmt: skip
    plain = await service.whole(FOLLOW, "teller", who=str(uuid4()), channel="COUNTER")
    assert plain == {"data": {"offersChanged": None}}
