"""Values revealed to staff who say why, callers who proved who they are, lists with a purpose."""

import asyncio
import json
from datetime import timedelta

import pytest
from customer.domain.ids import customer_id

from tests.callers import bearer
from tests.customer.records import a_customer

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))
STAFF = ("customer:read", "personal:reveal", "personal:verify")
REVEAL = """mutation($id: UUID!, $field: RevealedField!, $reason: String!, $key: String!) {
    answer: revealField(customerId: $id, field: $field, reason: $reason, idempotencyKey: $key) {
    __typename ... on RevealedValue { customerId field value } ... on Problem { code message } } }"""
VERIFY = """mutation($id: UUID!, $method: VerificationMethod!, $key: String!) {
    answer: recordVerification(customerId: $id, method: $method, idempotencyKey: $key) { __typename
    ... on Verification { until customer { name contacts { address } } } ... on Problem { code } } }"""
SEEN = '{ customerByNumber(number: "1") { name bornOn contacts { phone email address } } }'


async def ask(service, document, *, channel="counter", subject="s1", scopes=STAFF, **variables):
    said = {"channel": channel, "sub": subject, "role": "phone_agent"} | variables.pop("claims", {})
    token = service.callers.principal("customer", *scopes, **said)
    answer = await service.http.post(
        "/graphql", json={"query": document, "variables": variables}, headers=bearer(token)
    )
    return answer.json()


async def reveal(service, field="PHONE", *, key="k1", who=FIRST, reason="call about loan", **rest):
    answer = await ask(service, REVEAL, id=who, field=field, reason=reason, key=key, **rest)
    assert "errors" not in answer, answer
    return answer["data"]["answer"]


async def verify(service, *, key="v1", who=FIRST, channel="phone", **rest):
    answer = await ask(
        service, VERIFY, id=who, method="QUESTIONS", key=key, channel=channel, **rest
    )
    assert "errors" not in answer, answer
    return answer["data"]["answer"]


async def seen(service, **rest):
    return (await ask(service, SEEN, **rest))["data"]["customerByNumber"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("PHONE", "13812345678"), ("EMAIL", "zhang@example.com"), ("ADDRESS", "Lifu 1"),
        ("ID_NUMBER", "11010519491231002X"), ("NAME", "张小龙"), ("BORN_ON", "1949-12-31"),
    ],
)  # fmt: skip
async def test_a_value_is_revealed_as_it_is(bank, field, value):
    assert await reveal(bank, field) == {
        "__typename": "RevealedValue", "customerId": FIRST, "field": field, "value": value,
    }  # fmt: skip


async def test_what_the_bank_does_not_hold_is_null(bank):
    assert (await reveal(bank, who=SECOND))["value"] is None


@pytest.mark.parametrize("reason", ["", "   ", "why", "why " * 51, "a\0bcd"])
async def test_without_a_reason_nothing_is_revealed(bank, reason):
    assert (await reveal(bank, reason=reason))["code"] == "REASON_MISSING"
    assert await bank.rows("select count(*) from allowance") == [(0,)]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("card 6222021234567890128 was lost", "CARD_NUMBER_REFUSED"),
        ("says the PIN: 1234", "SECRET_REFUSED"),
    ],
)
async def test_a_reason_that_would_keep_what_must_not_be_kept_is_refused_and_not_quoted(
    bank, reason, code
):
    answer = await ask(bank, REVEAL, id=FIRST, field="PHONE", reason=reason, key="k")
    [error] = answer["errors"]
    assert error["extensions"]["code"] == code
    assert error["message"].startswith("The reason seems to hold")
    assert reason.split()[-1] not in error["message"]
    assert await bank.rows("select count(*) from allowance") == [(0,)]
    assert await bank.rows("select count(*) from audit_entry where body like '%reveal%'") == [(0,)]


async def test_another_institution_s_customer_does_not_exist_and_costs_nothing(bank):
    answer = await reveal(bank, claims={"institution": "B"})
    assert answer["code"] == "CUSTOMER_NOT_FOUND"
    assert await bank.rows("select count(*) from allowance", "B") == [(0,)]


@pytest.mark.parametrize(
    ("document", "scope"),
    [(REVEAL, "personal:reveal"), (VERIFY, "personal:verify")],
)
async def test_who_has_not_the_scope_is_refused(bank, document, scope):
    answer = await ask(
        bank, document, scopes=[one for one in STAFF if one != scope], id=FIRST, field="PHONE",
        reason="call about loan", key="k", method="QUESTIONS",
    )  # fmt: skip
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]
    assert await bank.rows("select count(*) from allowance") == [(0,)]
    assert await bank.rows("select count(*) from verification") == [(0,)]


async def test_the_allowance_is_strict_under_a_race_and_comes_back_in_time(bank):
    answers = await asyncio.gather(*(reveal(bank, key=f"k{n}") for n in range(14)))
    codes = [one.get("code", "value") for one in answers]
    assert (codes.count("value"), codes.count("REVEAL_LIMIT")) == (10, 4)
    assert (await reveal(bank, key="other", subject="s2"))["value"] == "13812345678"
    bank.now += timedelta(minutes=2)
    assert (await reveal(bank, key="later"))["value"] == "13812345678"
    assert (await reveal(bank, key="later still"))["code"] == "REVEAL_LIMIT"


async def test_the_same_key_gives_the_same_answer_and_counts_once(bank):
    assert await reveal(bank) == await reveal(bank)
    assert (await reveal(bank, "EMAIL"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await reveal(bank, reason="another reason"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    [(full_at,)] = await bank.rows("select full_at from allowance")
    assert full_at == bank.now + timedelta(minutes=2)


async def test_what_was_revealed_is_kept_nowhere(bank):
    await reveal(bank)
    kept = await bank.rows("select i::text from idempotency i")
    assert "13812345678" not in json.dumps(kept)


async def test_an_agent_sees_more_once_the_caller_is_verified_and_only_for_a_while(bank):
    stranger = {
        "name": "张*", "bornOn": None,
        "contacts": {"phone": "138****5678", "email": "z***@example.com", "address": "***"},
    }  # fmt: skip
    assert await seen(bank, channel="phone") == stranger
    done = await verify(bank)
    assert done == {
        "__typename": "Verification", "until": "2026-03-10T12:15:00+00:00",
        "customer": {"name": "张小龙", "contacts": {"address": "Lifu 1"}},
    }  # fmt: skip
    known = await seen(bank, channel="phone")
    assert known == {
        "name": "张小龙", "bornOn": "1949-12-31",
        "contacts": {"phone": "138****5678", "email": "zhang@example.com", "address": "Lifu 1"},
    }  # fmt: skip
    assert await seen(bank, channel="phone", subject="s2") == stranger
    bank.now += timedelta(minutes=14, seconds=59)
    assert await seen(bank, channel="phone") == known
    bank.now += timedelta(seconds=1)
    assert await seen(bank, channel="phone") == stranger
    assert (await verify(bank))["until"] == "2026-03-10T12:15:00+00:00"
    assert await seen(bank, channel="phone") == stranger


async def test_verifying_one_customer_shows_no_more_of_another(bank):
    await bank.ingest("customers", a_customer(number="3"))
    await verify(bank, who=SECOND)
    assert (await seen(bank, channel="phone"))["name"] == "张*"


async def test_whom_the_telephone_system_verified_is_known_to_any_agent(bank):
    known = await seen(bank, channel="phone", claims={"verified_caller": "1"})
    assert known["contacts"]["email"] == "zhang@example.com"
    other = await seen(bank, channel="phone", claims={"verified_caller": "2"})
    assert other["contacts"]["email"] == "z***@example.com"


async def test_a_manager_sees_the_own_customers_as_they_are_and_others_masked(bank):
    seen_by = [
        (await seen(bank, claims={"role": "customer_manager", "staff_number": number}))["contacts"]
        for number in ("M1", "M2", None)
    ]
    assert [one["phone"] for one in seen_by] == ["13812345678", "138****5678", "138****5678"]


async def test_a_manager_number_that_neither_has_makes_nobody_the_manager(bank):
    document = '{ customerByNumber(number: "2") { manager { number } contacts { phone } } }'
    await bank.ingest("customers", a_customer(number="2", manager_number=""))
    answer = await ask(bank, document, claims={"role": "customer_manager"})
    assert answer["data"]["customerByNumber"] == {
        "manager": None, "contacts": {"phone": "138****5678"},
    }  # fmt: skip


async def test_on_the_telephone_nothing_is_revealed_to_a_stranger(bank):
    assert (await reveal(bank, channel="phone"))["code"] == "VERIFICATION_MISSING"
    assert await bank.rows("select count(*) from allowance") == [(0,)]
    await verify(bank)
    assert (await reveal(bank, channel="phone"))["value"] == "13812345678"


async def test_nobody_is_verified_who_is_not_a_customer(bank):
    assert (await verify(bank, who=str(customer_id("A", "9"))))["code"] == "CUSTOMER_NOT_FOUND"


LIST = """query($first: Int!, $after: String, $purpose: ReadPurpose) {
    customers(first: $first, after: $after, purpose: $purpose) { pageInfo { endCursor } } }"""


async def test_a_long_list_and_the_rest_of_a_list_need_a_purpose(bank):
    short = await bank.data(LIST, first=1)
    cursor = short["customers"]["pageInfo"]["endCursor"]
    for asked in ({"first": 21}, {"first": 1, "after": cursor}):
        refused = await bank.ask(LIST, **asked)
        assert [one["extensions"]["code"] for one in refused["errors"]] == ["PURPOSE_MISSING"]
        assert (await bank.data(LIST, **asked, purpose="SERVICE"))["customers"] is not None
