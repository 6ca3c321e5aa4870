"""How far a caller reaches: within it as ever, and beyond it as if nobody were there."""

import asyncio
import json
from uuid import uuid4

import pytest
from customer.domain.ids import account_id, customer_id, group_id
from customer.domain.reach import Within
from customer.store.customers import lock_customers

from tests.customer.records import a_customer, an_account

pytestmark = pytest.mark.anyio
ALL = (
    "customer:read", "consent:write", "personal:reveal", "personal:verify", "personal:export",
    "personal:erase",
)  # fmt: skip
REGION = {"reach": "branches", "branch_codes": ["R"]}
BRANCH = {"reach": "branches", "branch_codes": ["B2", "B9"]}
BOOK = {"reach": "book", "staff_number": "M1"}
OWN = {"reach": "self", "customer_number": "3"}
STRANGER = {"reach": "self", "customer_number": "9"}
STAFF = ((REGION, {"1", "2"}), (BRANCH, {"2"}), (BOOK, {"1"}))
CALLERS = (*STAFF, (OWN, {"3"}), (STRANGER, set()))
"""Each with the numbers of those within reach."""
EVERYBODY = ("1", "2", "3")
ACCOUNTS = {"100": {"1", "2"}, "200": {"2", "1"}, "300": {"3"}}
"""Whoever holds an account in whatever role."""
GROUPS = {"F1": {"1", "3"}, "G1": {"2"}, "G2": {"2"}, "F2": set()}
"""Whoever is on the business date in a group, or in one beneath it."""


@pytest.fixture
async def spread(bank):
    """Three customers at three branches, two of them below one region, in each other's groups."""
    for kind, records in (
        ("branches", [
            {"code": code, "name": code, "parent_code": parent, "kind": "branch"}
            for code, parent in (("R", "H"), ("B1", "R"), ("B2", "R"), ("B3", "H"), ("B9", ""))
        ]),
        ("staff", [{"number": "M2", "name": "Wu", "branch_code": "B2", "role": "customer_manager"}]),
        ("customers", [
            a_customer(number="2", branch_code="B2", manager_number="M2"),
            a_customer(number="3", branch_code="B3", manager_number=""),
        ]),
        ("accounts", [an_account(number="300")]),
        ("account_holders", [
            {"account_number": "300", "customer_number": "3", "role": "owner"},
        ]),
        ("cards", [{"reference": "C-3", "account_number": "300", "customer_number": "3",
                    "kind": "debit", "issued_on": "2002-01-01"}]),
        ("groups", [
            {"code": code, "kind": kind, "name": code, "parent_code": parent}
            for code, kind, parent in (("F1", "household", ""), ("F2", "household", ""),
                                       ("G1", "group", ""), ("G2", "group", "G1"))
        ]),
        ("group_members", [
            {"group_code": group, "customer_number": number, "role": "head",
             "since": "2020-01-01", "until": until}
            for group, number, until in (("F1", "1", ""), ("F1", "3", ""), ("G2", "2", ""),
                                         ("F2", "2", "2026-03-09"))
        ]),
        ("consents", [{"customer_number": number, "purpose": "marketing", "channel": "phone",
                       "given_on": "2026-01-01", "withdrawn_on": ""} for number in EVERYBODY]),
    ):  # fmt: skip
        answer = await bank.ingest(kind, *records)
        assert answer["rejected"] == [], answer
    return bank


CUSTOMER = """id number name kind sex bornOn since branch { code } manager { number }
    contacts { phone email address } identifiers { type number } cards { reference }
    accounts { number product } authorisedAccounts { number } consents { channel given }"""
READS = {
    "customer": f"query($id: UUID!) {{ it: customer(id: $id) {{ {CUSTOMER} }} }}",
    "number": f"query($number: String!) {{ it: customerByNumber(number: $number) {{ {CUSTOMER} }} }}",
    "entity": f"""query($id: String!) {{ it: _entities(representations: [{{__typename: "Customer", id: $id}}])
        {{ ... on Customer {{ {CUSTOMER} }} }} }}""",
    "list by number": f"""query($number: String!) {{ it: customers(search: {{number: $number}})
        {{ edges {{ cursor node {{ {CUSTOMER} }} }} pageInfo {{ hasNextPage endCursor }} }} }}""",
}
SEEN = """query($after: String) { customers(first: 2, after: $after, purpose: SERVICE) {
    edges { node { number } } pageInfo { hasNextPage endCursor } } }"""
ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) {
    ... on Account { number } ... on CustomerGroup { code } } }"""


async def test_beyond_reach_is_as_if_nobody_were_there(spread):
    for read in READS.values():
        people = {one: {"id": str(customer_id("A", one)), "number": one} for one in EVERYBODY}
        as_ever = {one: await spread.ask(read, **people[one]) for one in EVERYBODY}
        assert all(f'"number": "{one}"' in json.dumps(as_ever[one]) for one in EVERYBODY)
        for who, reached in STAFF if "customers(" in read else CALLERS:
            missing = await spread.ask(read, who=who, id=str(uuid4()), number="9")
            assert "errors" not in missing
            for number in EVERYBODY:
                answer = await spread.ask(read, who=who, **people[number])
                assert answer == (as_ever[number] if number in reached else missing)


async def test_lists_go_on_without_those_beyond_reach(spread):
    for who, reached in STAFF:
        seen, after, more = [], None, True
        while more:
            page = (await spread.data(SEEN, who=who, after=after))["customers"]
            seen += [one["node"]["number"] for one in page["edges"]]
            more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert seen == sorted(reached)


async def test_an_account_or_a_group_is_seen_by_whoever_reaches_one_of_its_people(spread):
    things = [
        *({"__typename": "Account", "id": str(account_id("A", one))} for one in ACCOUNTS),
        *({"__typename": "CustomerGroup", "id": str(group_id("A", one))} for one in GROUPS),
    ]
    document = "query($code: String!) { customerGroup(code: $code) { code } }"
    for who, reached in CALLERS:
        accounts = [{"number": one} if held & reached else None for one, held in ACCOUNTS.items()]
        groups = [{"code": one} if held & reached else None for one, held in GROUPS.items()]
        found = (await spread.ask(ENTITIES, who=who, r=things))["data"]["_entities"]
        if who["reach"] == "self":  # who is in a household is not for its members to look up
            assert found == accounts + [None] * len(groups)
            continue
        assert found == accounts + groups
        for code, expected in zip(GROUPS, groups, strict=True):
            assert await spread.data(document, who=who, code=code) == {"customerGroup": expected}


async def test_a_group_shows_of_its_members_those_within_reach(spread):
    document = """query($code: String!) { customerGroup(code: $code) { parent { code } groups { code }
        members(first: 1) { edges { node { role customer { number } } } pageInfo { hasNextPage } } } }"""

    def page(*numbers, more=False):
        edges = [{"node": {"role": "head", "customer": {"number": one}}} for one in numbers]
        return {"edges": edges, "pageInfo": {"hasNextPage": more}}

    async def shown(code, who=None):
        return (await spread.data(document, who=who, code=code))["customerGroup"]

    in_order = sorted(("1", "3"), key=lambda one: customer_id("A", one))
    assert (await shown("F1"))["members"] == page(in_order[0], more=True)
    assert (await shown("F1", BOOK))["members"] == page("1")
    below = {"parent": None, "groups": [{"code": "G2"}], "members": page()}
    assert await shown("G1") == below
    assert await shown("G1", BRANCH) == below
    assert (await shown("G2", BRANCH))["parent"] == {"code": "G1"}
    await spread.ingest("groups", {"code": "G0", "kind": "group", "name": "-", "parent_code": "G1"})
    assert (await shown("G1"))["groups"] == [{"code": "G0"}, {"code": "G2"}]
    assert (await shown("G1", BRANCH))["groups"] == [{"code": "G2"}]


COUNTS = "{ institution { code counts { customers accounts depositAccounts loans cards } } }"


async def test_counts_are_of_what_the_caller_reaches(spread):
    names = ("customers", "accounts", "depositAccounts", "loans", "cards")
    for who, counts in (
        (None, (3, 3, 2, 1, 2)), (REGION, (2, 2, 1, 1, 1)), (BOOK, (1, 2, 1, 1, 1)),
        ({"reach": "book", "staff_number": "M9"}, (0, 0, 0, 0, 0)),
    ):  # fmt: skip
        found = (await spread.data(COUNTS, who=who))["institution"]
        assert found == {"code": "A", "counts": dict(zip(names, counts, strict=True))}


async def test_only_who_reaches_themselves_alone_is_somebody(spread):
    document = f"{{ me {{ {CUSTOMER} }} }}"
    own = await spread.data(READS["number"], number="3")
    assert (await spread.data(document, who=OWN))["me"] == own["it"]
    assert await spread.data(document, who=STRANGER) == {"me": None}
    for who in (None, BOOK | {"customer_number": "3"}):
        answer = await spread.ask(document, who=who)
        assert answer["data"] == {"me": None}
        assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]


MUTATION = (
    "mutation($id: UUID!, $key: String!) { it: %s { __typename ... on Problem { code message } } }"
)
ACTS = {
    "giveConsent(customerId: $id, channel: ONLINE, idempotencyKey: $key)": ("Customer", CALLERS),
    "withdrawConsent(customerId: $id, channel: PHONE, idempotencyKey: $key)":
        ("Customer", CALLERS),
    'revealField(customerId: $id, field: PHONE, reason: "call back", idempotencyKey: $key)':
        ("RevealedValue", STAFF),
    "recordVerification(customerId: $id, method: QUESTIONS, idempotencyKey: $key)":
        ("Verification", STAFF),
}  # fmt: skip
WRITTEN = """select (select jsonb_agg(c order by id) from customer c),
    (select jsonb_agg(c order by customer_id, channel) from consent c),
    (select count(*) from verification), (select count(*) from allowance),
    (select count(*) from outbox), (select count(*) from idempotency),
    (select count(*) from audit_entry)"""


async def test_nothing_can_be_done_to_those_beyond_reach(spread):
    async def done(act, who, customer):
        key = {"id": str(customer), "key": uuid4().hex}
        return await spread.ask(MUTATION % act, scopes=ALL, who=who, **key)

    for act, (answered, callers) in ACTS.items():
        before = await spread.rows(WRITTEN)
        for who, reached in callers:
            missing = await done(act, who, uuid4())
            assert missing["data"]["it"]["code"] == "CUSTOMER_NOT_FOUND"
            for number in sorted(set(EVERYBODY) - reached):
                assert await done(act, who, customer_id("A", number)) == missing
        assert await spread.rows(WRITTEN) == before
        for who, reached in callers[1:4]:
            for number in reached:
                answer = await done(act, who, customer_id("A", number))
                assert answer["data"]["it"] == {"__typename": answered}


async def test_copies_and_erasures_are_for_those_who_reach_the_institution(spread):
    for act in ("exportCustomer", "eraseCustomer"):
        rest = 'reason: "asked for"' if act == "exportCustomer" else "basis: LEGAL_ORDER"
        document = MUTATION % f"{act}(customerId: $id, {rest}, idempotencyKey: $key)"
        before = await spread.rows(WRITTEN)
        for who, _ in CALLERS:
            for one in (customer_id("A", "1"), uuid4()):
                answer = await spread.ask(
                    document, scopes=ALL, who=who, id=str(one), key=uuid4().hex
                )
                assert answer["data"] == {"it": None}
                assert [each["extensions"]["code"] for each in answer["errors"]] == ["FORBIDDEN"]
        assert await spread.rows(WRITTEN) == before


async def test_who_moves_is_seen_by_the_new_branch_and_manager_alone(spread):
    async def seen(who):
        edges = (await spread.data(SEEN, who=who, after=None))["customers"]["edges"]
        return [one["node"]["number"] for one in edges]

    await spread.ingest("customers", a_customer(number="3", branch_code="B2", manager_number="M1"))
    assert (await seen(BRANCH), await seen(BOOK)) == (["2", "3"], ["1", "3"])
    await spread.ingest("customers", a_customer(number="3", branch_code="B3", manager_number=""))
    assert (await seen(BRANCH), await seen(BOOK)) == (["2"], ["1"])
    lower = {"code": "B2", "name": "B2", "parent_code": "B3", "kind": "branch"}
    assert (await seen(REGION)) == ["1", "2"]
    await spread.ingest("branches", lower)
    assert (await seen(REGION)) == ["1"]
    assert (await seen({"reach": "branches", "branch_codes": ["B3"]})) == ["2", "3"]


GIVE = MUTATION % "giveConsent(customerId: $id, channel: ONLINE, idempotencyKey: $key)"


@pytest.mark.parametrize(
    ("moved", "seen"), [("manager_number = 'M2'", False), ("name = '-'", True)]
)
async def test_who_leaves_the_book_while_a_write_waits_is_not_written_to(spread, moved, seen):
    first = str(customer_id("A", "1"))
    before = await spread.rows("select * from consent order by 1, 2, 3")
    async with spread.db.transaction("A") as session:
        await lock_customers(session, Within.whole("A"), [customer_id("A", "1")])
        asked = asyncio.create_task(spread.ask(GIVE, who=BOOK, id=first, key="k"))
        await _waiting(spread)
        connection = await session.connection()
        await connection.exec_driver_sql(f"update customer set {moved} where id = '{first}'")
    answer = (await asked)["data"]["it"]
    assert answer.get("code") == (None if seen else "CUSTOMER_NOT_FOUND")
    assert (await spread.rows("select * from consent order by 1, 2, 3") == before) is not seen


async def test_who_moves_between_two_branches_of_the_caller_stays_within_reach(spread):
    first = str(customer_id("A", "1"))
    async with spread.db.transaction("A") as session:
        await lock_customers(session, Within.whole("A"), [customer_id("A", "1")])
        asked = asyncio.create_task(spread.ask(GIVE, who=REGION, id=first, key="k"))
        await _waiting(spread)
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"update customer set branch_code = 'B2' where id = '{first}'"
        )
    assert (await asked)["data"]["it"] == {"__typename": "Customer"}


async def _waiting(service) -> None:
    """Return once somebody waits for a lock in the service's database."""
    query = """select count(*) from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock'"""
    while await service.rows(query) == [(0,)]:
        await asyncio.sleep(0.01)


async def test_a_repeated_act_shows_nobody_who_has_left_meanwhile(spread):
    one = {"who": BOOK, "id": str(customer_id("A", "1")), "key": "k"}
    assert (await spread.ask(GIVE, **one))["data"]["it"] == {"__typename": "Customer"}
    await spread.ingest("customers", a_customer(number="1", manager_number="M2"))
    assert (await spread.ask(GIVE, **one))["data"]["it"]["code"] == "CUSTOMER_NOT_FOUND"


async def test_a_narrower_reach_costs_no_statement_more(spread, statements):
    things = [{"__typename": "Account", "id": str(account_id("A", "100"))}]
    things += [{"__typename": "CustomerGroup", "id": str(group_id("A", "F1"))}]
    asked = {"id": str(customer_id("A", "1")), "number": "1", "r": things}
    everywhere = {"reach": "branches", "branch_codes": ["H"]}
    for read in (*READS.values(), ENTITIES, COUNTS):
        costs = []
        for who in (None, everywhere, BOOK):
            statements.clear()
            await spread.data(read, who=who, **asked)
            costs.append(len(statements))
        assert costs[1:] == [costs[0], costs[0]]


async def test_the_whole_institution_s_statements_know_of_no_reach(spread, statements):
    for read in READS.values():
        await spread.data(read, id=str(customer_id("A", "3")), number="3")
    await spread.data(COUNTS)
    assert not [one for one in statements if "reached" in one or "RECURSIVE" in one]
