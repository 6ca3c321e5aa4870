"""Joint holders share an account to the fen, or leave it to its owner, as the scheme says."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain import returns
from scoring.domain.account import Account, AccountId, CustomerId, History, Moments
from scoring.domain.contribution import price
from scoring.domain.earned_points import earned_points
from scoring.domain.holders import Part, part_of
from scoring.domain.index import Source
from scoring.domain.line import Line
from scoring.domain.measured import measured
from scoring.domain.money import half_away
from scoring.domain.month_end import days_come, month_ends
from scoring.domain.months import Period
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.scheme_document import scheme_of
from scoring.domain.valuation import value

from tests.scoring.conftest import customer_id

MARCH = date(2024, 3, 1)
OWNER, *JOINT = [CustomerId(UUID(int=n)) for n in (9, 1, 2, 3)]
PERIOD = 'from: "2024-01", to: "2024-03"'
TOTAL = f"contribution({PERIOD}) {{ total {{ amount }} }}"


def an_account(joint=JOINT[:1]) -> Account:
    return Account(
        id=AccountId(UUID(int=1)), number="d", owner_id=OWNER, product="p", line=Line.DEPOSIT,
        currency="CNY", opened_on=date(2024, 1, 1), joint_ids=joint,
    )  # fmt: skip


def a_policy(document, **changes) -> Policy:
    since = date(2024, 1, 1)
    return Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=date(2024, 3, 31),
        schemes=[scheme_of(document | changes)],
        rates=RateBook.of([Rate("p", RateKind.CUSTOMER, since, 0), Rate("p", RateKind.TRANSFER, since, 20_000)]),
    )  # fmt: skip


@settings(max_examples=1000)
@given(st.integers(-(10**15), 10**15), st.integers(1, 9))
def test_parts_add_up_are_nearly_equal_and_turn_with_the_sign(amount, parts):
    shares = [Part(place, parts).of(amount) for place in range(1, parts + 1)]
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 1
    assert sorted(shares, key=abs, reverse=True) == shares
    assert [Part(place, parts).of(-amount) for place in range(1, parts + 1)] == [-s for s in shares]


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**12), 10**12), st.sets(st.sampled_from(JOINT)))
def test_what_holders_have_of_an_account_is_the_account(example_scheme, opening, joint):
    account, history = an_account(sorted(joint)), History(opening)
    period = Period(date(2024, 2, 1), MARCH)
    for option in ("owner", "equal"):
        policy = a_policy(example_scheme, joint_holders=option)
        whole = price([(account, history)], policy, period).whole()
        held = [price([(account, history)], policy, period, one).whole() for one in (OWNER, *JOINT)]
        for place, leaf in enumerate(whole):
            parts = [leaves[place].amount_minor for leaves in held if leaves]
            assert sum(parts) == leaf.amount_minor
            assert len(parts) == (1 + len(joint) if option == "equal" else 1)


AMOUNTS = st.integers(-(10**12), 10**12)
POINTS = {"per_10000": {"p": 135}, "pay_per_point_minor": 7}
BY_POINTS = {
    "window_months": 1, "metric": "points",
    "ladder": [{"code": "LOW", "name": "Low", "at_least_points": 0}],
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(AMOUNTS, st.lists(st.tuples(st.integers(1, 29), AMOUNTS)), st.sets(st.sampled_from(JOINT)))
def test_what_is_read_live_of_a_holder_is_what_is_kept_of_them(
    example_scheme, opening, moves, joint
):
    account, february = an_account(sorted(joint)), date(2024, 2, 1)
    moments = Moments(
        sum(amount for _, amount in moves), sum(day * amount for day, amount in moves)
    )
    histories = {account.id: History(opening, {february: moments})}
    owned, period = [(account, histories[account.id])], Period(february, february)
    for option in ("owner", "equal"):
        policy = a_policy(example_scheme, joint_holders=option, points=POINTS, tiers=BY_POINTS)
        whole = earned_points(owned, policy, period).whole()
        parts = 0
        for one in (OWNER, *JOINT):
            live = measured(owned, policy, february, one)
            kept = value(one, [account], histories, policy, period)
            ends = list(month_ends(owned, policy, period, one))
            days = sum(end.balance_days for end in ends)
            assert live[Source.POINTS] == kept.points.get(february, 0)
            assert live[Source.AVERAGE_BALANCE] == half_away(days, days_come(february, MARCH))
            assert live[Source.GROSS] == sum(kept.sums.values())
            parts += live[Source.POINTS]
        assert parts == sum(leaf.points for leaf in whole)


def test_a_share_of_points_is_told_and_paid_by_the_part(example_scheme):
    policy = a_policy(example_scheme, joint_holders="equal", points=POINTS)
    owned = [(an_account(), History(3_650_000))]
    leaves = [
        earned_points(owned, policy, Period(MARCH, MARCH), one).whole()
        for one in (OWNER, JOINT[0], JOINT[1])
    ]
    assert [[(leaf.points, leaf.pay_minor) for leaf in found] for found in leaves] == [
        [(247, 1_729)], [(246, 1_722)], [],
    ]  # fmt: skip
    assert [(one.name, one.value, one.unit) for one in leaves[1][0].inputs[-2:]] == [
        ("whole", 493, "points"), ("share", "2 of 2", "holder"),
    ]  # fmt: skip


def test_the_capital_that_an_account_binds_is_shared_too(example_scheme):
    capital = {
        "ratio_ppm": 105_000,
        "hurdle_ppm": 120_000,
        "weights": {"lines": {"deposit": 500_000}},
    }
    policy = a_policy(example_scheme, joint_holders="equal", capital=capital)
    account, period = an_account(), Period(date(2024, 2, 1), MARCH)
    whole = price([(account, History(-36_000))], policy, period).whole()
    held = [
        price([(account, History(-36_000))], policy, period, one).whole()
        for one in account_holders()
    ]
    found = [returns.whole(leaves) for leaves in (whole, *held)]
    assert [one.capital_minor(60) for one in found] == [1_890, 945, 945]
    assert found[0] == found[1] + found[2]


def account_holders():
    return OWNER, JOINT[0]


def test_places_are_the_owners_and_then_by_id(example_scheme):
    equal = a_policy(example_scheme, joint_holders="equal").schemes[0]
    account = an_account([JOINT[2], JOINT[0]])
    assert part_of(account, OWNER, equal) == Part(1, 3)
    assert part_of(account, JOINT[0], equal) == Part(2, 3)
    assert part_of(account, JOINT[2], equal) == Part(3, 3)
    assert part_of(account, JOINT[1], equal) is None
    alone = a_policy(example_scheme).schemes[0]
    assert part_of(account, OWNER, alone) == Part(1, 1)
    assert part_of(account, JOINT[0], alone) is None


def test_a_share_is_explained_by_the_whole(example_scheme):
    policy = a_policy(example_scheme, joint_holders="equal")
    leaves = price(
        [(an_account(), History(36_000))], policy, Period(MARCH, MARCH), JOINT[0]
    ).whole()
    margin = leaves[0]
    assert (margin.amount_minor, margin.formula) == (
        31, "share of (balance_days x (transfer_rate - customer_rate) / (basis x 10^6))",
    )  # fmt: skip
    assert [(one.name, one.value, one.unit) for one in margin.inputs[-2:]] == [
        ("whole", 62, "minor"), ("share", "2 of 2", "holder"),
    ]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("option", ["owner", "equal"])
async def test_kept_and_live_agree_on_whose_a_joint_account_is(bank, example_scheme, option):
    await bank.ingest("scheme", example_scheme | {"joint_holders": option})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.customer_news("w"),
        bank.account_news("d", "c", joint=["w"]),
    )  # fmt: skip
    await bank.settle()
    await bank.post(bank.posting("d", 3_601_234, "2024-01-01"))
    assert {row.customer_id for row in await bank.sql("select customer_id from recalculation")} == {
        customer_id("c"), customer_id("w"),
    }  # fmt: skip
    await bank.settle()
    live = [
        int(
            (await bank.of_customer(one, TOTAL))["contribution"]["total"]["amount"].replace(".", "")
        )
        for one in "cw"
    ]
    account = (await bank.of_account("d", TOTAL))["contribution"]["total"]["amount"]
    assert sum(live) == int(account.replace(".", "")) == 11_704
    assert live == ([11_704, 0] if option == "owner" else [5_853, 5_851])
    kept = await bank.sql(
        "select customer_id, sum(amount_minor) as amount from contribution group by 1"
    )
    assert {row.customer_id: row.amount for row in kept} == {
        customer_id(one): amount for one, amount in zip("cw", live, strict=True) if amount
    }
    data = await bank.data(f"{{ bankContribution({PERIOD}) {{ total {{ amount }} }} }}")
    assert data["bankContribution"]["total"]["amount"] == account


MEASURES = {
    "money": {"of": "average_balance", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 3_650_000},
    "use": {"of": "points", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 1_000},
}  # fmt: skip
INDEX = {"weights": {"money": 500_000, "use": 500_000}, "measures": MEASURES}
SCORED = """points(from: "2024-01", to: "2024-01") { points pay { amount } }
  index(month: "2024-01") { parts { value } }"""


@pytest.mark.anyio
@pytest.mark.parametrize("option", ["owner", "equal"])
async def test_points_and_the_index_count_the_part_of_a_joint_account(bank, example_scheme, option):
    points = {"per_10000": {"deposit_product": 135}, "pay_per_point_minor": 7}
    scheme = example_scheme | {"joint_holders": option, "points": points, "index": INDEX}
    await bank.ingest("scheme", scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.customer_news("w"),
        bank.account_news("d", "c", joint=["w"]),
    )  # fmt: skip
    await bank.post(bank.posting("d", 3_650_001, "2024-01-01"))
    found = [await bank.of_customer(one, SCORED) for one in "cw"]
    told = [
        (one["points"]["points"], one["points"]["pay"], [p["value"] for p in parts["parts"]])
        if (parts := one["index"])
        else (one["points"]["points"], one["points"]["pay"], None)
        for one in found
    ]
    assert told == (
        [("493", {"amount": "34.51"}, ["36500.01", "493"]), ("0", None, None)]
        if option == "owner"
        else [
            ("247", {"amount": "17.29"}, ["18250.01", "247"]),
            ("246", {"amount": "17.22"}, ["18250.00", "246"]),
        ]
    )


BALANCES = """{ depositDeviation(from: "2024-01", to: "2024-01") { balance { amount } average { amount } }
  reconciledAccounts(month: "2024-01", measure: DEPOSIT_AVERAGE) { number amount { amount } } }"""
BRIDGE = """{ valueBridge(from: "2024-02", to: "2024-02") { lines { line bridge {
  before { amount } volume { amount } mix { amount } price { amount } after { amount } } } } }"""


@pytest.mark.anyio
@pytest.mark.parametrize("option", ["owner", "equal"])
async def test_balances_are_divided_as_contribution_is(bank, example_scheme, option):
    await bank.ingest("scheme", example_scheme | {"joint_holders": option})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.customer_news("w"),
        bank.account_news("d", "c", joint=["w"]),
    )  # fmt: skip
    await bank.post(
        bank.posting("d", 3_600_001, "2024-01-01"), bank.posting("d", 3_600_002, "2024-02-01")
    )
    await bank.settle()
    kept = await bank.sql(
        "select customer_id, closing_minor, balance_days from account_balance "
        "where month = '2024-01-01'"
    )
    assert {row.customer_id: (row.closing_minor, row.balance_days) for row in kept} == (
        {customer_id("c"): (3_600_001, 111_600_031)}
        if option == "owner"
        else {customer_id("c"): (1_800_001, 55_800_016), customer_id("w"): (1_800_000, 55_800_015)}
    )
    found = await bank.data(BALANCES)
    assert found["depositDeviation"] == [
        {"balance": {"amount": "36000.01"}, "average": {"amount": "36000.01"}}
    ]
    assert found["reconciledAccounts"] == [{"number": "d", "amount": {"amount": "36000.01"}}]
    lines = (await bank.data(BRIDGE))["valueBridge"]["lines"]
    [deposits] = [one["bridge"] for one in lines if one["line"] == "DEPOSIT"]
    assert {name: part["amount"] for name, part in deposits.items()} == {
        "before": "46.50", "volume": "40.50", "mix": "0.00", "price": "0.00", "after": "87.00",
    }  # fmt: skip


@pytest.mark.anyio
async def test_who_no_longer_holds_an_account_is_worked_out_again(bank, example_scheme):
    await bank.ingest("scheme", example_scheme | {"joint_holders": "equal"})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.customer_news("w"),
        bank.account_news("d", "c", joint=["w"]),
    )  # fmt: skip
    await bank.post(bank.posting("d", 3_600_000, "2024-01-01"))
    await bank.settle()
    await bank.learn(bank.account_news("d", "c", version=2))
    await bank.settle()
    owners = await bank.sql("select distinct customer_id from contribution")
    assert [row.customer_id for row in owners] == [customer_id("c")]


@pytest.mark.anyio
async def test_an_account_known_without_its_holders_learns_them_from_the_same_event(ready):
    await ready.sql("select 1")
    async with ready.db.transaction("A") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("update account set joint = null")
    await ready.learn(ready.account_news("d", "c", joint=["w"], matures_on="2025-01-01"))
    [row] = await ready.sql("select joint, matures_on, version from account")
    assert (row.joint, row.matures_on, row.version) == ([customer_id("w")], date(2025, 1, 1), 1)
