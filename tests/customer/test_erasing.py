"""A customer's own copy, and a customer erased: for good, everywhere, with the figures kept."""

import pytest
from customer.domain.customer import Customer
from customer.domain.erasure import Erasure, ErasureBasis, erased
from customer.domain.ids import customer_id
from customer.domain.personal_problems import AccountsOpen, CustomerErased
from hypothesis import given
from hypothesis import strategies as st

from tests.customer.records import a_customer, an_account
from tests.customer.test_masks import NOON, PERSON
from tests.customer.test_revealing import ask, reveal
from tests.customer.test_sealed import SECRETS, everything

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))
OFFICER = ("customer:read", "personal:export", "personal:erase", "personal:reveal", "consent:write")
EXPORT = """mutation($id: UUID!, $reason: String!, $key: String!) {
    answer: exportCustomer(customerId: $id, reason: $reason, idempotencyKey: $key) { __typename
    ... on CustomerExport { at personal { number kind name idType idNumber bornOn sex phone email
        address since } customer { id contacts { phone } accounts { number } } }
    ... on Problem { code message } } }"""
ERASE = """mutation($id: UUID!, $basis: ErasureBasis!, $key: String!) {
    answer: eraseCustomer(customerId: $id, basis: $basis, idempotencyKey: $key) { __typename
    ... on ErasedCustomer { customerId erasedOn } ... on Problem { code message } } }"""
GIVE = """mutation($id: UUID!) {
    giveConsent(customerId: $id, channel: PHONE, idempotencyKey: "c") { __typename } }"""


async def export(service, *, who=FIRST, reason="asked at the counter", key="x1", **rest):
    answer = await ask(service, EXPORT, scopes=OFFICER, id=who, reason=reason, key=key, **rest)
    assert "errors" not in answer, answer
    return answer["data"]["answer"]


async def erase(service, basis="PURPOSE_ENDED", *, who=FIRST, key="e1", **rest):
    answer = await ask(service, ERASE, scopes=OFFICER, id=who, basis=basis, key=key, **rest)
    assert "errors" not in answer, answer
    return answer["data"]["answer"]


@pytest.fixture
async def former(bank):
    """The bank, after its first customer has closed every account."""
    for number, product in (("100", "D1"), ("200", "L1")):
        closed = an_account(number=number, product_code=product, closed_on="2026-01-31")
        assert (await bank.ingest("accounts", closed))["accepted"] == 1
    return bank


async def test_a_customer_s_copy_holds_everything_as_it_is(bank):
    assert await export(bank) == {
        "__typename": "CustomerExport", "at": "2026-03-10T12:00:00+00:00",
        "personal": {
            "number": "1", "kind": "INDIVIDUAL", "name": "张小龙", "idType": "resident_id",
            "idNumber": "11010519491231002X", "bornOn": "1949-12-31", "sex": "FEMALE",
            "phone": "13812345678", "email": "zhang@example.com", "address": "Lifu 1",
            "since": "2001-05-06",
        },
        "customer": {
            "id": FIRST, "contacts": {"phone": "138****5678"}, "accounts": [{"number": "100"}],
        },
    }  # fmt: skip


async def test_a_copy_needs_a_reason_a_customer_and_a_known_caller(bank):
    assert (await export(bank, reason=" "))["code"] == "REASON_MISSING"
    assert (await export(bank, who=str(customer_id("A", "9"))))["code"] == "CUSTOMER_NOT_FOUND"
    assert (await export(bank, claims={"institution": "B"}))["code"] == "CUSTOMER_NOT_FOUND"
    assert (await export(bank, channel="phone"))["code"] == "VERIFICATION_MISSING"
    assert await bank.rows("select count(*) from allowance") == [(0,)]


async def test_copies_and_revealed_values_share_one_allowance(bank):
    for n in range(10):
        assert (await export(bank, key=f"x{n}"))["__typename"] == "CustomerExport"
    assert (await export(bank, key="more"))["code"] == "REVEAL_LIMIT"
    assert (await reveal(bank))["code"] == "REVEAL_LIMIT"
    assert (await export(bank, key="x0"))["__typename"] == "CustomerExport"


@pytest.mark.parametrize(
    ("document", "scope"), [(EXPORT, "personal:export"), (ERASE, "personal:erase")]
)
async def test_who_has_not_the_scope_changes_nothing(former, document, scope):
    answer = await ask(
        former, document, scopes=[one for one in OFFICER if one != scope], id=FIRST, key="k",
        reason="asked at the counter", basis="PURPOSE_ENDED",
    )  # fmt: skip
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]
    assert await former.rows("select name, erased_on from customer where number = '1'") == [
        ("张小龙", None)
    ]


async def test_an_erased_customer_is_nobody_any_more(former):
    assert await erase(former) == {
        "__typename": "ErasedCustomer", "customerId": FIRST, "erasedOn": "2026-03-10",
    }  # fmt: skip
    dump = await everything(former)
    assert [value for value in (*SECRETS.values(), "张小龙") if value in dump] == []
    assert await former.rows(
        "select data_key, phone_sealed, phone_mark, id_number_mark from customer where number = '1'"
    ) == [(None, None, None, None)]
    found = await former.data(
        """{ customerByNumber(number: "1") { id name bornOn sex erasedOn contacts { phone email address }
        identifiers { number } cards { reference } accounts { number } since } }"""
    )
    assert found["customerByNumber"] == {
        "id": FIRST, "name": "", "bornOn": None, "sex": None, "erasedOn": "2026-03-10",
        "contacts": {"phone": None, "email": None, "address": None}, "identifiers": [], "cards": [],
        "accounts": [{"number": "100"}], "since": "2001-05-06",
    }  # fmt: skip
    assert (await reveal(former, scopes=OFFICER))["value"] is None
    assert (await export(former))["code"] == "CUSTOMER_ERASED"


async def test_others_hear_that_a_customer_was_erased_and_forget_the_birth(former):
    await former.data(GIVE, id=FIRST)
    before = await former.events()
    await erase(former, "CONSENT_WITHDRAWN")
    after = await former.events()
    assert [(one["type"], one["version"], one["data"]) for one in after[len(before) :]] == [
        ("customer.consent.changed", 2, {"customer_id": FIRST, "purpose": "marketing",
                                         "channel": "phone", "given": False}),
        ("customer.customer.recorded", 2, {
            "customer_id": FIRST, "number": "1", "kind": "individual", "born_on": None,
            "branch_code": "B1", "manager_number": "M1", "since": "2001-05-06"}),
        ("customer.customer.erased", 2, {
            "customer_id": FIRST, "basis": "consent_withdrawn", "erased_on": "2026-03-10"}),
    ]  # fmt: skip
    births = [
        one["data"]["born_on"] for one in after if one["type"] == "customer.customer.recorded"
    ]
    assert births == [None, "1949-12-31", None]
    assert {one["subject"] for one in after if one["data"].get("born_on")} == {SECOND}


async def test_who_holds_an_open_account_is_erased_only_where_the_law_says_so(bank):
    refused = await erase(bank)
    assert (refused["code"], "2 open account(s)" in refused["message"]) == ("ACCOUNTS_OPEN", True)
    assert (await export(bank))["personal"]["name"] == "张小龙"
    assert (await erase(bank, "LEGAL_ORDER", key="e2"))["__typename"] == "ErasedCustomer"


async def test_an_erased_customer_is_not_brought_back_by_the_bank_s_file(former):
    await erase(former)
    answer = await former.ingest("customers", a_customer(), a_customer(number="3", name="王五"))
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [(1, "CUSTOMER_ERASED")]
    assert answer["accepted"] == 1
    assert "张小龙" not in await everything(former)


async def test_erasing_again_is_refused_and_the_same_key_answers_the_same(former):
    first = await erase(former)
    assert await erase(former) == first
    assert (await erase(former, "UNLAWFUL"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await erase(former, key="e2"))["code"] == "CUSTOMER_ERASED"
    assert (await erase(former, who=str(customer_id("A", "9")), key="e3"))["code"] == (
        "CUSTOMER_NOT_FOUND"
    )


async def test_rows_without_a_data_key_because_they_are_erased_are_left_alone(former):
    await erase(former)
    assert await former.rows(
        "select count(*) from customer where data_key is null and erased_on is null"
    ) == [(0,)]


@given(st.integers(0, 3), st.sampled_from(ErasureBasis), st.booleans())
def test_what_is_left_names_nobody(open_accounts, basis, again):
    erasure = Erasure(basis=basis, on=NOON.date())
    forced = basis in {ErasureBasis.UNLAWFUL, ErasureBasis.LEGAL_ORDER}
    if open_accounts and not forced:
        with pytest.raises(AccountsOpen):
            erased(PERSON, open_accounts, erasure)
        return
    left = erased(PERSON, open_accounts, erasure)
    assert left == Customer(
        id=PERSON.id, number="1", kind=PERSON.kind, name="", id_type=None, id_number=None,
        born_on=None, sex=None, phone=None, email=None, address=None, branch_code="B1",
        manager_number=None, since=PERSON.since, erased_on=NOON.date(),
    )  # fmt: skip
    if again:
        with pytest.raises(CustomerErased):
            erased(left, open_accounts, erasure)
