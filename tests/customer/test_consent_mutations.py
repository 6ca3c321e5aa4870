"""Consents given and withdrawn by clients: announced, once per key, refused with a code."""

import asyncio

import pytest
from customer.domain.ids import customer_id

pytestmark = pytest.mark.anyio
FIRST = str(customer_id("A", "1"))


def mutation(name):
    return f"""mutation($id: UUID!, $channel: Channel!, $key: String!) {{
        answer: {name}(customerId: $id, channel: $channel, idempotencyKey: $key) {{ __typename
            ... on Customer {{ id consents {{ purpose channel given givenOn withdrawnOn }} }}
            ... on Problem {{ code message }} }} }}"""


GIVE, WITHDRAW = mutation("giveConsent"), mutation("withdrawConsent")


async def answer(service, document, key, *, who=FIRST, channel="PHONE", **rest):
    data = await service.data(document, id=who, channel=channel, key=key, **rest)
    return data["answer"]


async def test_a_consent_is_given_and_withdrawn(bank):
    given = await answer(bank, GIVE, "k1")
    assert given == {
        "__typename": "Customer", "id": FIRST,
        "consents": [{"purpose": "MARKETING", "channel": "PHONE", "given": True,
                      "givenOn": "2026-03-10", "withdrawnOn": None}],
    }  # fmt: skip
    withdrawn = await answer(bank, WITHDRAW, "k2")
    assert withdrawn["consents"] == [
        {"purpose": "MARKETING", "channel": "PHONE", "given": False,
         "givenOn": "2026-03-10", "withdrawnOn": "2026-03-10"},
    ]  # fmt: skip
    events = await bank.events("customer.consent.changed")
    assert [(one["subject"], one["version"], one["data"]["given"]) for one in events] == [
        (f"{FIRST}/marketing/phone", 1, True),
        (f"{FIRST}/marketing/phone", 2, False),
    ]


async def test_two_changes_in_one_document_each_show_the_customer_as_it_then_is(bank):
    document = """mutation($id: UUID!) {
        given: giveConsent(customerId: $id, channel: PHONE, idempotencyKey: "k1") { ...now }
        withdrawn: withdrawConsent(customerId: $id, channel: PHONE, idempotencyKey: "k2") { ...now }
    } fragment now on Customer { consents { given } }"""
    assert await bank.data(document, id=FIRST) == {
        "given": {"consents": [{"given": True}]},
        "withdrawn": {"consents": [{"given": False}]},
    }


async def test_the_day_is_the_institution_s_own(bank):
    bank.now = bank.now.replace(hour=16, minute=30)
    given = await answer(bank, GIVE, "k1")
    assert given["consents"][0]["givenOn"] == "2026-03-11"


async def test_the_same_key_has_one_effect_and_one_answer(bank):
    first = await answer(bank, GIVE, "k1")
    assert await answer(bank, GIVE, "k1") == first
    assert len(await bank.events("customer.consent.changed")) == 1


@pytest.mark.parametrize(
    ("document", "channel"), [(GIVE, "MOBILE"), (WITHDRAW, "PHONE")], ids=["channel", "act"]
)
async def test_a_key_used_for_something_else_is_refused(bank, document, channel):
    await answer(bank, GIVE, "k1")
    told = await answer(bank, document, "k1", channel=channel)
    assert (told["__typename"], told["code"]) == ("IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED")
    assert len(await bank.events("customer.consent.changed")) == 1


@pytest.mark.parametrize(
    ("document", "who", "name", "code"),
    [
        (GIVE, str(customer_id("A", "9")), "CustomerNotFound", "CUSTOMER_NOT_FOUND"),
        (WITHDRAW, str(customer_id("B", "1")), "CustomerNotFound", "CUSTOMER_NOT_FOUND"),
        (WITHDRAW, FIRST, "ConsentNotGiven", "CONSENT_NOT_GIVEN"),
    ],
)
async def test_a_refusal_is_a_member_of_the_union_and_changes_nothing(
    bank, document, who, name, code
):
    told = await answer(bank, document, "k1", who=who)
    assert (told["__typename"], told["code"]) == (name, code)
    assert await bank.rows("select count(*) from consent") == [(0,)]
    assert await bank.rows("select count(*) from idempotency") == [(0,)]
    assert await bank.events("customer.consent.changed") == []


async def test_giving_twice_is_refused(bank):
    await answer(bank, GIVE, "k1")
    told = await answer(bank, GIVE, "k2")
    assert (told["__typename"], told["code"]) == ("ConsentAlreadyGiven", "CONSENT_ALREADY_GIVEN")
    assert len(await bank.events("customer.consent.changed")) == 1


async def test_of_two_callers_that_race_one_gives_it(bank):
    told = await asyncio.gather(*(answer(bank, GIVE, f"k{n}") for n in range(5)))
    assert sorted(one["__typename"] for one in told) == ["ConsentAlreadyGiven"] * 4 + ["Customer"]
    assert len(await bank.events("customer.consent.changed")) == 1


async def test_the_same_key_racing_has_one_effect(bank):
    told = await asyncio.gather(*(answer(bank, GIVE, "k1") for _ in range(5)))
    assert [one["__typename"] for one in told] == ["Customer"] * 5
    assert len(await bank.events("customer.consent.changed")) == 1


async def test_a_withdrawal_races_with_the_bank_s_file_and_stands(bank):
    word = {"customer_number": "1", "purpose": "marketing", "channel": "phone",
            "given_on": "2020-01-01"}  # fmt: skip
    await bank.ingest("consents", word)
    await asyncio.gather(
        answer(bank, WITHDRAW, "k1"), *(bank.ingest("consents", word) for _ in range(3))
    )
    assert await bank.rows("select given_on::text, withdrawn_on::text, version from consent") == [
        ("2020-01-01", "2026-03-10", 2)
    ]


@pytest.mark.parametrize("document", [GIVE, WITHDRAW])
@pytest.mark.parametrize("scopes", [("customer:read",), ("consent:write",), ()])
async def test_who_may_not_write_consents_changes_nothing(bank, document, scopes):
    told = await bank.ask(document, id=FIRST, channel="PHONE", key="k1", scopes=scopes)
    assert [one["extensions"]["code"] for one in told["errors"]] == ["FORBIDDEN"]
    assert await bank.rows("select count(*) from consent") == [(0,)]
    assert await bank.rows("select count(*) from idempotency") == [(0,)]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b"])
async def test_a_key_that_cannot_be_kept_is_refused(bank, key):
    told = await bank.ask(GIVE, id=FIRST, channel="PHONE", key=key)
    assert [one["extensions"]["code"] for one in told["errors"]] == ["BAD_REQUEST"]
