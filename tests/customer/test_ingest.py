"""What the bank's records do: taken, unchanged, or rejected with a code and a reason."""

import json

import pytest
from customer.domain.ids import account_id, customer_id

from tests.customer.records import BRANCHES, INSTITUTION, PRODUCTS, STAFF, a_customer, an_account

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))
ACCOUNT = str(account_id("A", "100"))


def counted(answer):
    return answer["accepted"], answer["unchanged"], len(answer["rejected"])


async def rejected(service, kind, record):
    """Send one record that must be rejected; give its code and reason."""
    before = await service.rows("select max(seq) from outbox")
    answer = await service.ingest(kind, record)
    assert counted(answer) == (0, 0, 1), answer
    assert await service.rows("select max(seq) from outbox") == before
    [one] = answer["rejected"]
    assert one["line"] == 1
    return one["code"], one["reason"]


async def test_the_same_records_again_change_and_announce_nothing(bank):
    events = await bank.events()
    for kind, records in (
        ("institutions", [INSTITUTION]),
        ("products", PRODUCTS),
        ("branches", BRANCHES),
        ("staff", STAFF),
        ("customers", [a_customer()]),
        ("accounts", [an_account()]),
        ("account_holders", [{"account_number": "100", "customer_number": "1", "role": "owner"}]),
        ("cards", [{"reference": "C-1", "account_number": "100", "customer_number": "1",
                    "kind": "debit", "issued_on": "2002-01-01"}]),
    ):  # fmt: skip
        answer = await bank.ingest(kind, *records)
        assert counted(answer) == (0, len(records), 0), kind
    assert await bank.events() == events


async def test_a_change_is_announced_with_the_next_version(bank):
    assert counted(await bank.ingest("customers", a_customer(branch_code="H"))) == (1, 0, 0)
    last = (await bank.events("customer.customer.recorded"))[-1]
    assert (last["subject"], last["institution"], last["version"]) == (FIRST, "A", 2)
    assert last["data"] == {
        "customer_id": FIRST, "number": "1", "kind": "individual", "born_on": "1949-12-31",
        "branch_code": "H", "manager_number": "M1", "since": "2001-05-06",
    }  # fmt: skip


async def test_an_account_is_announced_once_it_has_an_owner_with_all_its_holders(bank):
    found = await bank.events("customer.account.recorded")
    assert [(one["subject"], one["version"]) for one in found if one["subject"] == ACCOUNT] == [
        (ACCOUNT, 2)
    ]
    last = [one for one in found if one["subject"] == ACCOUNT][-1]
    assert last["data"] == {
        "account_id": ACCOUNT, "number": "100", "product_code": "D1", "line": "deposit",
        "currency": "CNY", "branch_code": "B1", "opened_on": "2001-05-06", "closed_on": None,
        "matures_on": None, "owner_id": FIRST,
        "holders": sorted(
            [{"customer_id": FIRST, "role": "owner"}, {"customer_id": SECOND, "role": "joint"}],
            key=lambda one: one["customer_id"],
        ),
    }  # fmt: skip


async def test_closing_an_account_keeps_its_holders(bank):
    await bank.ingest("accounts", an_account(closed_on="2026-01-31"))
    last = (await bank.events("customer.account.recorded"))[-1]
    assert (last["version"], last["data"]["closed_on"]) == (3, "2026-01-31")
    assert (last["data"]["owner_id"], len(last["data"]["holders"])) == (FIRST, 2)


async def test_other_events_carry_the_agreed_data(organised):
    told = {one["type"]: one for one in await organised.events()}
    assert told["customer.institution.recorded"]["subject"] == "A"
    assert told["customer.institution.recorded"]["data"] == INSTITUTION
    assert told["customer.product.recorded"]["subject"] == "A/L1"
    assert told["customer.product.recorded"]["data"] == PRODUCTS[1] | {"on_offer": False}
    assert told["customer.branch.recorded"]["subject"] == "A/B1"
    assert told["customer.branch.recorded"]["data"] == BRANCHES[1]


async def test_a_thousand_holders_announce_each_account_once(organised):
    numbers = [str(n) for n in range(1000)]
    await organised.ingest("customers", *(a_customer(number=n) for n in numbers))
    await organised.ingest("accounts", *(an_account(number=n) for n in numbers))
    answer = await organised.ingest(
        "account_holders",
        *({"account_number": n, "customer_number": n, "role": "owner"} for n in numbers),
        *({"account_number": n, "customer_number": "0", "role": "joint"} for n in numbers[1:]),
    )
    assert counted(answer) == (1999, 0, 0)
    found = await organised.events("customer.account.recorded")
    assert len(found) == 1000
    assert {one["subject"] for one in found} == {str(account_id("A", n)) for n in numbers}
    assert {one["version"] for one in found} == {2}
    assert {len(one["data"]["holders"]) for one in found[1:]} == {2}


async def test_bad_lines_are_rejected_by_number_and_good_ones_go_in(organised):
    answer = await organised.ingest(
        "customers",
        a_customer(),
        "{broken",
        a_customer(number="2", sex="x"),
        a_customer(number="3"),
    )
    assert (answer["accepted"], answer["unchanged"]) == (2, 0)
    assert [(one["line"], one["code"]) for one in answer["rejected"]] == [
        (2, "MALFORMED"),
        (3, "INVALID"),
    ]
    assert await organised.rows("select number from customer order by 1") == [("1",), ("3",)]


@pytest.mark.parametrize(
    ("values", "code", "reason"),
    [
        ({"name": ""}, "INVALID", "name: is required; fill it in"),
        ({"name": "a\tb"}, "INVALID", "name: must have 1 to 200 characters on one line"),
        ({"name": "a\0b"}, "INVALID", "name: must have 1 to 200 characters on one line"),
        ({"number": ""}, "INVALID", "number: is required; fill it in"),
        ({"number": "1 2"}, "INVALID", "number: must have 1 to 64 characters"),
        ({"kind": "person"}, "INVALID", "kind: Input should be 'individual' or 'enterprise'"),
        ({"born_on": "1990-02-30"}, "INVALID", "born_on: is a day that does not exist"),
        ({"born_on": "19900101"}, "INVALID", "born_on: must be a day written YYYY-MM-DD"),
        ({"born_on": "0"}, "INVALID", "born_on: must be a day written YYYY-MM-DD"),
        ({"born_on": 86400}, "INVALID", "born_on: must be a day written YYYY-MM-DD"),
        ({"since": ""}, "INVALID", "since: must be a day written YYYY-MM-DD"),
        ({"born_on": "2026-03-10"}, "BORN_IN_FUTURE", "born_on lies after"),
        ({"born_on": "1849-12-31"}, "INVALID", "born_on: more than 150 years ago"),
        ({"born_on": "2001-05-07"}, "INVALID", "since: lies before born_on"),
        ({"kind": "enterprise"}, "INVALID", "sex: an enterprise has none"),
        ({"phone": "ask him"}, "INVALID", "phone: must be one phone number"),
        ({"email": "zhang"}, "INVALID", "email: must be one address"),
        ({"id_number": "110105194912310021"}, "BAD_RESIDENT_ID", "check character"),
        ({"id_type": "uscc"}, "BAD_USCC", "not a uscc of GB 32100"),
        ({"id_type": ""}, "IDENTIFIER_INCOMPLETE", "send both or neither"),
        ({"id_type": "Resident ID"}, "INVALID", "id_type: must be a word in snake_case"),
        ({"branch_code": "B9"}, "UNKNOWN_BRANCH", "There is no branch 'B9'; send it"),
        ({"manager_number": "M9"}, "UNKNOWN_MANAGER", "There is no member of staff 'M9'"),
        ({"pin": "1234"}, "INVALID", "pin: Extra inputs are not permitted"),
        ({"number": None}, "INVALID", "number: Input should be a valid string"),
    ],
)
async def test_a_customer_that_cannot_be_is_rejected(organised, values, code, reason):
    told = await rejected(organised, "customers", a_customer(**values))
    assert told[0] == code
    assert reason in told[1]
    assert await organised.rows("select count(*) from customer") == [(0,)]


async def test_other_documents_are_free_and_little_need_be_known(organised):
    answer = await organised.ingest(
        "customers",
        a_customer(number="1", id_type="passport", id_number="G-12 34"),
        {"number": 2, "kind": "enterprise", "name": "Mill", "branch_code": "H", "since": "2001-01-01"},
    )  # fmt: skip
    assert counted(answer) == (2, 0, 0)
    found = await organised.data(
        """{ customers(search: {idNumber: "g1234"}) { edges { node { number } } }
        other: customerByNumber(number: "2") { identifiers { number } } }"""
    )
    assert found == {
        "customers": {"edges": [{"node": {"number": "1"}}]}, "other": {"identifiers": []},
    }  # fmt: skip


async def test_half_a_character_cannot_enter(organised):
    line = json.dumps(a_customer()).replace("Lifu 1", "\\ud800")
    assert [one["line"] for one in (await organised.ingest("customers", line))["rejected"]] == [1]


@pytest.mark.parametrize(
    ("values", "code", "reason"),
    [
        ({"closed_on": "2001-05-05"}, "CLOSED_BEFORE_OPENED", "closed_on lies before opened_on"),
        ({"product_code": "X"}, "UNKNOWN_PRODUCT", "There is no product 'X'; send it"),
        ({"branch_code": "X"}, "UNKNOWN_BRANCH", "There is no branch 'X'; send it"),
        ({"currency": "RMB"}, "UNKNOWN_CURRENCY", "'RMB' is not a currency code of ISO 4217"),
        ({"opened_on": ""}, "INVALID", "opened_on: must be a day"),
        ({"balance": "1"}, "INVALID", "balance: Extra inputs are not permitted"),
    ],
)
async def test_an_account_that_cannot_be_is_rejected(organised, values, code, reason):
    told = await rejected(organised, "accounts", an_account(**values))
    assert told[0] == code
    assert reason in told[1]


@pytest.mark.parametrize(
    ("values", "code", "reason"),
    [
        ({"account_number": "9"}, "UNKNOWN_ACCOUNT", "There is no account '9'; send it"),
        ({"customer_number": "9"}, "UNKNOWN_CUSTOMER", "There is no customer '9'; send it"),
        ({"role": "owner"}, "OWNER_TAKEN", "Account '100' already has another owner"),
        ({"role": "heir"}, "INVALID", "role: Input should be 'owner', 'joint' or 'authorised'"),
    ],
)
async def test_a_holder_that_cannot_be_is_rejected(bank, values, code, reason):
    record = {"account_number": "100", "customer_number": "2", "role": "joint"} | values
    told = await rejected(bank, "account_holders", record)
    assert told[0] == code
    assert reason in told[1]


async def test_an_account_passes_to_another_owner_when_the_first_steps_down(bank):
    answer = await bank.ingest(
        "account_holders",
        {"account_number": "100", "customer_number": "1", "role": "authorised"},
        {"account_number": "100", "customer_number": "2", "role": "owner"},
    )
    assert counted(answer) == (2, 0, 0)
    assert (await bank.events("customer.account.recorded"))[-1]["data"]["owner_id"] == SECOND


async def test_an_account_is_announced_while_it_has_an_owner(bank):
    async def told():
        found = await bank.events("customer.account.recorded")
        mine = [one for one in found if one["subject"] == ACCOUNT]
        return [(one["version"], one["data"]["owner_id"]) for one in mine]

    holder = {"account_number": "100", "customer_number": "1", "role": "authorised"}
    assert await told() == [(2, FIRST)]
    await bank.ingest("account_holders", holder)
    await bank.ingest("accounts", an_account(closed_on="2026-01-31"))
    assert await told() == [(2, FIRST)]
    await bank.ingest("account_holders", holder | {"customer_number": "2", "role": "owner"})
    assert await told() == [(2, FIRST), (5, SECOND)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"account_number": "9"}, "UNKNOWN_ACCOUNT"),
        ({"customer_number": "9"}, "UNKNOWN_CUSTOMER"),
        ({"reference": "4111111111111111"}, "CARD_NUMBER_REFUSED"),
        ({"cvv": "123"}, "INVALID"),
        ({"issued_on": "2002-13-01"}, "INVALID"),
    ],
)
async def test_a_card_that_cannot_be_is_rejected(bank, values, code):
    record = {
        "reference": "C-2", "account_number": "100", "customer_number": "1", "kind": "debit",
        "issued_on": "2002-01-01",
    } | values  # fmt: skip
    assert (await rejected(bank, "cards", record))[0] == code


async def test_an_institution_other_than_the_token_s_is_refused(service):
    code, reason = await rejected(service, "institutions", INSTITUTION | {"code": "B"})
    assert code == "WRONG_INSTITUTION"
    assert reason.startswith("The token speaks for institution 'A', not 'B'; send each")
    zone = await rejected(service, "institutions", INSTITUTION | {"time_zone": "Mars/Base"})
    assert zone == ("INVALID", "time_zone: must be a time zone such as Asia/Shanghai")
    currency = await rejected(service, "institutions", INSTITUTION | {"currency": "RMB"})
    assert currency[0] == "UNKNOWN_CURRENCY"


async def test_records_before_the_institution_are_refused_as_a_whole(service):
    answer = await service.http.post(
        "/ingest/products",
        content=json.dumps(PRODUCTS[0]),
        headers=service.program(),
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == "INSTITUTION_NOT_RECORDED"


async def test_institutions_do_not_see_each_other(bank):
    await bank.ingest("institutions", INSTITUTION | {"code": "B"}, institution="B")
    answer = await bank.ingest("customers", a_customer(), institution="B")
    assert [one["code"] for one in answer["rejected"]] == ["UNKNOWN_BRANCH"]
    answer = await bank.ingest(
        "account_holders",
        {"account_number": "100", "customer_number": "1", "role": "owner"},
        institution="B",
    )
    assert [one["code"] for one in answer["rejected"]] == ["UNKNOWN_ACCOUNT"]


async def test_branches_stand_under_known_ones_and_never_under_themselves(organised):
    under = {"code": "B2", "name": "x", "parent_code": "B1", "kind": "outlet"}
    assert (await rejected(organised, "branches", under | {"parent_code": "X"}))[
        0
    ] == "UNKNOWN_BRANCH"
    assert (await rejected(organised, "branches", under | {"parent_code": "B2"}))[
        0
    ] == "BRANCH_CYCLE"
    assert counted(await organised.ingest("branches", under)) == (1, 0, 0)
    assert (await rejected(organised, "branches", under | {"code": "H", "parent_code": "B2"}))[
        0
    ] == "BRANCH_CYCLE"
    assert (await rejected(organised, "staff", STAFF[0] | {"branch_code": "X"}))[
        0
    ] == "UNKNOWN_BRANCH"


async def test_a_product_with_accounts_keeps_its_line(bank):
    free = PRODUCTS[0] | {"code": "D2"}
    await bank.ingest("products", free)
    assert counted(await bank.ingest("products", free | {"line": "settlement"})) == (1, 0, 0)
    told = await rejected(bank, "products", PRODUCTS[0] | {"line": "settlement"})
    assert told[0] == "LINE_FIXED"
    assert counted(await bank.ingest("products", PRODUCTS[0] | {"name": "New"})) == (1, 0, 0)
    assert (await rejected(bank, "products", PRODUCTS[0] | {"on_offer": "yes"})) == (
        "INVALID",
        "on_offer: must be true or false",
    )


async def test_within_one_request_the_last_line_counts(organised):
    answer = await organised.ingest(
        "customers", a_customer(name="a"), a_customer(name="a"), a_customer(name="b")
    )
    assert counted(answer) == (2, 1, 0)
    assert await organised.rows("select name, version from customer") == [("b", 1)]
    assert len(await organised.events("customer.customer.recorded")) == 1


async def test_there_and_back_within_one_request_is_no_change(organised):
    await organised.ingest("customers", a_customer(name="a"))
    answer = await organised.ingest("customers", a_customer(name="b"), a_customer(name="a"))
    assert counted(answer) == (2, 0, 0)
    assert len(await organised.events("customer.customer.recorded")) == 1


CONSENT = {
    "customer_number": "1", "purpose": "marketing", "channel": "phone",
    "given_on": "2020-01-01", "withdrawn_on": "",
}  # fmt: skip


async def test_consents_are_taken_and_announced(bank):
    answer = await bank.ingest("consents", CONSENT, CONSENT | {"channel": "mobile"})
    assert counted(answer) == (2, 0, 0)
    assert counted(await bank.ingest("consents", CONSENT)) == (0, 1, 0)
    answer = await bank.ingest("consents", CONSENT | {"withdrawn_on": "2021-01-01"})
    assert counted(answer) == (1, 0, 0)
    assert counted(await bank.ingest("consents", CONSENT)) == (0, 1, 0)
    last = (await bank.events("customer.consent.changed"))[-1]
    assert (last["subject"], last["version"]) == (f"{FIRST}/marketing/phone", 2)
    assert last["data"] == {
        "customer_id": FIRST, "purpose": "marketing", "channel": "phone", "given": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"customer_number": "9"}, "UNKNOWN_CUSTOMER"),
        ({"withdrawn_on": "2019-12-31"}, "WITHDRAWN_BEFORE_GIVEN"),
        ({"channel": "fax"}, "INVALID"),
        ({"purpose": "fun"}, "INVALID"),
    ],
)
async def test_a_consent_that_cannot_be_is_rejected(bank, values, code):
    assert (await rejected(bank, "consents", CONSENT | values))[0] == code


async def test_only_a_loader_may_send_records(organised):
    person = organised.headers(("customer:read", "consent:write", "ingest:write"))
    for caller, refused in (
        (organised.program("service"), (403, "FORBIDDEN")),
        (person, (401, "UNAUTHENTICATED")),
    ):
        answer = await organised.http.post(
            "/ingest/customers", content=json.dumps(a_customer()), headers=caller
        )
        assert (answer.status_code, answer.json()["code"]) == refused
    assert await organised.rows("select count(*) from customer") == [(0,)]
