"""What the bank earns on its own money is what its customers do, by branch, month and line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.line import Line
from scoring.domain.returns import Return, by_line

MONTHS = ["2024-01", "2024-02", "2024-03"]
PERIOD = 'from: "2024-01", to: "2024-03"'
LINES = "returns { line economicCapital { amount } net { amount } economic { amount } raroc }"
VIEWS = f"""net {{ amount }} economic {{ amount }} economicCapital {{ amount }} raroc {LINES}
  months {{ month net {{ amount }} economic {{ amount }} economicCapital {{ amount }} raroc {LINES} }}"""
CAPITAL = {
    "ratio_ppm": 105_000,
    "hurdle_ppm": 120_000,
    "weights": {"lines": {"loan": 1_000_000, "settlement": 750_000}},
}
FIGURES = st.integers(-(10**15), 10**15)


@given(st.lists(st.tuples(st.sampled_from(Line), FIGURES, st.integers(0, 10**24)), max_size=20))
def test_returns_add_up_whatever_their_order(given_):
    found: dict = {}
    for number, (line, net, days) in enumerate(given_):
        found[date(2000 + number, 1, 1), line] = Return(days, days // 360, net, net // 2)
    sums = by_line(found)
    assert sum(sums.values(), Return()) == sum(found.values(), Return())
    assert list(sums) == [line for line in Line if line in {one for one, _, _ in given_}]


@pytest.fixture
async def lent(bank, example_scheme):
    """c at 01 borrows alone and with w, of branch 02, in equal parts; n, of 02, is overdrawn."""
    scheme = {
        "capital": CAPITAL,
        "joint_holders": "equal",
        "tax": {"income_ppm": 250_000, "on_loss": "credit"},
    }
    await bank.ingest("scheme", example_scheme | scheme)
    for product in ("deposit_product", "settlement_product"):
        await bank.rates(product, 5_000, 20_000)
    await bank.rates("loan_product", 60_000, 30_000)
    await bank.learn(
        bank.institution_news(), bank.branch_news("00"), bank.branch_news("01", "00"),
        bank.branch_news("02", "00"), bank.customer_news("c", branch="01"),
        bank.customer_news("w", branch="02"), bank.customer_news("n", branch="02"),
        bank.account_news("l", "c", line="loan"), bank.account_news("j", "c", line="loan", joint=["w"]),
        bank.account_news("d", "c"), bank.account_news("o", "n", line="settlement"),
    )  # fmt: skip
    await bank.ingest(
        "loans",
        *(
            {
                "account_number": number, "settlement_account_number": "d",
                "principal_minor": "10000000", "granted_on": "2024-01-01", "term_months": "12",
                "instalment_minor": "1", "grade": "normal", "balance_basis": "postings",
            }
            for number in "lj"
        ),
    )  # fmt: skip
    await bank.post(
        bank.posting("l", -10_000_000, "2024-01-01"), bank.posting("j", -3_333_333, "2024-02-10"),
        bank.posting("d", 5_000_000, "2024-01-10"), bank.posting("o", -777_777, "2024-03-05"),
    )  # fmt: skip
    await bank.settle()
    return bank


async def of_bank(bank, scope=""):
    return (
        await bank.data(f"{{ bankContribution({PERIOD}{scope}) {{ {VIEWS} customers accounts }} }}")
    )["bankContribution"]


def minor(money) -> int:
    return int(money["amount"].replace(".", "")) if money else 0


@pytest.mark.anyio
async def test_the_banks_capital_and_profit_are_those_of_its_customers(lent):
    whole = await of_bank(lent)
    each = [
        (await lent.of_customer(one, f"contribution({PERIOD}) {{ {VIEWS} }}"))["contribution"]
        for one in "cwn"
    ]
    for view in ("net", "economic"):
        assert minor(whole[view]) == sum(minor(one[view]) for one in each)
    # the mean is rounded once for each that is told: three customers may differ by a fen and a half
    assert (
        abs(minor(whole["economicCapital"]) - sum(minor(one["economicCapital"]) for one in each))
        <= 1
    )
    kept = await lent.sql(
        "select sum(days_e6) as days, sum(years_e6) as years, sum(net_minor) as net from customer_return"
    )
    days = 31 + 29 + 20
    assert minor(whole["economicCapital"]) == round(int(kept[0].days) / days / 10**6)
    assert [one["line"] for one in whole["returns"]] == ["LOAN", "SETTLEMENT"]
    for line in ("LOAN", "SETTLEMENT"):
        mine = [one for found in each for one in found["returns"] if one["line"] == line]
        [told] = [one for one in whole["returns"] if one["line"] == line]
        assert minor(told["net"]) == sum(minor(one["net"]) for one in mine)
        assert minor(told["economic"]) == sum(minor(one["economic"]) for one in mine)
    assert int(kept[0].net) == sum(minor(one["net"]) for one in whole["returns"])


@pytest.mark.anyio
async def test_a_loan_alone_is_told_in_exact_figures(lent):
    """100,000 x 10.5 % = 10,500 bound; 31 days at 3 % less loss 0.45 %, service and tax."""
    found = await lent.of_account(
        "l", f'contribution(from: "2024-01", to: "2024-01") {{ {VIEWS} }}'
    )
    january = found["contribution"]["returns"]
    # margin 258.33, loss -38.75, service -1.00, income tax -54.65
    assert january == [
        {"line": "LOAN", "economicCapital": {"amount": "10500.00"}, "net": {"amount": "163.93"},
         "economic": {"amount": "55.43"}, "raroc": "0.181305"},
    ]  # fmt: skip


@pytest.mark.anyio
async def test_branches_and_managers_have_their_own_and_add_up(lent):
    whole = await of_bank(lent)
    parts = [await of_bank(lent, f', branch: "{code}"') for code in ("01", "02")]
    for view in ("net", "economic"):
        assert minor(whole[view]) == sum(minor(one[view]) for one in parts)
    assert (
        abs(minor(whole["economicCapital"]) - sum(minor(one["economicCapital"]) for one in parts))
        <= 1
    )
    assert [(one["customers"], one["accounts"]) for one in (whole, *parts)] == [
        (3, 4),
        (1, 3),
        (2, 1),
    ]
    assert await of_bank(lent, ', branch: "00"') == whole
    nobody = await of_bank(lent, ', branch: "00", beneath: false')
    assert (nobody["customers"], nobody["economicCapital"], nobody["raroc"], nobody["returns"]) == (
        0, None, None, [],
    )  # fmt: skip


@pytest.mark.anyio
async def test_a_month_tells_its_own_days(lent):
    whole = await of_bank(lent)
    assert [one["month"] for one in whole["months"]] == MONTHS
    assert whole["months"][0]["economicCapital"] == {"amount": "10500.00"}
    assert whole["months"][0]["returns"][0]["raroc"] == "0.181305"
