"""A draft beside what is in force: what would change, for whom and why; nothing else moves."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
import yaml
from scoring.domain.policy import Policy
from scoring.domain.scheme_document import scheme_of
from scoring.domain.shadow import as_if
from scoring.operations import shadow
from scoring.tables import METADATA

from tests.scoring.conftest import customer_id

pytestmark = pytest.mark.anyio
READ, WRITE, APPROVE = "scheme:read", "scheme:write", "scheme:approve"
DRAFT = 'mutation($content: String!) { it: draftScheme(document: $content, idempotencyKey: "d") { ... on SchemeVersion { revision } ... on Problem { code message } } }'
EDIT = 'mutation($content: String!) { it: editScheme(version: 2, revision: 1, document: $content, idempotencyKey: "e") { ... on SchemeVersion { revision state } ... on Problem { code } } }'
SIMULATE = "mutation($revision: Int!, $from: YearMonth, $to: YearMonth, $key: String!) { it: simulateScheme(version: 2, revision: $revision, from: $from, to: $to, idempotencyKey: $key) { ... on ShadowRun { id state from to done total } ... on Problem { code message } } }"
APPROVAL = 'mutation($revision: Int!) { it: approveScheme(version: 2, revision: $revision, idempotencyKey: "a") { ... on SchemeVersion { state approver } ... on Problem { code message } } }'
RUN = """query($id: UUID!) { shadowRun(id: $id) { state done total changed tiersUp tiersDown
  notComputedBefore notComputedAfter
  whole { customers changed gross { before { amount } after { amount } change { amount } }
    tiers { code before after } points { before after } pay { before { amount } after { amount } } } } }"""
CUSTOMERS = """query($id: UUID!, $first: Int!, $after: String, $manager: String, $branch: String, $movement: TierMovement) {
  shadowRun(id: $id) { customers(first: $first, after: $after, manager: $manager, branch: $branch, movement: $movement) {
    nodes { customer { id } manager branch gross { before { amount } after { amount } } movement
      tierBefore { code } tierAfter { code rule value { amount } threshold { amount } }
      failureBefore failureAfter
      rules { line rule entry amount { before { amount } after { amount } } inputs { name before after } } }
    pageInfo { hasNextPage endCursor } } } }"""
MANAGERS = """query($id: UUID!, $first: Int!, $after: String) { shadowRun(id: $id) { managers(first: $first, after: $after) {
    nodes { manager customers changed gross { change { amount } } tiers { code before after }
      pay { before { amount } after { amount } } } pageInfo { hasNextPage endCursor } } } }"""


def changed(example_scheme, **changes) -> dict:
    """The second version: SILVER takes 30.00, and card fees count for half."""
    document = deepcopy(example_scheme) | {"version": 2, "effective_from": "2024-04-01"}
    document["tiers"]["ladder"][1]["at_least_minor"] = 3_000
    document["fees"][0]["share_ppm"] = 500_000
    return document | changes


@pytest.fixture
async def drafted(ready, example_scheme):
    """Customers c (nothing but an account), f (a card fee) and t (just under SILVER); a draft."""
    await ready.learn(
        *(
            ready.customer_news(number, branch="01", manager=manager)
            for number, manager in (("f", "M1"), ("t", "M1"), ("g", "M2"))
        ),
        *(
            ready.account_news(number, owner)
            for number, owner in (("df", "f"), ("dt", "t"), ("dg", "g"))
        ),
    )
    await ready.post(
        ready.posting("df", -2_000, "2024-02-10", kind="fee", purpose="card", channel="system"),
        ready.posting("dg", -800, "2024-02-10", kind="fee", purpose="card", channel="system"),
        ready.posting("dt", 1_200_000, "2024-01-01", kind="adjustment"),
    )
    await ready.settle()
    await write(ready, changed(example_scheme))
    return ready


async def write(bank, document, mutation=DRAFT):
    bank.subject = "ann"
    content = yaml.safe_dump(document, sort_keys=False)
    return (await bank.data(mutation, scopes=(WRITE,), content=content))["it"]


async def simulate(bank, revision=1, key="s", **months):
    bank.subject = "ann"
    return (await bank.data(SIMULATE, scopes=(WRITE,), revision=revision, key=key, **months))["it"]


async def go_through(bank, batch=100) -> int:
    batches = 0
    while await shadow.advance(bank.db, bank.policies, batch):
        batches += 1
    return batches


async def run_of(bank, found):
    return (await bank.data(RUN, scopes=(READ,), id=found["id"]))["shadowRun"]


async def customers(bank, found, first=10, **wanted):
    data = await bank.data(
        CUSTOMERS, scopes=(READ, "contribution:read"), id=found["id"], first=first, **wanted
    )
    return data["shadowRun"]["customers"]


async def approve(bank, revision=1, by="bob"):
    bank.subject = by
    return (await bank.data(APPROVAL, scopes=(APPROVE,), revision=revision))["it"]


async def test_it_lists_who_would_change_and_by_which_rule_and_input(drafted):
    found = await simulate(drafted)
    assert found == found | {
        "state": "QUEUED",
        "from": "2024-01",
        "to": "2024-03",
        "done": 0,
        "total": 4,
    }
    await go_through(drafted)
    page = await customers(drafted, found)
    first, second, third = page["nodes"]
    assert not page["pageInfo"]["hasNextPage"]
    assert first["customer"] == {"id": str(customer_id("f"))}
    assert (first["manager"], first["branch"]) == ("M1", "01")
    assert first["rules"] == [
        {
            "line": "INTERMEDIARY", "rule": "fee", "entry": "fees.0",
            "amount": {"before": {"amount": "20.00"}, "after": {"amount": "10.00"}},
            "inputs": [{"name": "share", "before": "1000000", "after": "500000"}],
        }
    ]  # fmt: skip
    assert second["customer"] == {"id": str(customer_id("g"))}
    assert second["rules"][0]["amount"] == {
        "before": {"amount": "8.00"},
        "after": {"amount": "4.00"},
    }
    assert third["customer"] == {"id": str(customer_id("t"))}
    assert third["gross"]["before"] == third["gross"]["after"]
    assert (third["movement"], third["rules"]) == ("UP", [])
    assert third["tierBefore"] == {"code": "BASIC"}
    assert third["tierAfter"]["code"] == "SILVER"
    assert third["tierAfter"]["threshold"] == {"amount": "30.00"}


async def test_the_amounts_in_force_are_those_that_the_service_says(drafted):
    found = await simulate(drafted)
    await go_through(drafted)
    [first, *_] = (await customers(drafted, found))["nodes"]
    live = await drafted.of_customer(
        "f", 'contribution(from: "2024-01", to: "2024-03") { total { amount } }'
    )
    assert first["gross"]["before"] == live["contribution"]["total"]
    bank = await drafted.data(
        '{ bankContribution(from: "2024-01", to: "2024-03") { total { amount } } }'
    )
    whole = (await run_of(drafted, found))["whole"]
    assert whole["gross"]["before"] == bank["bankContribution"]["total"]
    assert whole["gross"]["change"] == {"amount": "-14.00"}


async def test_what_it_says_is_what_comes_once_the_draft_is_in_force(drafted, example_scheme):
    await write(drafted, changed(example_scheme, effective_from="2024-03-01"), EDIT)
    found = await simulate(drafted, revision=2, **{"from": "2024-03", "to": "2024-03"})
    await go_through(drafted)
    expected = {
        one["customer"]["id"]: (one["gross"]["after"], one["tierAfter"])
        for one in (await customers(drafted, found))["nodes"]
    }
    assert str(customer_id("t")) in expected
    assert await approve(drafted, revision=2) == {"state": "IN_FORCE", "approver": "bob"}
    await drafted.settle()
    for number in ("c", "f", "t", "g"):
        live = await drafted.of_customer(
            number,
            'contribution(from: "2024-03", to: "2024-03") { total { amount } } tier { code }',
        )
        told = expected.get(str(customer_id(number)))
        if told:
            assert (told[0], told[1]["code"]) == (
                live["contribution"]["total"],
                live["tier"]["code"],
            )


async def test_sums_by_manager_and_tier_add_up_to_the_whole(drafted):
    found = await simulate(drafted)
    await go_through(drafted)
    run = await run_of(drafted, found)
    assert (run["state"], run["done"], run["total"], run["changed"]) == ("FINISHED", 4, 4, 3)
    assert (run["tiersUp"], run["tiersDown"]) == (1, 0)
    assert (run["whole"]["customers"], run["whole"]["changed"]) == (4, 3)
    assert run["whole"]["tiers"] == [
        {"code": "BASIC", "before": 4, "after": 3},
        {"code": "SILVER", "before": 0, "after": 1},
    ]
    assert run["whole"]["pay"] == {"before": None, "after": None}
    page = (await drafted.data(MANAGERS, scopes=(READ,), id=found["id"], first=1))["shadowRun"][
        "managers"
    ]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": "1:"}
    [one] = page["nodes"]
    assert (one["manager"], one["customers"], one["changed"]) == ("M1", 2, 2)
    assert one["gross"]["change"] == {"amount": "-10.00"}
    page = (await drafted.data(MANAGERS, scopes=(READ,), id=found["id"], first=1, after="1:"))[
        "shadowRun"
    ]["managers"]
    assert [one["manager"] for one in page["nodes"]] == ["M2"]
    assert not page["pageInfo"]["hasNextPage"]


async def test_pay_by_points_is_told_for_managers(drafted, example_scheme):
    points = {"acts": [{"kind": "fee", "points": 7}], "pay_per_point_minor": 150}
    await write(drafted, changed(example_scheme, points=points), EDIT)
    found = await simulate(drafted, revision=2)
    await go_through(drafted)
    whole = (await run_of(drafted, found))["whole"]
    assert whole["points"] == {"before": "0", "after": "14"}
    assert whole["pay"] == {"before": None, "after": {"amount": "21.00"}}
    page = (await drafted.data(MANAGERS, scopes=(READ,), id=found["id"], first=5))["shadowRun"][
        "managers"
    ]
    assert [(one["manager"], one["pay"]["after"]) for one in page["nodes"]] == [
        ("M1", {"amount": "10.50"}),
        ("M2", {"amount": "10.50"}),
    ]


async def test_nothing_but_the_run_itself_is_stored(drafted):
    own = {name for name in METADATA.tables if name.startswith("shadow_")} | {
        "scheme_version", "scheme_step", "idempotency",
    }  # fmt: skip
    others = [name for name in METADATA.tables if name not in own]

    async def contents():
        return {
            name: (
                await drafted.sql(
                    f"select md5(string_agg(t::text, '|' order by t::text)) as all from {name} t"
                )
            )[0].all
            for name in others
        }

    before = await contents()
    for name in ("contribution", "tier_period", "customer_score", "outbox", "posting", "scheme"):
        assert before[name] is not None
    await simulate(drafted)
    assert await go_through(drafted) > 0
    assert await contents() == before


async def test_a_finished_run_makes_the_draft_simulated_and_then_a_second_person_may_approve(
    drafted,
):
    await simulate(drafted)
    assert (await approve(drafted))["code"] == "NOT_SIMULATED"
    await go_through(drafted)
    history = (
        await drafted.data(
            "{ scheme(version: 2) { state history { act by } shadowRuns { state } } }",
            scopes=(READ,),
        )
    )["scheme"]
    assert history == {
        "state": "SIMULATED",
        "history": [{"act": "SIMULATED", "by": "ann"}, {"act": "DRAFTED", "by": "ann"}],
        "shadowRuns": [{"state": "FINISHED"}],
    }
    assert (await approve(drafted, by="ann"))["code"] == "SAME_PERSON"
    assert len(await drafted.sql("select 1 from scheme")) == 1
    assert await approve(drafted) == {"state": "APPROVED", "approver": "bob"}
    assert len(await drafted.sql("select 1 from scheme")) == 2


async def test_a_run_of_a_draft_that_was_edited_meanwhile_is_abandoned_and_its_results_are_gone(
    drafted, example_scheme
):
    found = await simulate(drafted)
    assert await shadow.advance(drafted.db, drafted.policies, 2)
    edited = await write(drafted, changed(example_scheme, name="Better"), EDIT)
    assert edited == {"revision": 2, "state": "DRAFT"}
    await go_through(drafted)
    run = await run_of(drafted, found)
    assert (run["state"], run["whole"]["customers"]) == ("ABANDONED", 0)
    assert (await drafted.data("{ scheme(version: 2) { state } }", scopes=(READ,)))["scheme"][
        "state"
    ] == "DRAFT"
    assert (await simulate(drafted, revision=1, key="s2"))["code"] == "STALE_REVISION"


async def test_a_run_that_was_cut_off_goes_on_where_it_stopped_and_counts_nobody_twice(drafted):
    found = await simulate(drafted)
    for _ in range(2):
        await shadow.advance(drafted.db, drafted.policies, 1)
    assert (await run_of(drafted, found))["done"] == 2
    async with drafted.db.transaction() as session:
        assert await shadow.further(session, drafted.policies, 1)
        await session.rollback()
    assert (await run_of(drafted, found))["done"] == 2
    assert await go_through(drafted, batch=1) == 3
    run = await run_of(drafted, found)
    assert (run["done"], run["whole"]["customers"], run["changed"]) == (4, 4, 3)


async def test_a_run_begins_anew_when_rates_move_meanwhile(drafted):
    found = await simulate(drafted)
    await shadow.advance(drafted.db, drafted.policies, 3)
    await drafted.rates("deposit_product", 5_000, 80_000)
    await go_through(drafted)
    run = await run_of(drafted, found)
    assert (run["state"], run["done"], run["whole"]["customers"]) == ("FINISHED", 4, 4)
    live = 'contribution(from: "2024-01", to: "2024-03") { total { amount } }'
    amounts = [await drafted.of_customer(number, live) for number in ("c", "f", "t", "g")]
    total = sum(Decimal(one["contribution"]["total"]["amount"]) for one in amounts)
    assert total == Decimal(run["whole"]["gross"]["before"]["amount"])


async def test_customers_come_in_pages_and_by_manager_branch_and_movement(drafted):
    found = await simulate(drafted)
    await go_through(drafted)
    page = await customers(drafted, found, first=2)
    rest = await customers(drafted, found, first=2, after=page["pageInfo"]["endCursor"])
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    ids = [one["customer"]["id"] for one in page["nodes"] + rest["nodes"]]
    assert ids == [str(customer_id(number)) for number in ("f", "g", "t")]
    for wanted, numbers in (
        ({"manager": "M1"}, ["f", "t"]),
        ({"manager": ""}, []),
        ({"branch": "02"}, []),
        ({"movement": "UP"}, ["t"]),
        ({"movement": "NONE", "branch": "01"}, ["f", "g"]),
    ):
        nodes = (await customers(drafted, found, **wanted))["nodes"]
        assert [one["customer"]["id"] for one in nodes] == [str(customer_id(n)) for n in numbers]
    refused = await drafted.ask(CUSTOMERS, scopes=(READ,), id=found["id"], first=2, after="x")
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_customer_whom_only_the_draft_can_price_is_named_with_what_is_missing(
    drafted, example_scheme
):
    product = {"code": "new", "line": "deposit", "name": "New"}
    await drafted.learn(
        drafted.news("product", "new", product),
        drafted.account_news("e", "c", product="new", opened_on="2024-03-01"),
    )
    await drafted.post(drafted.posting("e", 100, "2024-03-02"))
    transfer = {
        "curves": {"CNY": [{"ppm": 20_000}]},
        "products": {"new": {"method": "moving_average", "days": 30, "months": 1}},
    }
    priced = changed(example_scheme, products={"new": {"customer_ppm": 0}}, transfer=transfer)
    await write(drafted, priced, EDIT)
    found = await simulate(drafted, revision=2)
    await go_through(drafted)
    run = await run_of(drafted, found)
    assert (run["notComputedBefore"], run["notComputedAfter"]) == (1, 0)
    [one] = [
        one
        for one in (await customers(drafted, found))["nodes"]
        if one["customer"]["id"] == str(customer_id("c"))
    ]
    assert one["failureBefore"] == (
        "RATES_MISSING: Cannot be computed: missing customer rate of new for 2024-03; "
        "transfer rate of new for 2024-03."
    )
    assert one["failureAfter"] is None


@pytest.mark.parametrize(
    "months",
    [{"from": "2024-03", "to": "2024-02"}, {"to": "2024-04"}, {"from": "2018-01", "to": "2024-01"}],
    ids=str,
)
async def test_months_that_make_no_run_are_refused_and_nothing_waits(drafted, months):
    drafted.subject = "ann"
    answer = await drafted.ask(SIMULATE, scopes=(WRITE,), revision=1, key="s", **months)
    assert answer["errors"][0]["extensions"]["code"] == "PERIOD_INVALID"
    assert await drafted.sql("select 1 from shadow_run") == []


async def test_a_product_that_the_bank_does_not_have_is_refused_by_path_before_it_is_simulated(
    drafted, example_scheme
):
    known = {"code": "deposit_product", "line": "deposit", "name": "Deposit"}
    await drafted.learn(drafted.news("product", "deposit_product", known))
    named = {"per_10000": {"deposit_product": 1, "gold": 2}}
    tax = {"turnover": [{"base": "interest", "product": "silver", "ppm": 1}]}
    await write(drafted, changed(example_scheme, points=named, tax=tax), EDIT)
    found = await simulate(drafted, revision=2)
    assert found["code"] == "SCHEME_INVALID"
    assert found["message"] == (
        "points.per_10000.gold: there is no product 'gold' in this institution; "
        "tax.turnover.0.product: there is no product 'silver' in this institution"
    )
    assert await drafted.sql("select 1 from shadow_run") == []


async def test_before_the_bank_is_known_there_is_nothing_to_simulate(bank, example_scheme):
    await bank.ingest("scheme", example_scheme)
    await write(bank, changed(example_scheme))
    assert (await simulate(bank))["code"] == "NOTHING_TO_SIMULATE"


async def test_a_run_needs_its_scopes_and_its_institution(drafted):
    answer = await drafted.ask(SIMULATE, scopes=(READ, APPROVE), revision=1, key="s")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    found = await simulate(drafted)
    answer = await drafted.ask(RUN, scopes=(WRITE, APPROVE), id=found["id"])
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    drafted.institution = "B"
    assert await run_of(drafted, found) is None


async def test_a_run_with_its_lists_costs_a_fixed_number_of_statements(drafted, statements):
    found = await simulate(drafted)
    await go_through(drafted)
    document = "query($id: UUID!) { shadowRun(id: $id) { whole { customers } customers { nodes { manager } } managers { nodes { manager } } } }"
    await drafted.data(document, scopes=(READ,), id=found["id"])
    with statements() as sent:
        await drafted.data(document, scopes=(READ,), id=found["id"])
    assert len([one for one in sent if "select" in one]) == 9


async def test_the_same_key_asks_for_one_run(drafted):
    first = await simulate(drafted)
    assert await simulate(drafted) == first
    assert len(await drafted.sql("select 1 from shadow_run")) == 1
    assert (await simulate(drafted, to="2024-02"))["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_the_months_before_stay_as_they_are_and_the_draft_prices_the_rest(example_scheme):
    first = scheme_of(example_scheme)
    later = scheme_of(example_scheme | {"version": 3, "effective_from": "2024-03-01"})
    draft = scheme_of(changed(example_scheme))
    policy = Policy(
        institution="A", currency="CNY", time_zone="UTC", business_date=date(2024, 3, 20),
        schemes=[first, later],
    )  # fmt: skip
    found = as_if(policy, draft, date(2024, 2, 1))
    assert [found.scheme(date(2024, month, 1)).version for month in (1, 2, 3)] == [1, 2, 2]
