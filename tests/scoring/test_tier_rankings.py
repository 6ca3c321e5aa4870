"""Ladders by rank: all are ranked on the ladder's days, and again when what they rest on changes."""

import random
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.ladder import Ladder, Measure, Step, place_of, standing
from scoring.domain.line import View
from scoring.domain.measures import Measures, cuts_of, ranked
from scoring.domain.tiers import tier_periods
from scoring.store import tiers as stored

JANUARY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
TIERS = {
    "by": "rank",
    "window_months": 2,
    "schedule": "monthly",
    "ladder": [
        {"code": "REST", "name": "Rest", "share_ppm": 600_000},
        {"code": "NEXT", "name": "Next", "share_ppm": 300_000},
        {"code": "BEST", "name": "Best", "share_ppm": 100_000},
    ],
}
LADDER = Ladder(
    2,
    (
        Step("REST", "Rest", 1, place_of(1_000_000), top_ppm=1_000_000),
        Step("NEXT", "Next", 2, place_of(400_000), top_ppm=400_000),
        Step("BEST", "Best", 3, place_of(100_000), top_ppm=100_000),
    ),
    schedule=frozenset(range(1, 13)),
    by_rank=True,
)


def ids(count):
    return [UUID(int=n) for n in range(1, count + 1)]


def steps(amounts):
    found = ranked(LADDER, dict(zip(ids(len(amounts)), amounts, strict=True)))
    return [found[one].code for one in ids(len(amounts))]


def test_who_measured_most_stands_first_and_equals_by_id():
    assert steps([5, 9, 9, 1, 0, 0, 0, 0, 0, 0]) == [
        "NEXT", "BEST", "NEXT", "NEXT", "REST", "REST", "REST", "REST", "REST", "REST",
    ]  # fmt: skip


def test_a_part_of_a_customer_counts_whole():
    assert steps([1]) == ["BEST"]
    assert steps([3, 2, 1]) == ["BEST", "NEXT", "REST"]
    assert steps([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1]).count("BEST") == 2


@given(st.integers(1, 400), st.integers(1, 1_000_000))
def test_a_step_holds_its_share_of_all_rounded_up(customers, top_ppm):
    inside = [p for p in range(1, customers + 1) if standing(p, customers) >= place_of(top_ppm)]
    assert inside == list(range(1, -(-customers * top_ppm // 1_000_000) + 1))


@pytest.fixture
async def ranking(bank, example_scheme):
    await bank.ingest("scheme", example_scheme | {"tiers": TIERS})
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news())
    return bank


def joined(bank, number, opened_on="2024-01-01"):
    return [
        bank.customer_news(number),
        bank.account_news(f"a{number}", number, opened_on=opened_on),
    ]


async def kept(bank):
    """Return every customer's stored tiers."""
    found = await bank.sql("select id from customer order by id")
    async with bank.db.read("A") as session:
        return await stored.tiers_by_customer_id(session, "A", [row.id for row in found])


async def worked_out_again(bank):
    """Return what the pure functions make of the stored months, ranking with them too."""
    rows = await bank.sql("select customer_id, month, gross from customer_month")
    months: dict = {}
    for row in rows:
        months.setdefault(row.customer_id, {})[row.month] = row.gross
    accounts = await bank.sql("select owner_id, min(opened_on) as first from account group by 1")
    first = {row.owner_id: row.first.replace(day=1) for row in accounts}

    def measures(one, **ranks):
        return Measures(
            business_date=date(2024, 3, 20),
            since=JANUARY,
            contribution={View.GROSS: months.get(one, {})},
            **ranks,
        )

    places, cuts = {one: {} for one in first}, {}
    for month in (JANUARY, FEBRUARY):
        amounts = {one: measures(one).amount(LADDER, month) for one in first if first[one] <= month}
        found = ranked(LADDER, amounts)
        cuts[month] = cuts_of(found.values())
        for one, place in found.items():
            places[one][month] = place
    ladder = Ladder(2, LADDER.steps, Measure(), LADDER.schedule, by_rank=True, version=1)
    return {
        one: tier_periods(
            measures(one, places=places[one], cuts=cuts), first[one], MARCH, lambda _: ladder
        )
        for one in first
    }


@pytest.mark.anyio
async def test_places_of_the_days_give_the_tiers_of_the_months_after(ranking):
    for number in range(10):
        await ranking.learn(*joined(ranking, str(number)))
        await ranking.post(ranking.posting(f"a{number}", (number + 1) * 1_000_000, "2024-01-01"))
    await ranking.learn(*joined(ranking, "new", "2024-02-10"))
    await ranking.post(ranking.posting("anew", 500_000_000, "2024-02-10"))
    await ranking.settle()
    fields = """tierHistory { code since until status entitlements
      reason { rule move measuredIn topShare threshold { amount } value { amount } } }"""
    best = (await ranking.of_customer("9", fields))["tierHistory"]
    assert [(one["code"], one["since"], one["until"]) for one in best] == [
        ("REST", "2024-01-01", "2024-02-01"),
        ("BEST", "2024-02-01", None),
    ]
    assert best[1]["reason"] == {
        "rule": "rank by contribution of 2 months", "move": "UP", "measuredIn": "2024-01",
        "topShare": "0.100000", "threshold": None, "value": {"amount": "309.00"},
    }  # fmt: skip
    tiers = {
        n: [p["code"] for p in (await ranking.of_customer(n, fields))["tierHistory"]]
        for n in "0678"
    }
    assert tiers == {
        "0": ["REST"],
        "6": ["REST", "NEXT"],
        "7": ["REST", "NEXT"],
        "8": ["REST", "NEXT"],
    }
    # came in February with more than any: at once the step of those who had no more in January
    new = (await ranking.of_customer("new", fields))["tierHistory"]
    assert [(one["code"], one["since"]) for one in new] == [("BEST", "2024-02-01")]
    assert await kept(ranking) == await worked_out_again(ranking)


@pytest.mark.anyio
async def test_a_late_posting_ranks_all_again_for_the_day_it_comes_before(ranking):
    for number in range(5):
        await ranking.learn(*joined(ranking, str(number)))
        await ranking.post(ranking.posting(f"a{number}", (number + 1) * 1_000_000, "2024-01-01"))
    await ranking.learn(*joined(ranking, "new", "2024-02-10"))
    await ranking.post(ranking.posting("anew", 4_500_000, "2024-02-10"))
    await ranking.settle()
    before = await kept(ranking)
    await ranking.post(ranking.posting("a0", 90_000_000, "2024-01-02"))
    await ranking.settle()
    after = await kept(ranking)
    assert after != before
    assert after == await worked_out_again(ranking)
    february = await ranking.sql(
        "select p.code, c.number from tier_period p join customer c on c.id = p.customer_id "
        "where p.since <= date '2024-02-01' and (p.until is null or p.until > date '2024-02-01') "
        "order by p.rank desc, c.number limit 2"
    )
    assert [tuple(one) for one in february] == [("BEST", "0"), ("NEXT", "4")]
    [row] = await ranking.sql("select count(*) as due from tier_ranking_due")
    assert row.due == 0


@pytest.mark.anyio
async def test_whatever_the_order_of_postings_the_stored_tiers_are_those_worked_out_again(ranking):
    rng = random.Random(4)
    numbers = [str(n) for n in range(12)]
    for number in numbers:
        opened = rng.choice(["2024-01-01", "2024-01-20", "2024-02-05"])
        await ranking.learn(*joined(ranking, number, opened))
    postings = [
        ranking.posting(f"a{rng.choice(numbers)}", rng.choice([1, 2, 3]) * 1_000_000, day)
        for day in ["2024-01-05", "2024-02-07", "2024-03-01", "2024-01-31"] * 10
    ]
    rng.shuffle(postings)
    for at in range(0, len(postings), 8):
        await ranking.post(*postings[at : at + 8])
        await ranking.settle()
        assert await kept(ranking) == await worked_out_again(ranking)


@pytest.mark.anyio
async def test_who_has_no_open_account_or_cannot_be_priced_is_not_ranked(ranking):
    await ranking.learn(*joined(ranking, "here"), ranking.customer_news("without"))
    await ranking.learn(
        ranking.customer_news("gone"),
        ranking.account_news("agone", "gone", opened_on="2024-01-01", closed_on="2024-01-31"),
        ranking.customer_news("odd"),
        ranking.account_news("aodd", "odd", product="unpriced"),
    )
    await ranking.post(ranking.posting("aodd", 1, "2024-02-01"))
    await ranking.settle()
    places = await ranking.sql(
        "select month, number, position, customers from tier_place p "
        "join customer c on c.id = p.customer_id order by month, position"
    )
    by_month: dict = {}
    for row in places:
        by_month.setdefault(row.month, set()).add((row.number, row.customers))
    assert by_month == {
        JANUARY: {("here", 3), ("gone", 3), ("odd", 3)},
        FEBRUARY: {("here", 1)},
    }


@pytest.mark.anyio
async def test_a_ranking_that_is_due_waits_for_the_queue_and_counts_as_pending(ranking):
    await ranking.learn(*joined(ranking, "one"))
    pending = '{ bankContribution(from: "2024-01", to: "2024-03") { pending } }'
    await ranking.settle()
    assert (await ranking.data(pending))["bankContribution"]["pending"] == 0
    await ranking.post(ranking.posting("aone", 100, "2024-01-05"))
    assert (await ranking.data(pending))["bankContribution"]["pending"] == 1
    await ranking.settle()
    assert (await ranking.data(pending))["bankContribution"]["pending"] == 0


AVERAGES = {
    "by": "rank",
    "metric": "average_balance",
    "lines": ["deposit"],
    "window_months": 2,
    "schedule": "monthly",
    "ladder": TIERS["ladder"],
}


@pytest.mark.anyio
async def test_a_ranking_by_average_balance_ranks_what_one_customer_measures(bank, example_scheme):
    await bank.ingest("scheme", example_scheme | {"tiers": AVERAGES})
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news())
    amounts = {"0": 1_000_001, "1": -999_999, "2": 7, "3": -7}
    for number, amount in amounts.items():
        await bank.learn(*joined(bank, number))
        await bank.post(bank.posting(f"a{number}", amount, "2024-01-15"))
    await bank.settle()
    found = await bank.sql(
        "select c.number, p.month, p.position, p.amount_minor from tier_place p "
        "join customer c on c.id = p.customer_id order by month, position"
    )
    # 17 days of January 31; with February 46 of 60
    assert [(one.number, one.month.month, int(one.amount_minor)) for one in found] == [
        ("0", 1, 548_388), ("2", 1, 4), ("3", 1, -4), ("1", 1, -548_387),
        ("0", 2, 766_667), ("2", 2, 5), ("3", 2, -5), ("1", 2, -766_666),
    ]  # fmt: skip
