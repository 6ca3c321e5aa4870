"""A campaign's way from draft to stop: who may, what is frozen, what is announced."""

import asyncio
from uuid import UUID, uuid4

import pytest
from campaign.domain.arms import Arm, arm, offer_id
from kit import outbox

from tests.callers import bearer

pytestmark = pytest.mark.anyio
EVENTS = "select type, subject, version, data from outbox order by seq"
STATUS = "select status, version from campaign"


async def test_a_draft_is_kept_as_written(bank, campaigns):
    await bank.opens("1")
    draft = await campaigns.draft(subject="M7")
    assert UUID(draft.pop("id"))
    assert draft == {
        "__typename": "Campaign", "version": 1, "status": "DRAFT", "name": "Spring cards",
        "product": "card", "channels": ["COUNTER"], "holdOutPpm": 100_000, "authors": ["M7"],
        "reason": None, "stats": None,
    }  # fmt: skip


async def test_a_faulty_draft_is_refused_with_every_fault_and_nothing_is_kept(
    bank, campaigns, rows
):
    await bank.opens("1")
    refused = await campaigns.draft(
        name=" ",
        title="x" * 201,
        channels=["PHONE", "PHONE"],
        holdOutPpm=500_001,
        endsOn="2026-01-31",
    )
    assert (refused["code"], [fault["path"] for fault in refused["faults"]]) == (
        "INVALID_CAMPAIGN", ["name", "title", "channels", "holdOutPpm", "endsOn"],
    )  # fmt: skip
    assert (await campaigns.draft(startsOn="2026-01-01", endsOn="2026-02-27"))["faults"] == [
        {"path": "endsOn", "reason": "this day is over; the business date is 2026-02-28"}
    ]
    assert (await campaigns.draft(product="old"))["code"] == "PRODUCT_NOT_ON_OFFER"
    refused = await campaigns.draft(audience={"tier": {"atLeast": "gold"}})
    assert refused["code"] == "INVALID_AUDIENCE"
    assert refused["faults"] == [
        {"path": "audience.tier.atLeast", "reason": "there is no tier 'gold'"}
    ]
    assert await rows(STATUS) == []
    assert await rows("select * from idempotency") == []


@pytest.mark.parametrize("text", ["", " ", "x" * 2001, "a\x00b", "a\ud800b"])
async def test_a_text_that_cannot_be_kept_is_refused(bank, campaigns, text):
    await bank.opens("1")
    refused = await campaigns.draft(text=text)
    assert [fault["path"] for fault in refused["faults"]] == ["text"]


async def test_a_key_that_cannot_be_kept_is_refused(bank, service, campaigns, rows):
    await bank.opens("1")
    query = """mutation($input: CampaignInput!, $key: String!) {
      draftCampaign(input: $input, idempotencyKey: $key) { __typename } }"""
    for key in ("", "a\x00", "\ud800", "k" * 201):
        body = await service.whole(query, input=campaigns.plan(), key=key)
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert await rows(STATUS) == []


async def test_an_institution_without_data_cannot_plan(campaigns):
    assert (await campaigns.draft())["code"] == "INSTITUTION_NOT_LOADED"


async def test_an_audience_has_exactly_one_of_its_fields(bank, service, campaigns):
    await bank.opens()
    two = {"kind": "INDIVIDUAL", "branch": {"in": ["B1"]}}
    body = await service.whole(
        'mutation($input: CampaignInput!) { draftCampaign(input: $input, idempotencyKey: "k")'
        " { __typename } }",
        input=campaigns.plan(audience=two),
    )
    assert "exactly one key" in body["errors"][0]["message"]


async def test_whoever_wrote_a_draft_cannot_approve_it(bank, service, campaigns, rows):
    await bank.opens("1")
    draft = await campaigns.draft(subject="S1")
    update = """mutation($id: UUID!, $input: CampaignInput!, $version: Int!) {
      updateDraft(id: $id, version: $version, input: $input, idempotencyKey: "u") {
        ... on Campaign { version authors name } ... on Problem { code } } }"""
    plan = campaigns.plan(name="Summer cards")
    values = {"id": draft["id"], "input": plan}
    changed = (await service.ask(update, subject="S2", version=1, **values))["updateDraft"]
    assert changed == {"version": 2, "authors": ["S1", "S2"], "name": "Summer cards"}
    for author in ("S1", "S2"):
        refused = await campaigns.step("approve", draft, "approver", subject=author)
        assert refused["code"] == "SECOND_PERSON_REQUIRED"
    assert await rows(STATUS) == [{"status": "draft", "version": 2}]
    assert await rows(EVENTS) == []
    approved = await campaigns.step("approve", draft, "approver", subject="S3")
    assert (approved["status"], approved["version"]) == ("APPROVED", 3)
    stale = update.replace('"u"', '"v"')
    assert (await service.ask(stale, version=2, **values))["updateDraft"]["code"] == "STALE_VERSION"
    assert (await service.ask(stale, version=3, **values))["updateDraft"]["code"] == "WRONG_STATUS"


async def test_a_draft_that_changed_meanwhile_is_not_approved_unread(bank, service, campaigns):
    await bank.opens("1")
    draft = await campaigns.draft()
    approve = """mutation($id: UUID!) {
      approveCampaign(id: $id, version: 2, idempotencyKey: "a") { ... on Problem { code } } }"""
    body = await service.ask(approve, "approver", id=draft["id"])
    assert body["approveCampaign"]["code"] == "STALE_VERSION"


async def test_a_rejected_draft_stays_rejected(bank, service, campaigns):
    await bank.opens("1")
    draft = await campaigns.draft()
    reject = """mutation($id: UUID!, $reason: String!) {
      rejectCampaign(id: $id, reason: $reason, idempotencyKey: "r") {
        ... on Campaign { status reason decided { by } } ... on Problem { code } } }"""
    body = await service.ask(reject, "approver", id=draft["id"], reason="Too broad")
    assert body["rejectCampaign"] == {
        "status": "REJECTED", "reason": "Too broad", "decided": {"by": "approver"},
    }  # fmt: skip
    assert (await campaigns.step("approve", draft, "approver"))["code"] == "WRONG_STATUS"


async def test_each_step_needs_its_status_and_its_scope(bank, service, campaigns, rows):
    await bank.opens("1")
    draft = await campaigns.draft()
    assert (await campaigns.step("launch", draft))["code"] == "WRONG_STATUS"
    assert (await campaigns.step("stop", draft))["code"] == "WRONG_STATUS"
    for verb, role in (("approve", "marketer"), ("launch", "approver"), ("stop", "teller")):
        query = f'mutation {{ {verb}Campaign(id: "{draft["id"]}", idempotencyKey: "k") {{ __typename }} }}'
        body = await service.whole(query, role)
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await rows(STATUS) == [{"status": "draft", "version": 1}]


@pytest.mark.parametrize(
    "query",
    [
        "{ campaigns { edges { cursor } } }",
        '{ campaign(id: "6f9619ff-8b86-d011-b42d-00c04fc964ff") { id } }',
        "{ productsOnOffer { code } }",
        "{ previewAudience(rule: {kind: INDIVIDUAL}) { __typename } }",
    ],
)
async def test_a_teller_may_not_read_campaigns(service, query):
    body = await service.whole(query, "teller")
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_launch_freezes_members_without_holders_of_the_product(bank, campaigns, rows, of):
    numbers = [str(n) for n in range(300)]
    await bank.opens(*numbers)
    await bank.tell_all(
        [bank.account(n, (n, "owner"), product="card", line="e_banking") for n in numbers[:7]]
    )
    await bank.tell(bank.tier("999", "gold", 5), bank.account("999", ("999", "owner")))
    launched = await campaigns.launched(holdOutPpm=200_000)
    members = {str(row["customer_id"]): row for row in await rows("select * from member")}
    assert set(members) == {of(n) for n in numbers[7:]}
    [campaign] = await rows("select id, salt from campaign")
    for row in members.values():
        side = arm(campaign["salt"], campaign["id"], row["customer_id"], 200_000)
        assert (row["arm"], row["offer_id"]) == (
            side.value, offer_id(campaign["id"], row["customer_id"]),
        )  # fmt: skip
    treated = sum(row["arm"] == Arm.TREATED.value for row in members.values())
    stats = launched["stats"]
    assert 0 < stats["split"]["pValue"] <= 1
    assert {name: stats[name] for name in ("members", "treated", "heldOut", "holdersExcluded")} == {
        "members": 293, "treated": treated, "heldOut": 293 - treated, "holdersExcluded": 7,
    }  # fmt: skip
    assert stats["offered"] == treated
    assert stats["split"]["expectedHeldOut"] == pytest.approx(58.6)
    await bank.tell(bank.customer("new"), bank.customer("1", version=2, kind="enterprise"))
    assert len(await rows("select 1 from member")) == 293


async def test_only_those_of_the_audience_become_members(bank, campaigns, rows, of):
    """A5.8: an offer for tier 5 and up never reaches tier 4."""
    await bank.opens("1", "2", "3")
    await bank.tell(
        bank.tier("1", "gold", 5), bank.tier("2", "silver", 4), bank.tier("3", "top", 6)
    )
    await campaigns.launched(audience={"tier": {"atLeast": "gold"}}, holdOutPpm=0)
    members = await rows("select customer_id from member")
    assert {str(row["customer_id"]) for row in members} == {of("1"), of("3")}


async def test_every_step_is_announced_in_the_feed_in_order(bank, service, campaigns):
    await bank.opens("1")
    launched = await campaigns.launched(holdOutPpm=0)
    await campaigns.step("stop", launched)
    reader = bearer(service.callers.credential("service", ""))
    answer = await service.http.get("/feed", headers=reader)
    assert [
        (one["type"], one["subject"], one["version"], one["institution"]) for one in answer.json()
    ] == [
        ("campaign.campaign.approved", launched["id"], 2, "A"),
        ("campaign.campaign.launched", launched["id"], 3, "A"),
        ("campaign.campaign.stopped", launched["id"], 4, "A"),
    ]
    assert answer.json()[1]["data"] == {
        "campaign_id": launched["id"], "product_code": "card", "starts_on": "2026-02-01",
        "ends_on": "2026-03-31", "treated": 1, "held_out": 0,
    }  # fmt: skip


async def test_a_launch_too_late_or_of_a_withdrawn_product_is_refused(bank, campaigns, rows):
    await bank.opens("1")
    draft = await campaigns.draft()
    await campaigns.step("approve", draft, "approver")
    await bank.tell(bank.product("card", "e_banking", on_offer=False, version=2))
    assert (await campaigns.step("launch", draft))["code"] == "PRODUCT_NOT_ON_OFFER"
    await bank.tell(bank.recorded(version=2, as_of="2026-04-01"))
    assert (await campaigns.step("launch", draft))["code"] == "CAMPAIGN_ENDED"
    assert await rows(STATUS) == [{"status": "approved", "version": 2}]
    assert await rows("select * from member") == []


async def test_two_launches_at_once_launch_once(bank, campaigns, rows):
    await bank.opens(*[str(n) for n in range(50)])
    draft = await campaigns.draft()
    await campaigns.step("approve", draft, "approver")
    answers = await asyncio.gather(*[campaigns.step("launch", draft) for _ in range(3)])
    assert sorted(one["__typename"] for one in answers) == [
        "Campaign",
        "WrongStatus",
        "WrongStatus",
    ]
    assert len(await rows("select 1 from member")) == 50
    assert len(await rows("select 1 from outbox where type like '%launched'")) == 1


async def test_the_same_key_gives_the_same_campaign_and_other_parameters_are_refused(
    bank, campaigns, rows
):
    await bank.opens("1")
    first, second = await asyncio.gather(*[campaigns.draft(key="k") for _ in range(2)])
    assert first == second
    assert (await campaigns.draft(key="k", name="Other"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(await rows(STATUS)) == 1


async def test_another_institution_sees_and_moves_nothing(bank, service, campaigns, rows):
    await bank.opens("1")
    draft = await campaigns.draft()
    query = "query($id: UUID!) { campaign(id: $id) { id } campaigns { edges { cursor } } }"
    body = await service.ask(query, institution="B", id=draft["id"])
    assert body == {"campaign": None, "campaigns": {"edges": []}}
    approve = 'mutation($id: UUID!) { approveCampaign(id: $id, idempotencyKey: "k") { ... on Problem { code } } }'
    body = await service.ask(approve, "approver", institution="B", id=draft["id"])
    assert body["approveCampaign"]["code"] == "CAMPAIGN_NOT_FOUND"
    assert await rows(STATUS) == [{"status": "draft", "version": 1}]


PAGE = """query($first: Int!, $after: String) { campaigns(first: $first, after: $after) {
  edges { node { name stats { members } } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


async def test_campaigns_page_newest_first(bank, service, campaigns):
    await bank.opens("1")
    for name in "abcde":
        await campaigns.draft(name=name)
    seen, after = [], None
    for _ in range(3):
        page = (await service.ask(PAGE, first=2, after=after))["campaigns"]
        seen += [edge["node"]["name"] for edge in page["edges"]]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == list("abcde")
    assert page["pageInfo"]["hasNextPage"] is False
    for first, cursor in ((0, None), (101, None), (2, "nonsense"), (2, "YXxi")):
        body = await service.whole(PAGE, first=first, after=cursor)
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_page_of_launched_campaigns_counts_members_in_one_statement(
    bank, service, campaigns, statements
):
    await bank.opens("1")
    await campaigns.launched()
    statements.clear()
    await service.ask(PAGE, first=20)
    one = len(statements)
    for _ in range(4):
        await campaigns.launched()
    statements.clear()
    assert len((await service.ask(PAGE, first=20))["campaigns"]["edges"]) == 5
    assert len(statements) == one == 2


async def test_products_on_offer_are_listed_by_code(bank, service):
    await bank.opens()
    body = await service.ask("{ productsOnOffer { code name line } }")
    assert body["productsOnOffer"] == [
        {"code": "card", "name": "Card", "line": "E_BANKING"},
        {"code": "saver", "name": "Saver", "line": "DEPOSIT"},
    ]


async def test_a_failed_announcement_undoes_the_step(bank, campaigns, service, rows, monkeypatch):
    await bank.opens("1")
    draft = await campaigns.draft()

    async def broken(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr(outbox, "record", broken)
    query = f'mutation {{ approveCampaign(id: "{draft["id"]}", idempotencyKey: "{uuid4()}") {{ __typename }} }}'
    body = await service.whole(query, "approver")
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "secret" not in str(body)
    assert await rows(STATUS) == [{"status": "draft", "version": 1}]
