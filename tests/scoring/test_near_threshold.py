"""Who is near another tier: exactly those within a part of the threshold, on the right side of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.ladder import Ladder, Step
from scoring.domain.near import Direction, bands

pytestmark = pytest.mark.anyio
STEPS = (
    Step("LOW", "Low", 1, -1000),
    Step("MID", "Mid", 2, 100, 80),
    Step("TOP", "Top", 3, 1000),
)
LADDER = Ladder(1, STEPS)


def near(rank, amount, within_ppm, direction, ladder=LADDER, cuts=None):
    found = bands(ladder, cuts or {}, within_ppm, direction)
    return any(one.rank == rank and one.low <= amount < one.high for one in found)


def test_up_is_below_the_next_threshold_and_not_below_what_keeps_the_tier():
    up = Direction.UP
    assert [near(2, n, 100_000, up) for n in (899, 900, 999, 1000)] == [False, True, True, False]
    assert [near(1, n, 100_000, up) for n in (89, 90, 99, 100)] == [False, True, True, False]
    steep = replace(LADDER, steps=(*STEPS[:2], Step("TOP", "Top", 3, 110)))
    assert [near(2, n, 500_000, up, steep) for n in (79, 80, 109)] == [False, True, True]
    assert not near(3, 5000, 500_000, up)


def test_down_is_at_or_above_what_keeps_the_tier():
    down = Direction.DOWN
    assert [near(2, n, 100_000, down) for n in (79, 80, 88, 89)] == [False, True, True, False]
    assert [near(3, n, 100_000, down) for n in (999, 1000, 1100, 1101)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not near(1, -1000, 500_000, down)


def test_a_threshold_below_nothing_is_near_by_its_size():
    owing = Ladder(1, (Step("A", "A", 1, -500), Step("B", "B", 2, -100), Step("C", "C", 3, 0)))
    assert [near(1, n, 100_000, Direction.UP, owing) for n in (-111, -110, -101, -100)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [near(2, n, 100_000, Direction.DOWN, owing) for n in (-100, -90, -89)] == [
        True, True, False,
    ]  # fmt: skip
    assert not near(2, -1, 500_000, Direction.UP, owing)


def test_on_a_ladder_by_rank_the_last_cuts_are_the_thresholds():
    ranked = replace(LADDER, by_rank=True)
    cuts = {"TOP": 1000, "LOW": 3}
    assert bands(ranked, {}, 100_000, Direction.UP) == []
    assert [near(2, n, 100_000, Direction.UP, ranked, cuts) for n in (899, 900)] == [False, True]
    assert not near(1, 99, 100_000, Direction.UP, ranked, cuts)
    assert near(3, 1000, 100_000, Direction.DOWN, ranked, cuts)


@given(st.integers(1, 3), st.integers(-2000, 2000), st.integers(1, 500_000))
def test_the_bands_say_what_the_rule_says(rank, amount, within_ppm):
    step = STEPS[rank - 1]
    up = (
        rank < 3
        and amount < (threshold := STEPS[rank].at_least_minor)
        and (threshold - amount) * 1_000_000 <= abs(threshold) * within_ppm
        and (rank == 1 or amount >= step.kept_from)
    )
    down = (
        rank > 1
        and amount >= step.kept_from
        and (amount - step.kept_from) * 1_000_000 <= abs(step.kept_from) * within_ppm
    )
    assert near(rank, amount, within_ppm, Direction.UP) == up
    assert near(rank, amount, within_ppm, Direction.DOWN) == down


ASK = """query($within: Int!, $direction: TierDirection!, $first: Int!, $after: String) {
  nearThreshold(withinPpm: $within, direction: $direction, first: $first, after: $after) {
    edges { cursor node { customerId code nearCode value { amount } threshold { amount } points } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


@pytest.fixture
async def crowd(ready):
    """Customers whose three months contribute from 30.60 to 61.20 and more, around SILVER's 50.00."""
    await ready.rates("deposit_product", 0, 36_000)
    for n in range(12):
        await ready.learn(ready.customer_news(f"n{n}"), ready.account_news(f"x{n}", f"n{n}"))
        await ready.post(ready.posting(f"x{n}", 600_000 + n * 10_000, "2024-01-01"))
    await ready.settle()
    return ready


async def everybody(bank):
    found = await bank.sql(
        "select p.customer_id, p.rank, p.amount_minor from ladder_place p order by 2, 3, 1"
    )
    return [(str(one.customer_id), one.rank, int(one.amount_minor)) for one in found]


@pytest.mark.parametrize("direction", ["UP", "DOWN"])
@pytest.mark.parametrize("within", [20_000, 200_000])
async def test_exactly_those_who_are_near_come_in_pages(crowd, direction, within):
    thresholds = [-(10**15), 5_000, 30_000, 150_000, 800_000]
    expected = []
    for customer, rank, amount in await everybody(crowd):
        if direction == "UP" and rank < 5:
            missing = thresholds[rank] - amount
            if missing > 0 and missing * 1_000_000 <= thresholds[rank] * within:
                expected.append((customer, amount))
        if direction == "DOWN" and rank > 1:
            over = amount - thresholds[rank - 1]
            if over >= 0 and over * 1_000_000 <= thresholds[rank - 1] * within:
                expected.append((customer, amount))
    assert expected
    found, after = [], None
    while True:
        asked = {"within": within, "direction": direction, "first": 2, "after": after}
        page = (await crowd.data(ASK, **asked))["nearThreshold"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        found += [one["node"] for one in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    got = [(one["customerId"], int(one["value"]["amount"].replace(".", ""))) for one in found]
    assert got == expected
    codes = {(one["code"], one["nearCode"], one["threshold"]["amount"]) for one in found}
    assert codes == {
        "UP": {("BASIC", "SILVER", "50.00")}, "DOWN": {("SILVER", "BASIC", "50.00")},
    }[direction]  # fmt: skip


async def test_a_customer_given_a_tier_by_hand_is_near_by_what_the_rules_say(crowd):
    before = await everybody(crowd)
    tier = {"customerId": before[-1][0], "code": "DIAMOND", "reason": "r", "until": "2024-09-01"}
    await crowd.data(
        "mutation($t: TierOverrideInput!) "
        '{ overrideTier(tier: $t, idempotencyKey: "k") { __typename } }',
        scopes=("contribution:read", "tier:override"),
        t=tier,
    )
    await crowd.settle()
    assert await everybody(crowd) == before


@pytest.mark.parametrize(
    "asked",
    [
        {"within": 0}, {"within": 500_001}, {"first": 0}, {"first": 101}, {"after": "here"},
        {"after": "1:2:three"}, {"after": "1:two:00000000-0000-0000-0000-000000000001"},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused(ready, asked):
    given = {"within": 1, "direction": "UP", "first": 1, "after": None} | asked
    body = await ready.ask(ASK, **given)
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_who_may_not_read_contribution_may_not_ask(ready):
    given = {"within": 1, "direction": "UP", "first": 1}
    body = await ready.ask(ASK, scopes=("customer:read",), **given)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_list_is_read_by_its_index(crowd):
    await crowd.sql("select 1")
    async with crowd.db.transaction("A") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("set local enable_seqscan = off")
        plan = await connection.exec_driver_sql(
            "explain select customer_id from ladder_place where institution = 'A' and rank = 1 "
            "and amount_minor >= 4900 and amount_minor < 5000 "
            "order by amount_minor, customer_id limit 3"
        )
        told = "\n".join(row[0] for row in plan)
    assert "Index Only Scan using ix_ladder_place_institution_rank_amount_minor" in told
    assert "Sort" not in told
