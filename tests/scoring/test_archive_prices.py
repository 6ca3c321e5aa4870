"""What is priced day by day stays what it is when its months move into files, and moves on in them."""

import pytest

from tests.scoring.archive_banks import MONTHS, everything, move

pytestmark = pytest.mark.anyio

RULES = f"""contribution({MONTHS}) {{ lines {{ products {{ accounts {{
  rules {{ rule month amount {{ amount }} formula inputs {{ name value unit }} }} }} }} }} }}"""
EXPLAINED = f"explain({MONTHS}) {{ amount {{ value unit }} children(first: 9) {{ nodes {{ label amount {{ value unit }} }} }} }}"
THEN = 'asOf: {businessDate: "2023-12-15"}'
PAST = f'contribution(from: "2023-10", to: "2023-12", {THEN}) {{ total {{ amount }} }}'
FX = [
    ("2023-10-01", "7.30"), ("2023-10-09", "7.31"), ("2023-10-18", "7.28"), ("2023-10-27", "7.25"),
    ("2023-11-06", "7.28"), ("2023-11-15", "7.30"), ("2023-11-24", "7.20"), ("2023-12-03", "7.15"),
    ("2023-12-12", "7.17"), ("2023-12-21", "7.14"), ("2023-12-30", "7.10"), ("2024-01-08", "7.12"),
    ("2024-01-17", "7.18"), ("2024-01-26", "7.17"), ("2024-02-04", "7.19"), ("2024-02-13", "7.19"),
    ("2024-02-22", "7.20"), ("2024-03-02", "7.21"), ("2024-03-11", "7.20"), ("2024-03-20", "7.22"),
]  # fmt: skip
SPENT = {"kind": "card_payment", "channel": "pos"}


@pytest.fixture
async def priced(bank, example_scheme):
    """`usd` is kept in dollars; `own` has a rate of its own and a product re-priced in mid-month.

    Both are divided between c and w. Open are January to March.
    """
    scheme = example_scheme | {"effective_from": "2023-01-01", "joint_holders": "equal"}
    await bank.ingest("scheme", scheme)
    for since, ppm in (("2023-01-01", 5_000), ("2023-11-11", 9_000), ("2023-12-20", 3_000)):
        await bank.rates("deposit_product", ppm, 20_000 + ppm, since=since)
    await bank.ingest(
        "fx_rates", *({"currency": "USD", "day": day, "rate": rate} for day, rate in FX)
    )
    await bank.learn(
        bank.institution_news(), bank.customer_news("c"), bank.customer_news("w"),
        bank.account_news("usd", "c", joint=["w"], currency="USD", opened_on="2023-10-02"),
        bank.account_news("own", "c", joint=["w"], opened_on="2023-10-02"),
    )  # fmt: skip
    await bank.ingest(
        "account_rates",
        {"account_number": "own", "effective_from": "2023-11-25", "rate_ppm": "7000"},
    )
    for n, day in enumerate(
        ["2023-10-03", "2023-11-08", "2023-11-25", "2023-12-01", "2023-12-19", "2024-01-05"]
    ):
        await bank.post(
            bank.posting("usd", 1_000_001 + n, day, currency="USD", **SPENT),
            bank.posting("own", 9_000_007 - n * 1_000_000, day, **SPENT),
        )
    await bank.settle()
    return bank


async def said(bank) -> dict:
    """What the service says of both accounts and both holders, live, and what it keeps."""
    found: dict = {}
    for account in ("usd", "own"):
        found[account] = await everything(bank, account) | await bank.of_account(account, RULES)
        found[account] |= {"past": await bank.of_account(account, PAST)}
    for one in "cw":
        found[one] = await bank.of_customer(one, RULES) | await bank.of_customer(one, EXPLAINED)
        found[one] |= {"past": await bank.of_customer(one, PAST)}
    for table in ("contribution", "account_balance"):
        found[table] = [
            tuple(row)
            for row in await bank.sql(
                f"select * from {table} order by customer_id, month, account_id"
            )
        ]
    return found


def amounts(found, account, rule) -> list[str]:
    return [
        one["amount"]["amount"]
        for line in found[account]["contribution"]["lines"]
        for product in line["products"]
        for each in product["accounts"]
        for one in each["rules"]
        if one["rule"] == rule
    ]


async def test_figures_by_the_day_are_the_same_before_and_after_their_months_are_filed(priced):
    before = await said(priced)
    assert await move(priced) == 10
    assert await said(priced) == before
    assert len(set(amounts(before, "own", "deposit_margin"))) > 3
    # all is worked out again from the files, and nothing is another
    await priced.data(
        'mutation { recompute(idempotencyKey: "r") { customers } }', scopes=("operate",)
    )
    assert await priced.settle() == 2
    assert await said(priced) == before


async def test_what_comes_late_for_filed_months_is_the_same_before_and_after_it_is_filed_too(
    priced,
):
    await move(priced)
    before = await said(priced)
    await priced.post(
        priced.posting("usd", -400_000, "2023-11-10", currency="USD", **SPENT),
        priced.posting("own", 12_345, "2023-12-20", **SPENT),
    )
    await priced.rates("deposit_product", 4_000, 26_000, since="2023-11-18")
    await priced.ingest("fx_rates", {"currency": "USD", "day": "2023-11-10", "rate": "7.50"})
    await priced.settle()
    after = await said(priced)
    assert after["c"] != before["c"]
    assert await move(priced) == 2
    assert await said(priced) == after
