"""Offers at the counter and everywhere: who sees them, and that an answer counts once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

pytestmark = pytest.mark.anyio
OFFERS = """query($who: [_Any!]!, $channel: Channel!) { _entities(representations: $who) {
  ... on Customer { id offers(channel: $channel) {
    id title text status lastOutcome campaign { id name } product channel expiresOn } } } }"""
RESPOND = """mutation($offer: UUID!, $channel: Channel!, $outcome: Outcome!, $key: String!) {
  recordResponse(offerId: $offer, channel: $channel, outcome: $outcome, idempotencyKey: $key) {
    __typename ... on Offer { id status lastOutcome } ... on Problem { code } } }"""
RESPONDED = "select data->>'outcome' as outcome, version from outbox where type like '%responded'"


@pytest.fixture
def offers(service, of):
    async def read(*numbers, channel="COUNTER", institution="A") -> list[list[dict]]:
        who = [{"__typename": "Customer", "id": of(number)} for number in numbers]
        data = await service.ask(
            OFFERS, "teller", institution=institution, who=who, channel=channel
        )
        return [one["offers"] for one in data["_entities"]]

    return read


@pytest.fixture
def respond(service):
    async def tell(offer, outcome, channel="COUNTER", key=None, **who) -> dict:
        data = await service.ask(
            RESPOND, "teller", offer=offer["id"], outcome=outcome, channel=channel,
            key=key or uuid4().hex, **who,
        )  # fmt: skip
        return data["recordResponse"]

    return tell


async def test_a_treated_customer_is_offered_the_product(bank, campaigns, offers):
    await bank.opens("1")
    campaign = await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    assert offer.pop("id")
    assert offer == {
        "title": "A card for you", "text": "Free for a year.", "status": "OPEN",
        "lastOutcome": None, "campaign": {"id": campaign["id"], "name": "Spring cards"},
        "product": "card", "channel": "COUNTER", "expiresOn": "2026-03-31",
    }  # fmt: skip


async def test_the_held_out_see_nothing_and_cannot_answer(bank, campaigns, offers, respond, rows):
    numbers = [str(n) for n in range(40)]
    await bank.opens(*numbers)
    await campaigns.launched(holdOutPpm=500_000)
    shown = dict(zip(numbers, await offers(*numbers), strict=True))
    held_out = await rows("select offer_id, customer_id from member where arm = 'held_out'")
    assert 0 < len(held_out) < 40
    assert sum(len(one) for one in shown.values()) == 40 - len(held_out)
    refused = await respond({"id": str(held_out[0]["offer_id"])}, "ACCEPTED")
    assert refused["code"] == "OFFER_NOT_FOUND"
    assert await rows("select 1 from response") == []


async def test_no_offer_outside_the_campaigns_channels_dates_and_consents(bank, campaigns, offers):
    await bank.opens("1")
    await bank.tell(bank.consent("1", "phone"))
    campaign = await campaigns.launched(
        holdOutPpm=0, channels=["COUNTER", "ONLINE"], startsOn="2026-03-01", endsOn="2026-03-02"
    )
    assert await offers("1") == [[]]
    for version, day, seen in ((2, "2026-03-01", 1), (3, "2026-03-02", 1), (4, "2026-03-03", 0)):
        await bank.tell(bank.recorded(version=version, as_of=day))
        assert [len(one) for one in await offers("1")] == [seen]
    await bank.tell(bank.recorded(version=5, as_of="2026-03-02"))
    assert await offers("1", channel="PHONE") == [[]]
    assert await offers("1", channel="ONLINE") == [[]]
    await bank.tell(bank.consent("1", "online"))
    assert [len(one) for one in await offers("1", channel="ONLINE")] == [1]
    await bank.tell(bank.consent("1", given=False, version=2))
    assert await offers("1") == [[]]
    await bank.tell(bank.consent("1", version=3))
    assert [len(one) for one in await offers("1")] == [1]
    await campaigns.step("stop", campaign)
    assert await offers("1") == [[]]


async def test_who_has_the_product_by_now_is_not_offered_it(bank, campaigns, offers, respond):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    await bank.tell(bank.account("a", ("1", "owner"), product="card", line="e_banking"))
    assert await offers("1") == [[]]
    assert (await respond(offer, "ACCEPTED"))["status"] == "ACCEPTED"


async def test_an_answered_offer_stays_visible_for_ninety_days(
    bank, service, campaigns, offers, respond
):
    await bank.opens("1")
    campaign = await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    await respond(offer, "DECLINED")
    await campaigns.step("stop", campaign)
    [[answered]] = await offers("1")
    assert (answered["id"], answered["status"]) == (offer["id"], "DECLINED")
    service.clock.now += timedelta(days=90)
    assert len((await offers("1"))[0]) == 1
    service.clock.now += timedelta(seconds=1)
    assert await offers("1") == [[]]


async def test_a_first_reaction_may_be_followed_by_a_final_one_which_stays(
    bank, service, campaigns, offers, respond, rows
):
    await bank.opens("1")
    campaign = await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    for outcome, status in (
        ("NO_ANSWER", "OPEN"),
        ("INTERESTED", "OPEN"),
        ("ACCEPTED", "ACCEPTED"),
    ):
        assert await respond(offer, outcome) == {
            "__typename": "Offer", "id": offer["id"], "status": status, "lastOutcome": outcome,
        }  # fmt: skip
    assert (await respond(offer, "ACCEPTED"))["status"] == "ACCEPTED"
    for outcome in ("DECLINED", "INTERESTED"):
        assert (await respond(offer, outcome))["code"] == "ALREADY_ANSWERED"
    assert await rows(RESPONDED) == [
        {"outcome": "no_answer", "version": 1},
        {"outcome": "interested", "version": 2},
        {"outcome": "accepted", "version": 3},
    ]
    query = "query($id: UUID!) { campaign(id: $id) { stats { acceptedTreated responses { outcome count } } } }"
    stats = (await service.ask(query, id=campaign["id"]))["campaign"]["stats"]
    assert stats == {"acceptedTreated": 1, "responses": [{"outcome": "ACCEPTED", "count": 1}]}


async def test_the_event_says_who_was_offered_what_and_where(
    bank, campaigns, offers, respond, rows, of
):
    await bank.opens("1")
    campaign = await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    await respond(offer, "DECLINED")
    [event] = await rows(
        "select subject, institution, data from outbox where type like '%responded'"
    )
    assert event == {
        "subject": offer["id"], "institution": "A",
        "data": {
            "offer_id": offer["id"], "campaign_id": campaign["id"], "customer_id": of("1"),
            "product_code": "card", "outcome": "declined", "channel": "counter",
        },
    }  # fmt: skip


async def test_a_withdrawn_consent_forbids_an_answer_and_so_do_a_wrong_channel_and_a_stop(
    bank, campaigns, offers, respond, rows
):
    await bank.opens("1")
    campaign = await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    assert (await respond(offer, "ACCEPTED", channel="PHONE"))["code"] == "OFFER_NOT_FOUND"
    await bank.tell(bank.consent("1", given=False, version=2))
    assert (await respond(offer, "ACCEPTED"))["code"] == "CONSENT_WITHDRAWN"
    await bank.tell(bank.consent("1", version=3))
    await campaigns.step("stop", campaign)
    assert (await respond(offer, "ACCEPTED"))["code"] == "OFFER_CLOSED"
    assert (await respond({"id": str(uuid4())}, "ACCEPTED"))["code"] == "OFFER_NOT_FOUND"
    assert (
        await rows("select 1 from response union all select 1 from member where version > 0") == []
    )
    assert await rows(RESPONDED) == []


async def test_two_channels_racing_give_one_answer(bank, campaigns, offers, respond, rows):
    await bank.opens("1")
    await bank.tell(bank.consent("1", "phone"))
    await campaigns.launched(holdOutPpm=0, channels=["COUNTER", "PHONE"])
    [[offer]] = await offers("1")
    answers = await asyncio.gather(
        respond(offer, "ACCEPTED"),
        respond(offer, "DECLINED", channel="PHONE"),
        respond(offer, "ACCEPTED", channel="PHONE"),
        respond(offer, "DECLINED"),
    )
    assert sorted(one["__typename"] for one in answers) == ["AlreadyAnswered"] * 2 + ["Offer"] * 2
    assert len(await rows("select 1 from response")) == 1
    assert len(await rows(RESPONDED)) == 1


async def test_the_same_key_records_once(bank, campaigns, offers, respond, rows):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    answers = await asyncio.gather(*[respond(offer, "INTERESTED", key="k") for _ in range(3)])
    assert answers[0] == answers[1] == answers[2]
    assert len(await rows("select 1 from response")) == 1
    assert (await respond(offer, "DECLINED", key="k"))["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_marketer_sees_no_customers_offers_but_the_rest_of_the_answer(bank, service, of):
    await bank.opens("1")
    who = [{"__typename": "Customer", "id": of("1")}]
    body = await service.whole(OFFERS, "marketer", who=who, channel="COUNTER")
    assert body["data"] == {"_entities": [{"id": of("1"), "offers": None}]}
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    body = await service.whole(
        RESPOND, "marketer", offer=str(uuid4()), channel="COUNTER", outcome="ACCEPTED", key="k"
    )
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_another_institutions_teller_sees_and_answers_nothing(
    bank, campaigns, offers, respond, rows
):
    await bank.opens("1")
    await campaigns.launched(holdOutPpm=0)
    [[offer]] = await offers("1")
    assert await offers("1", institution="B") == [[]]
    await type(bank)(bank.db, "B").tell(type(bank)(bank.db, "B").recorded())
    assert await offers("1", institution="B") == [[]]
    refused = await respond(offer, "ACCEPTED", institution="B")
    assert refused["code"] == "OFFER_NOT_FOUND"
    assert await rows("select 1 from response") == []


async def test_an_unknown_or_malformed_customer_has_no_offers(bank, service):
    await bank.opens("1")
    who = [{"__typename": "Customer", "id": str(uuid4())}, {"__typename": "Customer", "id": "x"}]
    data = await service.ask(OFFERS, "teller", who=who, channel="COUNTER")
    assert data["_entities"] == [{"id": who[0]["id"], "offers": []}, None]


async def test_offers_of_twenty_cost_the_statements_of_one(bank, campaigns, offers, statements):
    numbers = [str(n) for n in range(20)]
    await bank.opens(*numbers)
    for _ in range(3):
        await campaigns.launched(holdOutPpm=0)
    statements.clear()
    assert [len(one) for one in await offers("1")] == [3]
    assert len(statements) == 2
    statements.clear()
    assert [len(one) for one in await offers(*numbers)] == [3] * 20
    assert len(statements) == 2


async def test_lift_compares_who_took_the_product_in_both_arms(bank, service, campaigns, rows):
    numbers = [str(n) for n in range(60)]
    await bank.opens(*numbers)
    campaign = await campaigns.launched(holdOutPpm=500_000)
    arms = {str(row["customer_id"]): row["arm"] for row in await rows("select * from member")}
    ids = {str(bank.customer(number).data["customer_id"]): number for number in numbers}
    treated = [ids[one] for one, arm in arms.items() if arm == "treated"]
    held_out = [ids[one] for one, arm in arms.items() if arm == "held_out"]
    await bank.tell_all(
        [
            bank.account(n, (n, "owner"), product="card", line="e_banking")
            for n in [*treated[:9], *held_out[:2]]
        ]
    )
    query = """query($id: UUID!) { campaign(id: $id) { stats { tookTreated tookHeldOut
      lift { treatedRate heldOutRate difference low high } } } }"""
    stats = (await service.ask(query, id=campaign["id"]))["campaign"]["stats"]
    assert (stats["tookTreated"], stats["tookHeldOut"]) == (9, 2)
    assert stats["lift"]["treatedRate"] == 9 / len(treated)
    assert stats["lift"]["difference"] == 9 / len(treated) - 2 / len(held_out)
    assert stats["lift"]["low"] < stats["lift"]["difference"] < stats["lift"]["high"]
