"""Runs that cannot be, customers that cannot be priced, and what a run costs."""

from datetime import date

import pytest
from scoring.domain.policy import Policy
from scoring.domain.scheme_document import scheme_of
from scoring.domain.shadow import as_if

from tests.scoring.conftest import customer_id
from tests.scoring.shadow_runs import (
    APPROVE,
    EDIT,
    READ,
    RUN,
    SIMULATE,
    WRITE,
    changed,
    customers,
    go_through,
    run_of,
    simulate,
    write,
)

pytestmark = pytest.mark.anyio


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
