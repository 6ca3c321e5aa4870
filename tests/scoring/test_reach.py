"""Each caller sees no more than its reach: what lies beyond is as if it did not exist."""

import asyncio
import json
import random
from uuid import UUID, uuid4

import pytest
from scoring.domain.scope import EVERYBODY, NOBODY, Within
from scoring.store.accounts import AccountFact, save_accounts, save_customers
from scoring.store.organisation import save_branches
from scoring.store.reach import accounts_within, customers_within
from sqlalchemy import text

from tests.scoring.conftest import Bank, account_id, customer_id, group_id

pytestmark = pytest.mark.anyio
ALWAYS = ("2020-01-01", None)
PERIOD = 'from: "2024-01", to: "2024-03"'
BRANCH = ("branches", {"branch_codes": ["01"]})
TWO = ("branches", {"branch_codes": ["0101", "02"]})
BOOK = ("book", {"staff_number": "M1"})
WHOM = {"branches": {"c", "p", "q"}, "book": {"p", "q"}}
CUSTOMER = f"""id contribution({PERIOD}) {{ total {{ amount }} months {{ total {{ amount }} }} }}
  points({PERIOD}) {{ points }} index(month: "2024-02") {{ score }} explain({PERIOD}) {{ label }}
  tier {{ code }} tierHistory {{ code }} depositDeviation(month: "2024-02") {{ average {{ amount }} }}"""
ACCOUNT = f"""id balance {{ amount }} averageDailyBalance({PERIOD}) {{ amount }} loan {{ grade }}
  dailyBalances(from: "2024-02-01", to: "2024-02-02") {{ balance {{ amount }} }}
  contribution({PERIOD}) {{ total {{ amount }} }}"""
CONTRIBUTED = f"contribution({PERIOD}) {{ total {{ amount }} }}"
ENTITIES = f"""query($r: [_Any!]!) {{ _entities(representations: $r) {{
  ... on Customer {{ {CUSTOMER} }} ... on Account {{ {ACCOUNT} }} }} }}"""
OVER = (
    "{ manager branch customer { id } deviation { balance { amount } average { amount } } cursor }"
)
BRIDGE = """{ total { before { amount } after { amount } } lines { line bridge { after { amount } } }
  customersGained customersLost customersStayed }"""
REPORTS = {
    "topCustomers": f"({PERIOD}%s) {{ rank customer {{ id }} contribution {{ amount }} share }}",
    "concentration": f"({PERIOD}%s) {{ customers total {{ amount }} best(customers: 1) {{ share }} "
    'drift(from: "2024-01", to: "2024-01") { alarm topShares { change } } }',
    "depositDeviation": f"({PERIOD}%s) {{ month balance {{ amount }} average {{ amount }} }}",
    "overDeviationLimit": f'(month: "2024-01", limit: "0", level: CUSTOMER%s) {OVER}',
    "valueBridge": f'(from: "2024-03", to: "2024-03"%s) {BRIDGE}',
    "crossHolding": '(on: "2024-03-20"%s) { customers holders products { held customers } }',
}
TIERS = "{ tiers { code customers contribution { amount } } }"
NEAR = "{ nearThreshold(withinPpm: 500000) { edges { node { customerId customer { id } } } } }"


def entities(*named) -> list[dict]:
    keys = {"Customer": customer_id, "Account": account_id}
    return [{"__typename": kind, "id": str(keys[kind](one))} for kind, one in named]


@pytest.fixture(scope="module")
async def branched(templates, callers, tmp_path_factory, example_scheme):
    """Four customers in a tree of branches, one bank for all tests that look and few that write.

    Head office 00; 01 beneath it with 0101 beneath that; 02 apart. c and p are at 01, q at 0101,
    r at 02; M1 manages p and q, M9 r; p and r hold an account together. p and q had their
    balances dressed at the end of January.
    """
    name, url = templates.clone("scoring")
    bank = Bank(url, callers, tmp_path_factory.mktemp("reach"))
    await bank.ingest("scheme", example_scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(),
        *(bank.branch_news(*one) for one in (("00",), ("01", "00"), ("0101", "01"), ("02", "00"))),
        *(
            bank.customer_news(one, branch=branch, manager=manager)
            for one, branch, manager in (
                ("c", "01", None), ("p", "01", "M1"), ("q", "0101", "M1"), ("r", "02", "M9"),
            )
        ),
        *(bank.account_news(f"d{one}", one) for one in "cpqr"),
        bank.account_news("joint", "r", joint=["p"]),
        bank.group_news("house", [("p", *ALWAYS), ("r", *ALWAYS)]),
        bank.group_news("other", [("r", *ALWAYS)]),
    )  # fmt: skip
    await bank.post(
        *(
            bank.posting(account, amount, day)
            for account, amount, day in (
                ("dc", 3_600_000, "2024-01-01"), ("dp", 7_200_000, "2024-01-01"),
                ("dq", 36_000_000, "2024-01-01"), ("dr", 1_200_000, "2024-01-01"),
                ("joint", 1_800_000, "2024-01-01"), ("dp", 3_100_000, "2024-01-31"),
                ("dq", 9_300_000, "2024-01-31"), ("joint", 3_100_000, "2024-01-31"),
            )
        )
    )  # fmt: skip
    await bank.settle()
    await bank.data(TIERS)
    yield bank
    await bank.close()
    templates.drop(name)


@pytest.mark.parametrize("reach", [BRANCH, BOOK])
async def test_within_reach_all_is_as_the_institution_sees_it_and_beyond_as_if_it_were_not(
    branched, reach
):
    name, measure = reach
    holders = {"dc": "c", "dp": "p", "dq": "q", "dr": "r"}
    named = [*(("Customer", one) for one in "cpqr"), *(("Account", one) for one in holders)]
    asked = entities(*named, ("Account", "joint"))
    unknown = [{"__typename": one["__typename"], "id": str(uuid4())} for one in asked]
    everything = (await branched.data(ENTITIES, r=asked))["_entities"]
    assert all(one and (one.get("contribution") or one.get("balance")) for one in everything)
    with branched.reaching(name, **measure):
        answer = await branched.ask(ENTITIES, r=asked)
        beyond = await branched.ask(ENTITIES, r=unknown)
    whose = ["c", "p", "q", "r", *holders.values()]
    expected = [
        full if one in WHOM[name] else None for one, full in zip(whose, everything, strict=False)
    ]
    joint = everything[-1] if "p" in WHOM[name] else None
    assert answer == {"data": {"_entities": [*expected, joint]}}
    assert beyond == {"data": {"_entities": [None] * len(asked)}}
    for one, full in zip(asked, [*expected, joint], strict=True):
        if full is None:
            with branched.reaching(name, **measure):
                hidden = await branched.ask(ENTITIES, r=[one])
                never = await branched.ask(ENTITIES, r=[one | {"id": str(uuid4())}])
            assert json.dumps(hidden) == json.dumps(never)


async def test_who_banks_sees_the_balances_of_own_accounts_and_nothing_else_of_worth(branched):
    shown = ACCOUNT.partition("loan")[0] + ACCOUNT.partition("grade }")[2].partition("contrib")[0]
    own = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Account {{ {shown} }} }} }}"
    asked = entities(
        ("Account", "dp"), ("Account", "joint"), ("Account", "dq"), ("Account", "none")
    )
    told = (await branched.data(own, r=asked))["_entities"]
    with branched.reaching("self", customer_number="p"):
        mine = await branched.data(own, scopes=("balance:read",), r=asked)
        worth = await branched.ask(own.replace(shown, CONTRIBUTED), r=asked[:1])
        itself = await branched.ask(ENTITIES, r=entities(("Customer", "p")))
    for refused in (worth, itself):
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert mine == {"_entities": [told[0], told[1], None, None]}
    assert told[1]["balance"] == {"amount": "49000.00"}


@pytest.mark.parametrize(
    ("reach", "same"), [(BRANCH, ', branch: "01"'), (BOOK, ', manager: "M1"')]
)  # fmt: skip
async def test_a_report_is_what_the_institution_gets_who_asks_for_the_reach_alone(
    branched, reach, same
):
    name, measure = reach
    for report, fields in REPORTS.items():
        wanted = await branched.data(f"{{ {report}{fields % same} }}")
        whole = await branched.data(f"{{ {report}{fields % ''} }}")
        with branched.reaching(name, **measure):
            assert await branched.data(f"{{ {report}{fields % ''} }}") == wanted, report
        assert whole != wanted, report


@pytest.mark.parametrize(
    "asked", [', branch: "02"', ', manager: "M9"', ', branch: "00", beneath: false']
)
async def test_a_branch_or_manager_beyond_reach_is_as_one_that_does_not_exist(branched, asked):  # fmt: skip
    for report, fields in REPORTS.items():
        with branched.reaching("branches", branch_codes=["01"]):
            hidden = await branched.ask(f"{{ {report}{fields % asked} }}")
            never = await branched.ask(f"""{{ {report}{fields % ', branch: "nowhere"'} }}""")
        assert json.dumps(hidden) == json.dumps(never), report


async def test_a_branch_head_who_asks_for_a_branch_above_gets_what_is_within_reach(branched):
    fields = REPORTS["concentration"]
    wanted = await branched.data(f"""{{ concentration{fields % ', branch: "01"'} }}""")
    with branched.reaching("branches", branch_codes=["01"]):
        assert await branched.data(f"""{{ concentration{fields % ', branch: "00"'} }}""") == wanted


async def test_no_branch_above_the_callers_is_named_and_none_beside_it(branched):
    document = f'{{ overDeviationLimit(month: "2024-01", limit: "0", level: BRANCH) {OVER} }}'
    everything = (await branched.data(document))["overDeviationLimit"]
    assert {one["branch"] for one in everything} == {"00", "01", "0101", "02"}
    for codes, names in (({"01"}, {"01", "0101"}), ({"0101", "02"}, {"0101", "02"})):
        with branched.reaching("branches", branch_codes=sorted(codes)):
            found = (await branched.data(document))["overDeviationLimit"]
        assert found == [one for one in everything if one["branch"] in names]


async def test_lists_of_single_customers_leave_out_who_is_beyond_reach(branched):
    await branched.sql_done(
        "insert into not_computed select id, institution, '2024-01-01', 'RATES_MISSING', 'no' "
        "from customer where number in ('p', 'r')"
    )
    failing = "{ notComputed { customer { id } code } }"
    assert len((await branched.data(failing))["notComputed"]) == 2
    near = (await branched.data(NEAR))["nearThreshold"]["edges"]
    assert len(near) == 2
    for name, measure in (BRANCH, TWO, BOOK):
        mine = WHOM[name] if measure is not TWO[1] else {"q", "r"}
        ids = {str(customer_id(one)) for one in mine}
        with branched.reaching(name, **measure):
            found = (await branched.data(failing))["notComputed"]
            close = (await branched.data(NEAR))["nearThreshold"]["edges"]
        assert {one["customer"]["id"] for one in found} == ids & {
            str(customer_id(one)) for one in "pr"
        }
        assert close == [one for one in near if one["node"]["customerId"] in ids]


async def test_a_group_is_what_those_of_its_members_bring_whom_the_caller_reaches(branched):
    fields = f"id contribution({PERIOD}) {{ total {{ amount }} }}"
    both = (await branched.of_group("house", fields))["contribution"]
    alone = (await branched.of_customer("p", fields))["contribution"]
    assert alone != both
    with branched.reaching("book", staff_number="M1"):
        mine = await branched.of_group("house", fields)
        hidden = await branched.of_group("other", fields)
        never = await branched.of_group("nothing", fields)
    assert mine == {"id": str(group_id("house")), "contribution": alone}
    assert hidden is None
    assert never is None


OVERRIDE = """mutation($id: UUID!, $key: String!) { overrideTier(idempotencyKey: $key, tier:
  {customerId: $id, code: "SILVER", reason: "why", until: "2024-06-01"}) {
  ... on Customer { id } ... on Problem { __typename code message } } }"""
REVOKE = """mutation($id: UUID!, $key: String!) { revokeTierOverride(idempotencyKey: $key,
  customerId: $id, reason: "why") { ... on Customer { id } ... on Problem { __typename code message } } }"""
GIVER = ("contribution:read", "tier:override")


async def test_a_tier_is_given_and_taken_within_reach_alone(branched):
    await branched.data(OVERRIDE, scopes=GIVER, id=str(customer_id("r")), key="0")
    before = await branched.sql("select * from tier_override order by id")
    with branched.reaching("branches", branch_codes=["01"]):
        for document in (OVERRIDE, REVOKE):
            answers = [
                await branched.ask(document, scopes=GIVER, id=str(one), key=str(uuid4()))
                for one in (customer_id("r"), uuid4())
            ]
            assert json.dumps(answers[0]) == json.dumps(answers[1])
            assert "CUSTOMER_NOT_KNOWN" in json.dumps(answers[0])
        assert await branched.sql("select * from tier_override order by id") == before
        mine = await branched.data(OVERRIDE, scopes=GIVER, id=str(customer_id("q")), key="1")
    assert mine == {"overrideTier": {"id": str(customer_id("q"))}}
    assert len(await branched.sql("select 1 from tier_override")) == 2


async def test_a_customer_who_leaves_the_branch_meanwhile_is_given_nothing(branched):
    moved = text("update customer set branch = '02' where number = 'q'")
    async with branched.db.transaction("A") as session:
        await (await session.connection()).execute(moved)
        with branched.reaching("branches", branch_codes=["01"]):
            asked = branched.ask(
                OVERRIDE.replace("SILVER", "GOLD"), scopes=GIVER, id=str(customer_id("q")), key="2"
            )
            waiting = asyncio.create_task(asked)
            blocked = (
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and wait_event_type = 'Lock'"
            )
            while not (await branched.sql(blocked))[0][0] and not waiting.done():
                await asyncio.sleep(0)
    assert (await waiting)["data"]["overrideTier"]["code"] == "CUSTOMER_NOT_KNOWN"
    assert await branched.sql("select 1 from tier_override where code = 'GOLD'") == []
    await branched.sql_done("update customer set branch = '0101' where number = 'q'")


async def test_the_sums_of_the_branches_and_of_those_at_none_are_the_banks(branched):
    await branched.sql_done("update customer set branch = null, manager = 'M5' where number = 'c'")
    document = f"{{ concentration({PERIOD}) {{ customers total {{ amount }} }} {TIERS[1:-1]} }}"
    whole = await branched.data(document)
    parts = []
    for code in ("01", "02"):
        with branched.reaching("branches", branch_codes=[code]):
            parts.append(await branched.data(document))
    with branched.reaching("book", staff_number="M5"):
        parts.append(await branched.data(document))

    def sums(answer):
        total = answer["concentration"]["total"]["amount"].replace(".", "")
        steps = [one["customers"] for one in answer["tiers"]]
        return [answer["concentration"]["customers"], int(total), *steps]

    assert [sum(column) for column in zip(*map(sums, parts), strict=True)] == sums(whole)
    assert sums(whole)[0] == 4
    await branched.sql_done("update customer set branch = '01', manager = null where number = 'c'")


async def test_reach_costs_the_institution_nothing_and_others_one_statement(branched, statements):
    documents = [f"{{ {report}{fields % ''} }}" for report, fields in REPORTS.items()]
    for document in [*documents, TIERS, NEAR, "{ notComputed { code } }"]:
        costs = []
        for name, measure in (("institution", {}), BRANCH, BOOK):
            with branched.reaching(name, **measure), statements() as sent:
                await branched.data(document)
            costs.append(len(sent))
            assert name != "institution" or not any("reached" in one for one in sent)
        assert costs == [costs[0]] * 3, document
    many = entities(*(("Customer", one) for one in "cpq"), ("Customer", "c"))
    with statements() as sent:
        await branched.data(ENTITIES, r=many)
    full = len(sent)
    for name, measure in (BRANCH, BOOK):
        with branched.reaching(name, **measure), statements() as sent:
            await branched.data(ENTITIES, r=many)
        assert len(sent) == full + 1


async def test_over_random_trees_exactly_those_are_seen_whom_the_definition_names(branched):
    """Circles, branches without a parent, customers at unknown branches, joint accounts."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    for _ in range(12):
        institution = uuid4().hex
        codes = [f"b{n}" for n in range(dice.randint(1, 9))]
        parents = {code: dice.choice([None, None, *codes, "gone"]) for code in codes}
        people = {
            uuid4(): {
                "branch": dice.choice([*codes, "gone", None]),
                "manager": dice.choice([None, "m1", "m2"]),
                "number": str(n),
            }
            for n in range(12)
        }  # fmt: skip
        holders = {uuid4(): dice.sample(sorted(people), dice.randint(1, 3)) for _ in range(12)}
        async with branched.db.transaction(institution) as session:
            branches = [{"code": c, "parent_code": p, "version": 1} for c, p in parents.items()]
            await save_branches(session, institution, branches)
            told = [{"id": one, "version": 1} | whose for one, whose in people.items()]
            await save_customers(session, institution, told)
            facts = [a_fact(one, mine) for one, mine in holders.items()]
            await save_accounts(session, institution, facts)

        def above(code, parents=parents):
            passed = []
            while code is not None and code not in passed:
                passed.append(code)
                code = parents.get(code)
            return passed

        chosen = frozenset(dice.sample([*codes, "gone"], dice.randint(1, len(codes))))
        cases = [
            (EVERYBODY, lambda _: True),
            (NOBODY, lambda _: False),
            (Within(manager="m1"), lambda one: one["manager"] == "m1"),
            (Within(customer="3"), lambda one: one["number"] == "3"),
            (Within(branches=chosen), lambda one, up=above, c=chosen: c & {*up(one["branch"])}),
        ]
        for within, sees in cases:
            mine = {one for one, whose in people.items() if sees(whose)}
            async with branched.db.read(institution) as session:
                asked = [*people, uuid4()]
                assert await customers_within(session, institution, within, asked) == mine
                found = await accounts_within(session, institution, within, [*holders, uuid4()])
            assert found == {one for one, held in holders.items() if mine & {*held}}
            async with branched.db.read("another") as session:
                assert await customers_within(session, institution, within, asked) == set()


def a_fact(account: UUID, holders) -> AccountFact:
    day = "2024-01-01"
    return AccountFact(
        id=account, number=account.hex, owner_id=holders[0], product="p", line="deposit",
        currency="CNY", opened_on=day, closed_on=None, matures_on=None, joint=holders[1:],
        branch="x", version=1,
    )  # fmt: skip
