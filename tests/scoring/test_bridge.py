"""The value bridge: its parts make up the difference, and turn their signs when looked at backwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.bridge import Bridge, Slice, bridge, quantity
from scoring.domain.line import Line

pytestmark = pytest.mark.anyio

AMOUNT = st.integers(-(10**12), 10**12)
VOLUME = st.integers(-(10**15), 10**15) | st.just(0)


def sliced(*products, line=Line.DEPOSIT, currency="CNY"):
    """Make slices of (before, after, volume before, volume after)."""
    return [
        Slice(
            line=line, product=f"p{n}", currency=currency, stayed=True,
            before=before, after=after, volume_before=v0, volume_after=v1,
        )
        for n, (before, after, v0, v1) in enumerate(products)
    ]  # fmt: skip


@st.composite
def anything(draw):
    stayed = draw(st.booleans())
    came = draw(st.booleans())
    return Slice(
        line=draw(st.sampled_from(Line)),
        product=draw(st.sampled_from("ab")),
        currency=draw(st.sampled_from(["CNY", "USD"])),
        stayed=stayed,
        before=draw(AMOUNT) if stayed or not came else 0,
        after=draw(AMOUNT) if stayed or came else 0,
        volume_before=draw(VOLUME),
        volume_after=draw(VOLUME),
    )


def backwards(one: Slice) -> Slice:
    return Slice(
        line=one.line, product=one.product, currency=one.currency, stayed=one.stayed,
        before=one.after, after=one.before,
        volume_before=one.volume_after, volume_after=one.volume_before,
    )  # fmt: skip


@given(st.lists(anything(), max_size=12))
def test_the_parts_make_up_the_difference_of_every_line(slices):
    for line, found in bridge(slices).items():
        parts = found.price + found.volume + found.mix + found.gained + found.lost
        assert found.before == sum(one.before for one in slices if one.line is line)
        assert found.after == sum(one.after for one in slices if one.line is line)
        assert parts == found.after - found.before


@given(st.lists(anything(), max_size=12))
def test_looked_at_backwards_every_part_changes_its_sign(slices):
    there, back = bridge(slices), bridge([backwards(one) for one in slices])
    for line, found in there.items():
        assert back[line] == Bridge(
            found.after, found.before, -found.price, -found.volume, -found.mix,
            -found.lost, -found.gained,
        )  # fmt: skip


@given(AMOUNT, AMOUNT, VOLUME)
def test_with_the_same_volume_all_is_price(before, after, volume):
    found = bridge(sliced((before, after, volume, volume)))[Line.DEPOSIT]
    assert (found.price, found.volume, found.mix) == (after - before, 0, 0)


@given(
    st.lists(st.tuples(AMOUNT, st.integers(1, 10**12)), min_size=1, max_size=5), st.integers(2, 9)
)
def test_with_so_many_times_the_business_at_the_same_prices_all_is_volume(products, times):
    found = bridge(sliced(*((c, c * times, v, v * times) for c, v in products)))[Line.DEPOSIT]
    assert (found.price, found.mix) == (0, 0)
    assert found.volume == found.before * (times - 1)


def test_money_moved_to_a_dearer_product_is_mix():
    [*slices] = sliced((1_000, 500, 100_000, 50_000), (300, 450, 10_000, 15_000))
    slices += sliced((1_350, 2_700, 45_000, 90_000), line=Line.DEPOSIT)
    found = bridge(slices)[Line.DEPOSIT]
    assert (found.before, found.after) == (2_650, 3_650)
    assert (found.price, found.volume, found.mix) == (0, 0, 1_000)


def test_a_worked_example():
    """A deposit product grows by half while its margin falls from 1.0 to 0.8 a unit.

    Change 200 = (1,200 - 1,000): quantity 500 x 0.9 = 450, price 1,250 x -0.2 = -250.
    """
    assert quantity(1_000, 1_200, 1_000, 1_500) == 450
    found = bridge(sliced((1_000, 1_200, 1_000, 1_500)))[Line.DEPOSIT]
    assert (found.price, found.volume, found.mix) == (-250, 450, 0)


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [((0, 5), 70), ((5, 0), 70), ((-5, 5), 70), ((0, 0), 0)],
)
def test_without_a_unit_price_to_compare_the_change_is_quantity_unless_nothing_moved(
    volumes, expected
):
    assert quantity(30, 100, *volumes) == expected


def test_volumes_of_two_currencies_are_not_added_up():
    slices = sliced((100, 0, 10, 0)) + sliced((0, 90, 0, 90), currency="USD")
    found = bridge(slices)[Line.DEPOSIT]
    assert (found.volume, found.mix, found.price) == (-10, 0, 0)


BRIDGE = """query($from: YearMonth!, $to: YearMonth!, $beforeFrom: YearMonth, $beforeTo: YearMonth,
    $branch: String, $manager: String, $view: ContributionView! = GROSS) {
  valueBridge(from: $from, to: $to, beforeFrom: $beforeFrom, beforeTo: $beforeTo, branch: $branch,
    manager: $manager, view: $view) {
    beforeFrom beforeTo customersGained customersLost customersStayed
    total { ...parts } lines { line bridge { ...parts } } } }
fragment parts on Bridge { before { amount } gained { amount } lost { amount } volume { amount }
  mix { amount } price { amount } after { amount } difference { amount } }"""


def parts(found):
    return [
        found[name]["amount"]
        for name in ("before", "gained", "lost", "volume", "mix", "price", "after")
    ]


@pytest.fixture
async def moved(branched):
    """In February q's money is doubled, p goes to another bank, n comes; c's rate falls."""
    await branched.learn(
        branched.customer_news("n", branch="02"), branched.account_news("dn", "n", opened_on="2024-02-01"),
        branched.account_news("dp", "p", closed_on="2024-01-31", version=2),
    )  # fmt: skip
    await branched.rates("deposit_product", 5_000, 18_000, since="2024-02-01")
    await branched.post(
        branched.posting("dp", -7_200_000, "2024-02-01"),
        branched.posting("dq", 36_000_000, "2024-02-01"),
        branched.posting("dn", 7_200_000, "2024-02-01"),
    )
    await branched.settle()
    return branched


async def test_the_bridge_of_the_bank_from_january_to_february(moved):
    data = (await moved.data(BRIDGE, **{"from": "2024-02", "to": "2024-02"}))["valueBridge"]
    assert (data["beforeFrom"], data["beforeTo"]) == ("2024-01", "2024-01")
    assert [data[f"customers{what}"] for what in ("Gained", "Lost", "Stayed")] == [1, 1, 2]
    lines = {one["line"]: parts(one["bridge"]) for one in data["lines"]}
    assert lines["DEPOSIT"] == [
        "604.50", "75.40", "-93.00", "375.20", "0.00", "-95.00", "867.10",
    ]  # fmt: skip
    assert lines["COST_TO_SERVE"] == ["-3.00", "-1.00", "1.00", "0.00", "0.00", "0.00", "-3.00"]
    assert parts(data["total"]) == [
        "601.50",
        "74.40",
        "-92.00",
        "375.20",
        "0.00",
        "-95.00",
        "864.10",
    ]
    assert data["total"]["difference"]["amount"] == "262.60"


async def test_branches_bridges_have_the_banks_ends(moved):
    asked = {"from": "2024-02", "to": "2024-03", "beforeFrom": "2024-01", "beforeTo": "2024-01"}
    whole, first, second = [
        (await moved.data(BRIDGE, **asked, branch=branch))["valueBridge"]
        for branch in (None, "01", "02")
    ]
    for end in ("before", "after", "gained", "lost"):
        one, other, both = (
            int(found["total"][end]["amount"].replace(".", "")) for found in (first, second, whole)
        )
        assert one + other == both


async def test_foreign_money_is_counted_in_its_own_currency_so_that_its_rate_is_price(ready):
    """36,000.00 dollars at 1.5 percent: 46.50 for 31 days at 7.0, then 43.50 for 29 days at 7.2."""
    await ready.learn(ready.account_news("u", "c", currency="USD"))
    days = {"2024-01": "7.0", "2024-02": "7.2"}
    await ready.ingest(
        "fx_rates",
        *(
            {"currency": "USD", "day": f"{month}-{day}", "rate": rate}
            for month, rate in days.items()
            for day in ("01", "10", "19", "28")
        ),
        {"currency": "USD", "day": "2024-03-01", "rate": "7.2"},
        {"currency": "USD", "day": "2024-03-10", "rate": "7.2"},
        {"currency": "USD", "day": "2024-03-19", "rate": "7.2"},
    )
    await ready.post(ready.posting("u", 3_600_000, "2024-01-01", currency="USD"))
    await ready.settle()
    data = (await ready.data(BRIDGE, **{"from": "2024-02", "to": "2024-02"}))["valueBridge"]
    lines = {one["line"]: parts(one["bridge"]) for one in data["lines"]}
    assert lines["DEPOSIT"] == ["325.50", "0.00", "0.00", "-21.30", "0.00", "9.00", "313.20"]


async def test_the_same_period_again_changes_nothing(moved):
    same = {"from": "2024-02", "to": "2024-02", "beforeFrom": "2024-02", "beforeTo": "2024-02"}
    found = (await moved.data(BRIDGE, **same))["valueBridge"]["total"]
    assert parts(found) == ["864.10", "0.00", "0.00", "0.00", "0.00", "0.00", "864.10"]


async def test_a_bridge_from_before_any_scheme_is_refused(moved):
    [error] = (await moved.ask(BRIDGE, **{"from": "2024-01", "to": "2024-01"}))["errors"]
    assert error["extensions"]["code"] == "SCHEME_MISSING"


async def test_nobody_without_the_scope_is_told_of_the_bridge(moved):
    [error] = (await moved.ask(BRIDGE, scopes=(), **{"from": "2024-02", "to": "2024-02"}))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_bridge_costs_three_statements(moved, statements):
    await moved.data(BRIDGE, **{"from": "2024-02", "to": "2024-02"})
    with statements() as sent:
        await moved.data(BRIDGE, **{"from": "2024-02", "to": "2024-02"})
    assert len(sent) == 3, sent
