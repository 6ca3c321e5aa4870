"""One customer, lists of customers, the institution: who sees what, and how much it costs."""

import pytest
from customer.domain.ids import account_id, customer_id

from tests.customer.records import INSTITUTION, a_customer, an_account

pytestmark = pytest.mark.anyio
FIRST, SECOND = str(customer_id("A", "1")), str(customer_id("A", "2"))

CUSTOMER = """fragment F on Customer {
    id number name kind sex bornOn since branch { code name } manager { number name }
    contacts { phone email } identifiers { type number }
    accounts { id number product productName line currency openedOn closedOn }
    authorisedAccounts { number line }
    cards { reference kind issuedOn }
    consents { purpose channel given givenOn withdrawnOn }
}"""


async def test_one_customer_in_full(bank):
    found = await bank.data(CUSTOMER + '{ customerByNumber(number: "1") { ...F } }')
    assert found["customerByNumber"] == {
        "id": FIRST, "number": "1", "name": "张小龙", "kind": "INDIVIDUAL", "sex": "FEMALE",
        "bornOn": "1949-12-31", "since": "2001-05-06",
        "branch": {"code": "B1", "name": "Lifu"}, "manager": {"number": "M1", "name": "Liu Min"},
        "contacts": {"phone": "138****5678", "email": "z***@example.com"},
        "identifiers": [{"type": "resident_id", "number": "1****************X"}],
        "accounts": [{
            "id": str(account_id("A", "100")), "number": "100", "product": "D1",
            "productName": "Demand deposit", "line": "DEPOSIT", "currency": "CNY",
            "openedOn": "2001-05-06", "closedOn": None,
        }],
        "authorisedAccounts": [{"number": "200", "line": "LOAN"}],
        "cards": [{"reference": "C-1", "kind": "debit", "issuedOn": "2002-01-01"}],
        "consents": [],
    }  # fmt: skip


async def test_what_is_not_known_is_null(bank):
    found = await bank.data(
        CUSTOMER + "query($id: UUID!) { customer(id: $id) { ...F } }", id=SECOND
    )
    assert found["customer"]["manager"] is None
    assert found["customer"]["contacts"] == {"phone": None, "email": None}
    assert found["customer"]["identifiers"] == []
    assert [one["number"] for one in found["customer"]["accounts"]] == ["100", "200"]
    assert found["customer"]["authorisedAccounts"] == []


async def test_nobody_is_found_by_what_nobody_has(bank):
    found = await bank.data(
        """query($id: UUID!, $nul: String!) { customer(id: $id) { id }
        other: customerByNumber(number: "9") { id } nul: customerByNumber(number: $nul) { id } }""",
        id=str(customer_id("A", "9")),
        nul="1\0",
    )
    assert found == {"customer": None, "other": None, "nul": None}


async def test_the_institution_and_its_counts(bank):
    found = await bank.data(
        """{ institution { code name currency timeZone businessDate unionCode
        counts { customers accounts depositAccounts loans cards } } }"""
    )
    assert found["institution"] == {
        "code": "A", "name": INSTITUTION["name"], "currency": "CNY",
        "timeZone": "Asia/Shanghai", "businessDate": "2026-03-09", "unionCode": "JS-UNION",
        "counts": {"customers": 2, "accounts": 2, "depositAccounts": 1, "loans": 1, "cards": 1},
    }  # fmt: skip


async def test_entities_are_found_by_their_ids(bank):
    document = """query($r: [_Any!]!) { _entities(representations: $r) {
        ... on Customer { number } ... on Account { number line } } }"""
    found = await bank.data(
        document,
        r=[
            {"__typename": "Customer", "id": FIRST},
            {"__typename": "Account", "id": str(account_id("A", "200"))},
            {"__typename": "Customer", "id": "not an id"},
            {"__typename": "Account", "id": FIRST},
            {"__typename": "Customer", "id": 7},
        ],
    )
    assert found["_entities"] == [
        {"number": "1"}, {"number": "200", "line": "LOAN"}, None, None, None,
    ]  # fmt: skip


ENTRIES = {
    "customer": f'{{ customer(id: "{FIRST}") {{ number }} }}',
    "customerByNumber": '{ customerByNumber(number: "1") { number } }',
    "customers": "{ customers { edges { node { number } } } }",
    "institution": "{ institution { code } }",
    "_entities": f"""{{ _entities(representations: [{{__typename: "Customer", id: "{FIRST}"}}])
        {{ ... on Customer {{ number }} }} }}""",
    "_entities of accounts": f"""{{ _entities(representations: [
        {{__typename: "Account", id: "{account_id("A", "100")}"}}])
        {{ ... on Account {{ number }} }} }}""",
}


@pytest.mark.parametrize("entry", ENTRIES)
async def test_every_door_asks_for_the_right_to_read(bank, entry):
    answer = await bank.ask(ENTRIES[entry], scopes=("consent:write", "feed:read", "operate"))
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]
    assert not [one for one in (answer["data"] or {}).values() if one not in (None, [None])]
    assert "errors" not in await bank.ask(ENTRIES[entry])


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one != "institution"])
async def test_no_door_shows_another_institution_s_customers(bank, entry):
    found = await bank.data(ENTRIES[entry], institution="B")
    assert next(iter(found.values())) in (None, [None], {"edges": []})


async def test_a_caller_without_a_token_sees_nothing(bank):
    answer = await bank.http.post("/graphql", json={"query": "{ institution { code } }"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.fixture
async def many(organised):
    people = [
        ("10", "张小龙", "13800000001", "B1"), ("11", "张大龙", "13800000002", "B1"),
        ("2", "Anna O'Hara", "13800000003", "H"), ("3", "Hanna 100%", "13800000003", "B1"),
        ("4", "Jo_Ann", "", "H"),
    ]  # fmt: skip
    await organised.ingest(
        "customers",
        *(
            a_customer(number=number, name=name, phone=phone, branch_code=branch,
                       id_type="passport", id_number=f"G 0{number}")
            for number, name, phone, branch in people
        ),
    )  # fmt: skip
    return organised


SEARCH = """query($search: CustomerSearch, $first: Int! = 20, $after: String) {
    customers(search: $search, first: $first, after: $after, purpose: SERVICE) {
    edges { cursor node { number } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        (None, ["10", "11", "2", "3", "4"]),
        ({"number": "10"}, ["10"]),
        ({"number": "1"}, []),
        ({"name": "张"}, ["10", "11"]),
        ({"name": "张大"}, ["11"]),
        ({"name": "张大龙"}, ["11"]),
        ({"name": "小龙"}, []),
        ({"name": "aNNa"}, ["2", "3"]),
        ({"name": "AN"}, ["2"]),
        ({"name": "o'hara"}, ["2"]),
        ({"name": "100%"}, ["3"]),
        ({"name": "%%%"}, []),
        ({"name": "o_a"}, ["4"]),
        ({"name": "a_h"}, []),
        ({"phone": "+86 138 0000 0003"}, ["2", "3"]),
        ({"phone": "1380000"}, []),
        ({"idNumber": "g-010"}, ["10"]),
        ({"branch": "H"}, ["2", "4"]),
        ({"branch": "H", "name": "anna"}, ["2"]),
        ({"branch": "X"}, []),
    ],
)
async def test_customers_are_found_by_what_is_known(many, search, numbers):
    found = await many.data(SEARCH, search=search)
    assert [one["node"]["number"] for one in found["customers"]["edges"]] == numbers


async def test_a_list_goes_on_where_it_ended(many):
    seen, after = [], None
    for wanted, more in ((["10", "11"], True), (["2", "3"], True), (["4"], False)):
        page = (await many.data(SEARCH, first=2, after=after))["customers"]
        assert [one["node"]["number"] for one in page["edges"]] == wanted
        info = page["pageInfo"]
        assert (info["hasNextPage"], info["hasPreviousPage"]) == (more, after is not None)
        assert info["startCursor"] == page["edges"][0]["cursor"]
        after = info["endCursor"]
        seen += wanted
    assert seen == ["10", "11", "2", "3", "4"]


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 0}, {"first": 101}, {"after": "x"}, {"after": "AAAA"}, {"search": {"name": " "}},
        {"search": {"number": "a\0"}}, {"search": {"name": "x" * 201}},
    ],
)  # fmt: skip
async def test_an_impossible_page_is_refused(many, variables):
    answer = await many.ask(SEARCH, **variables)
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["BAD_REQUEST"]


VIEW = """fragment V on Customer { id number name kind branch { code name } manager { number name }
    accounts { number product line openedOn currency } }"""
VIEWS = {
    "one": VIEW + '{ customerByNumber(number: "1") { ...V } }',
    "twenty": VIEW + "{ customers(first: 20) { edges { node { ...V } } } }",
}


@pytest.mark.parametrize("view", VIEWS)
async def test_one_customer_and_twenty_cost_two_statements_and_one_for_the_record(
    organised, statements, view
):
    numbers = [str(n) for n in range(1, 31)]
    await organised.ingest("customers", *(a_customer(number=n) for n in numbers))
    await organised.ingest("accounts", *(an_account(number=n) for n in numbers))
    await organised.ingest(
        "account_holders",
        *({"account_number": n, "customer_number": n, "role": "owner"} for n in numbers),
    )
    await organised.data(VIEWS[view])  # a process opens the institution's key once
    statements.clear()
    await organised.data(VIEWS[view])
    assert len(statements) == 2 + 1


async def test_twenty_customers_with_everything_cost_four_statements_and_one_for_the_record(
    many, statements
):
    document = CUSTOMER + "{ customers { edges { node { ...F } } } }"
    await many.data(document)  # a process opens the institution's key once
    statements.clear()
    await many.data(document)
    assert len(statements) == 4 + 1


async def test_entities_of_both_kinds_cost_one_statement_each_and_one_for_the_record(
    bank, statements
):
    things = [{"__typename": "Customer", "id": one} for one in (FIRST, SECOND)]
    things += [{"__typename": "Account", "id": str(account_id("A", one))} for one in ("100", "200")]
    document = """query($r: [_Any!]!) { _entities(representations: $r) {
        ... on Customer { number } ... on Account { number } } }"""
    await bank.data(document, r=things)  # a process opens the institution's key once
    statements.clear()
    await bank.data(document, r=things)
    assert len(statements) == 2 + 1
