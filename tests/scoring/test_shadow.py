"""A draft beside what is in force: what would change, for whom and why; nothing else moves."""

from decimal import Decimal

import pytest
from scoring.operations import shadow
from scoring.tables import METADATA

from tests.scoring.conftest import customer_id
from tests.scoring.shadow_runs import (
    CUSTOMERS,
    EDIT,
    MANAGERS,
    READ,
    approve,
    changed,
    customers,
    go_through,
    run_of,
    simulate,
    write,
)

pytestmark = pytest.mark.anyio


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
        "scheme_version", "scheme_step", "idempotency", "audit_entry",
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
    async with drafted.db.transaction("A") as session:
        assert await shadow.further(session, drafted.policies, "A", 1)
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
