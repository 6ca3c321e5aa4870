"""Ladders by the index: what they rest on, and how tiers, near ones, drafts and ranks follow."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, CustomerId, History, Moments
from scoring.domain.contribution import price
from scoring.domain.index import indexed
from scoring.domain.ladder import Unit
from scoring.domain.line import Line
from scoring.domain.measured import measured, scored_months
from scoring.domain.months import Period, month_of
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.scheme_document import scheme_of

from tests.scoring.shadow_runs import customers, go_through, run_of, simulate, write

OWNER = CustomerId(UUID(int=2))
MONTHS = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]
INDEX = {
    "weights": {"money": 600_000, "use": 400_000},
    "measures": {
        "money": {"of": "average_balance", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 10_000_000},
        "use": {"of": "points", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 1_000},
    },
}  # fmt: skip
POINTS = {"per_10000": {"deposit_product": 100}}
BY_INDEX = {
    "by": "index", "window_months": 1, "schedule": "monthly", "moves": {"up": "at_once"},
    "ladder": [
        {"code": "LOW", "name": "Low", "at_least_index_ppm": 0},
        {"code": "MID", "name": "Mid", "at_least_index_ppm": 400_000, "down_below_index_ppm": 350_000},
        {"code": "TOP", "name": "Top", "at_least_index_ppm": 900_000},
    ],
}  # fmt: skip
SECTIONS = {"index": INDEX, "points": POINTS, "tiers": BY_INDEX}


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10**8),
    st.lists(st.tuples(st.sampled_from(MONTHS), st.integers(1, 28), st.integers(-(10**7), 10**7))),
    st.integers(1, 31),
)
def test_the_index_of_many_months_is_that_of_each(example_scheme, opening, moves, through):
    since = date(2024, 1, 1)
    policy = Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=date(2024, 3, through),
        schemes=[scheme_of(example_scheme | SECTIONS)],
        rates=RateBook.of([Rate("deposit_product", kind, since, 20_000) for kind in RateKind]),
    )  # fmt: skip
    account = Account(
        id=AccountId(UUID(int=1)), number="d", owner_id=OWNER, product="deposit_product",
        line=Line.DEPOSIT, currency="CNY", opened_on=date(2024, 2, 10),
    )  # fmt: skip
    moves = [one for one in moves if one[0].replace(day=one[1]) <= policy.business_date]

    def history(first):
        before = opening + sum(amount for month, _, amount in moves if month < first)
        inside = {
            month: Moments(
                sum(amount for of, _, amount in moves if of == month),
                sum(day * amount for of, day, amount in moves if of == month),
            )
            for month in MONTHS
            if month >= first
        }
        return History(before, inside)

    period, owned = Period(MONTHS[0], MONTHS[-1]), [(account, history(MONTHS[0]))]
    leaves = price(owned, policy, period, OWNER).whole()
    index = policy.schemes[0].index
    assert index is not None
    assert scored_months(owned, policy, period, OWNER, leaves).scores == {
        month: indexed(index, measured([(account, history(month))], policy, month, OWNER), {}).score
        for month in MONTHS
        if month >= month_of(account.opened_on)
    }


TIERS = """tier { code } tierHistory { code since reason { rule score scoreNeeded points value { amount }
  threshold { amount } move measuredIn } phases { value { amount } } }"""
NEAR = """query($direction: TierDirection!) { nearThreshold(withinPpm: 100000, direction: $direction) {
  edges { node { code nearCode score thresholdScore points value { amount } } } } }"""


@pytest.fixture
async def scored(bank, example_scheme):
    """c leaves 36,000 yuan in January (360 points), 38,000 from February, 90,000 from March on."""
    await bank.ingest("scheme", example_scheme | SECTIONS)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"),
        bank.customer_news("e"), bank.account_news("de", "e"),
    )  # fmt: skip
    await bank.post(
        bank.posting("d", 3_600_000, "2024-01-01"),
        bank.posting("d", 200_000, "2024-02-01"),
        bank.posting("d", 5_200_000, "2024-03-01"),
        bank.posting("de", 3_900_000, "2024-01-01"),
    )
    await bank.settle()
    return bank


@pytest.mark.anyio
async def test_a_tier_follows_the_index_and_says_what_it_was(scored):
    found = await scored.of_customer("c", TIERS)
    common = {
        "rule": "index of 1 month", "points": None, "value": None, "threshold": None,
    }  # fmt: skip
    assert found["tierHistory"] == [
        {"code": "LOW", "since": "2024-01-01", "phases": [{"value": None}],
         "reason": common | {"score": "36.00000", "scoreNeeded": "0.00000", "move": "ENTRY", "measuredIn": "2024-01"}},
        {"code": "TOP", "since": "2024-03-01", "phases": [{"value": None}],
         "reason": common | {"score": "90.00000", "scoreNeeded": "90.00000", "move": "UP", "measuredIn": "2024-03"}},
    ]  # fmt: skip
    index = (await scored.of_customer("c", 'index(month: "2024-03") { score }'))["index"]
    assert index == {"score": "90.00000"}
    kept = await scored.sql(
        "select month, score from customer_index i join customer c on c.id = i.customer_id "
        "where number = 'c' order by month"
    )
    assert [(row.month, row.score) for row in kept] == list(
        zip(MONTHS, [3_600_000, 3_800_000, 9_000_000], strict=True)
    )
    ladder = (await scored.data("{ tiers { code atLeast { amount } scoreNeeded customers } }"))[
        "tiers"
    ]
    assert ladder[1:] == [
        {"code": "MID", "atLeast": None, "scoreNeeded": "40.00000", "customers": 0},
        {"code": "TOP", "atLeast": None, "scoreNeeded": "90.00000", "customers": 1},
    ]
    events = await scored.sql(
        "select data from outbox o join customer c on c.id = cast(o.subject as uuid) "
        "where type = 'scoring.tier.changed' and number = 'c' order by seq desc limit 1"
    )
    assert events[0].data["reason"] == {
        "rule": "index of 1 month", "move": "up", "scheme_version": 1, "value_minor": None,
        "threshold_minor": None, "score": "90.00000", "score_needed": "90.00000",
    }  # fmt: skip


@pytest.mark.anyio
async def test_who_is_near_is_told_in_points_of_the_index(scored):
    data = await scored.data(NEAR, direction="UP")
    assert [one["node"] for one in data["nearThreshold"]["edges"]] == [
        {"code": "LOW", "nearCode": "MID", "score": "39.00000", "thresholdScore": "40.00000",
         "points": None, "value": None},
    ]  # fmt: skip
    data = await scored.data(NEAR, direction="DOWN")
    assert [one["node"]["score"] for one in data["nearThreshold"]["edges"]] == ["90.00000"]


@pytest.mark.anyio
async def test_tiers_by_index_and_by_points_are_told_as_of_a_past_day(scored):
    field = 'tier(asOf: {businessDate: "2024-02-20"}) { code reason { score } }'
    assert (await scored.of_customer("c", field))["tier"] == {
        "code": "LOW", "reason": {"score": "36.00000"},
    }  # fmt: skip
    today = await scored.of_customer("c", 'tier(asOf: {businessDate: "2024-03-20"}) { code }')
    assert today == {"tier": {"code": "TOP"}}


@pytest.mark.anyio
async def test_tiers_by_points_are_told_as_of_a_past_day(bank, example_scheme):
    ladder = [
        {"code": "FEW", "name": "Few", "at_least_points": 0},
        {"code": "MANY", "name": "Many", "at_least_points": 300},
    ]
    tiers = {"metric": "points", "window_months": 1, "ladder": ladder}
    await bank.ingest("scheme", example_scheme | {"points": POINTS, "tiers": tiers})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"))
    await bank.post(bank.posting("d", 3_600_000, "2024-01-01"))
    await bank.settle()
    found = await bank.of_customer("c", 'tier(asOf: {businessDate: "2024-02-20"}) { code }')
    assert found == {"tier": {"code": "MANY"}}


@pytest.mark.anyio
async def test_a_draft_by_index_is_compared_and_then_put_in_force(bank, example_scheme):
    await bank.ingest("scheme", example_scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"))
    await bank.post(bank.posting("d", 9_000_000, "2024-01-01"))
    await bank.settle()
    measures = {"money": INDEX["measures"]["money"]}
    index = {"weights": {"money": 1_000_000}, "measures": measures}
    draft = example_scheme | {"version": 2, "effective_from": "2024-04-01"}
    draft |= {"index": index, "tiers": BY_INDEX}
    await write(bank, draft)
    run = await simulate(bank)
    await go_through(bank)
    assert (await run_of(bank, run))["state"] == "FINISHED"
    [found] = (await customers(bank, run))["nodes"]
    assert (found["tierBefore"], found["tierAfter"]["code"], found["tierAfter"]["value"]) == (
        {"code": "SILVER"}, "TOP", None,
    )  # fmt: skip


@pytest.mark.anyio
async def test_all_are_ranked_by_the_index(bank, example_scheme):
    tiers = {
        "by": "rank", "metric": "index", "window_months": 2, "schedule": "monthly",
        "ladder": [
            {"code": "REST", "name": "Rest", "share_ppm": 500_000},
            {"code": "BEST", "name": "Best", "share_ppm": 500_000},
        ],
    }  # fmt: skip
    await bank.ingest("scheme", example_scheme | SECTIONS | {"tiers": tiers})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"),
        bank.customer_news("e"), bank.account_news("de", "e"),
    )  # fmt: skip
    await bank.post(
        bank.posting("d", 3_600_000, "2024-01-01"), bank.posting("d", 200_000, "2024-02-01"),
        bank.posting("de", 3_650_000, "2024-01-01"),
    )  # fmt: skip
    await bank.settle()
    places = await bank.sql(
        "select number, amount_minor, code from tier_place p join customer c on c.id = p.customer_id "
        "where month = '2024-02-01' order by position"
    )
    assert [(row.number, row.amount_minor, row.code) for row in places] == [
        ("c", 3_700_000, "BEST"), ("e", 3_650_000, "REST"),
    ]  # fmt: skip


def test_thresholds_are_parts_of_a_hundred_points(example_scheme):
    ladder = scheme_of(example_scheme | SECTIONS).ladder
    assert [step.at_least_minor for step in ladder.steps] == [0, 4_000_000, 9_000_000]
    assert [step.kept_from for step in ladder.steps] == [0, 3_500_000, 9_000_000]
    assert (ladder.unit, ladder.rule) == (Unit.SCORE, "index of 1 month")
