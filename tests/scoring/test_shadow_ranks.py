"""Shadow runs of ladders that rank, that look at balances first, and of tiers given by hand."""

from datetime import date

import pytest
from scoring.domain import lifecycle
from scoring.operations import shadow
from scoring.operations.schemes import put_in_force as put
from scoring.store import schemes

from tests.scoring.conftest import customer_id
from tests.scoring.shadow_runs import customers, go_through, run_of, simulate, write

pytestmark = pytest.mark.anyio
NUMBERS = [f"r{n:02}" for n in range(20)]
FIRST = "2024-02"
BY_RANK = {
    "by": "rank",
    "window_months": 1,
    "schedule": "monthly",
    "ladder": [
        {"code": "REST", "name": "Rest", "share_ppm": 800_000},
        {"code": "NEXT", "name": "Next", "share_ppm": 150_000},
        {"code": "BEST", "name": "Best", "share_ppm": 50_000},
    ],
}
TOP_HEAVY = BY_RANK | {
    "ladder": [
        {"code": "REST", "name": "Rest", "share_ppm": 500_000},
        {"code": "NEXT", "name": "Next", "share_ppm": 400_000},
        {"code": "BEST", "name": "Best", "share_ppm": 100_000},
    ]
}
AVERAGES = {
    "metric": "average_balance",
    "lines": ["deposit"],
    "window_months": 3,
    "schedule": "monthly",
    "ladder": [
        {"code": "FEW", "name": "Few", "at_least_minor": 0},
        {"code": "MANY", "name": "Many", "at_least_minor": 6_000_000},
    ],
}
POINTS = {
    "metric": "points",
    "window_months": 2,
    "schedule": "monthly",
    "ladder": [
        {"code": "FEW", "name": "Few", "at_least_points": 0},
        {"code": "MANY", "name": "Many", "at_least_points": 9},
    ],
}
EARNING = {"per_10000": {"deposit_product": 1}}
RANKED_AVERAGES = AVERAGES | BY_RANK | {"window_months": 3}
OVERRIDE = """mutation($id: UUID!) { it: overrideTier(tier: {customerId: $id, code: "BASIC", reason: "as agreed",
  until: "2024-12-31"}, idempotencyKey: "o") { ... on Customer { id } ... on Problem { code message } } }"""


async def peopled(bank, numbers=NUMBERS):
    """Customers with 10 to 200 thousand on a deposit from January on; half move money in February."""
    for place, number in enumerate(numbers, 1):
        await bank.learn(bank.customer_news(number), bank.account_news(f"a{number}", number))
        await bank.post(bank.posting(f"a{number}", place * 1_000_000, "2024-01-01"))
    await bank.post(
        *(
            bank.posting(f"a{one}", 15_000_000 - n * 2_000_000, "2024-02-01")
            for n, one in enumerate(numbers[::2])
        )
    )
    await bank.settle()


def draft_of(example_scheme, tiers, **changes):
    since = {"version": 2, "effective_from": f"{FIRST}-01", "name": "Next"}
    return example_scheme | since | {"tiers": tiers} | changes


async def held(bank, numbers=NUMBERS):
    return {
        str(customer_id(one)): (await bank.of_customer(one, "tier { code }"))["tier"]["code"]
        for one in numbers
    }


def told(page):
    """Return the tiers (before, after) of those whose tier would be another."""
    return {
        one["customer"]["id"]: (one["tierBefore"]["code"], one["tierAfter"]["code"])
        for one in page["nodes"]
        if one["tierBefore"] != one["tierAfter"]
    }


async def simulated(bank, document, batch=7):
    await write(bank, document)
    found = await simulate(bank, **{"from": FIRST, "to": "2024-03"})
    await go_through(bank, batch)
    return await customers(bank, found, first=100), await run_of(bank, found)


async def put_in_force(bank, number=2):
    """Let a simulated draft price its months as if a second person had agreed in February."""
    async with bank.db.transaction("A") as session:
        version = await schemes.get(session, "A", number)
        agreed = lifecycle.approved(
            version, by="bob", revision=1, taken=[], business_month=date(2024, 2, 1)
        )
        await put(session, agreed)
    await bank.settle()


@pytest.mark.parametrize(
    ("kept", "drafted"),
    [
        (None, BY_RANK),
        (None, AVERAGES),
        (None, RANKED_AVERAGES),
        (None, POINTS),
        (BY_RANK, TOP_HEAVY),
        (BY_RANK, None),
    ],
    ids=["rank", "averages", "rank of averages", "points", "other shares", "back to amounts"],
)
async def test_it_lists_exactly_those_whose_tier_is_another_once_the_draft_is_in_force(
    bank, example_scheme, kept, drafted
):
    plain, example_scheme = example_scheme["tiers"], example_scheme | {"points": EARNING}
    await bank.ingest("scheme", example_scheme | {"tiers": kept or plain})
    await bank.rates("deposit_product", 5_000, 20_000)
    product = {"code": "deposit_product", "line": "deposit"}
    await bank.learn(bank.institution_news(), bank.news("product", "A/deposit_product", product))
    await peopled(bank)
    before = await held(bank)
    page, run = await simulated(bank, draft_of(example_scheme, drafted or plain))
    assert (run["state"], run["done"], run["total"]) == ("FINISHED", 20, 20)
    await put_in_force(bank)
    after = await held(bank)
    moved = {one: (before[one], after[one]) for one in before if before[one] != after[one]}
    assert moved
    assert told(page) == moved
    counts = {one["code"]: (one["before"], one["after"]) for one in run["whole"]["tiers"]}
    for place, tiers in enumerate((before, after)):
        codes = list(tiers.values())
        assert {code: n[place] for code, n in counts.items() if n[place]} == {
            code: codes.count(code) for code in set(codes)
        }
    assert await bank.sql("select 1 from shadow_place") == []


async def test_a_tier_given_by_hand_moves_on_neither_side(ready, example_scheme):
    numbers = NUMBERS[:4]
    await peopled(ready, numbers)
    told_before = (await simulated(ready, draft_of(example_scheme, BY_RANK)))[0]
    best = next(one for one in told_before["nodes"] if one["tierAfter"]["code"] == "BEST")
    given = await ready.data(
        OVERRIDE, scopes=("contribution:read", "tier:override"), id=best["customer"]["id"]
    )
    assert given["it"] == {"id": best["customer"]["id"]}
    found = await simulate(ready, key="again", **{"from": FIRST, "to": "2024-03"})
    await go_through(ready)
    moved = told(await customers(ready, found, first=100))
    assert best["customer"]["id"] not in moved
    expected = told(told_before)
    del expected[best["customer"]["id"]]
    assert moved == expected


async def test_a_draft_that_divides_joint_accounts_moves_contribution_between_the_holders(
    ready, example_scheme
):
    await ready.learn(
        ready.customer_news("j"), ready.customer_news("k"),
        ready.account_news("dj", "j", joint=["k"]),
    )  # fmt: skip
    await ready.post(ready.posting("dj", 3_600_000, "2024-01-01"))
    await ready.settle()
    draft = draft_of(example_scheme, example_scheme["tiers"], joint_holders="equal")
    page, run = await simulated(ready, draft)
    amounts = {
        one["customer"]["id"]: tuple(one["gross"][side]["amount"] for side in ("before", "after"))
        for one in page["nodes"]
    }
    # 36,000.00 at 1.5 % a year of 360 days, less 1.00 a month: 29 days of February, 20 of March
    assert amounts == {
        str(customer_id("j")): ("71.50", "35.75"),
        str(customer_id("k")): ("0.00", "35.75"),
    }
    assert run["whole"]["gross"]["change"] == {"amount": "0.00"}
    inputs = {one["customer"]["id"]: one["rules"][0]["inputs"] for one in page["nodes"]}
    for number, share in (("j", "1 of 2"), ("k", "2 of 2")):
        told_of = {"name": "share", "before": "", "after": share}
        assert told_of in inputs[str(customer_id(number))]
    await put_in_force(ready)
    for number in "jk":
        live = await ready.of_customer(
            number, f'contribution(from: "{FIRST}", to: "2024-03") {{ total {{ amount }} }}'
        )
        assert live["contribution"]["total"]["amount"] == amounts[str(customer_id(number))][1]


async def test_a_run_that_ranks_and_is_cut_off_anywhere_finds_what_an_undisturbed_one_does(
    ready, example_scheme
):
    await peopled(ready, NUMBERS[:6])
    page, run = await simulated(ready, draft_of(example_scheme, BY_RANK))
    found = await simulate(ready, key="again", **{"from": FIRST, "to": "2024-03"})
    while (await run_of(ready, found))["state"] != "FINISHED":
        async with ready.db.transaction("A") as session:
            assert await shadow.further(session, ready.policies, "A", 2)
            await session.rollback()
        assert await shadow.advance(ready.db, ready.policies, 2)
    assert await customers(ready, found, first=100) == page
    assert await run_of(ready, found) == run
