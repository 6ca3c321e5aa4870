"""Rates of any day, of single accounts and of exchange: taken in, kept, and live the same."""

from datetime import date

import pytest

from tests.scoring.conftest import customer_id

pytestmark = pytest.mark.anyio
PERIOD = 'from: "2024-01", to: "2024-03"'
MARGINS = f"""contribution({PERIOD}) {{ total {{ amount }} lines {{ products {{ accounts {{
  rules {{ rule month amount {{ amount }} inputs {{ name value }} }} }} }} }} }}"""


def own(account="d", since="2024-02-11", ppm=8_000) -> dict:
    return {"account_number": account, "effective_from": since, "rate_ppm": str(ppm)}


def fx(day, rate, currency="USD") -> dict:
    return {"currency": currency, "day": day, "rate": rate}


async def rules(bank, number, rule="deposit_margin") -> dict:
    found = (await bank.of_account(number, MARGINS))["contribution"]
    return {
        one["month"]: one
        for line in found["lines"] for product in line["products"]
        for account in product["accounts"] for one in account["rules"] if one["rule"] == rule
    }  # fmt: skip


async def amounts(bank, number, rule="deposit_margin") -> dict:
    return {
        month: one["amount"]["amount"] for month, one in (await rules(bank, number, rule)).items()
    }


async def agree(bank, number="c") -> int:
    """What is kept of a customer is what is said live."""
    await bank.settle()
    live = (await bank.of_customer(number, MARGINS))["contribution"]["total"]["amount"]
    [row] = await bank.sql(
        "select coalesce(sum(amount_minor), 0) as amount from contribution where customer_id = :id",
        id=customer_id(number),
    )
    assert int(live.replace(".", "")) == row.amount
    return int(row.amount)


async def test_a_rate_from_the_middle_of_a_month_splits_it(ready):
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await agree(ready)
    assert (await ready.rates("deposit_product", 8_000, 20_000, since="2024-02-11"))[
        "accepted"
    ] == 2
    [row] = await ready.sql("select recalculate_from from institution")
    assert row.recalculate_from == date(2024, 2, 1)
    await agree(ready)
    assert await amounts(ready, "d") == {
        "2024-01": "465.00", "2024-02": f"{150 + 19 * 12}.00", "2024-03": f"{20 * 12}.00",
    }  # fmt: skip


async def test_an_accounts_own_rate_holds_from_its_day_and_makes_its_holders_wait(ready):
    await ready.learn(
        ready.customer_news("w"), ready.account_news("d", "c", joint=["w"], version=2)
    )
    await ready.post(ready.posting("d", 36_000_000, "2024-01-01"))
    await ready.settle()
    assert (await ready.ingest("account_rates", own()))["accepted"] == 1
    waiting = await ready.sql("select customer_id, from_month from recalculation")
    assert {tuple(row) for row in waiting} == {
        (customer_id("c"), date(2024, 2, 1)), (customer_id("w"), date(2024, 2, 1)),
    }  # fmt: skip
    await agree(ready)
    assert (await amounts(ready, "d"))["2024-02"] == f"{150 + 19 * 12}.00"
    again = await ready.ingest("account_rates", own(), own(ppm=9_000), own())
    assert (again["accepted"], again["unchanged"]) == (0, 3)
    assert (await ready.ingest("account_rates", own(ppm=9_000)))["accepted"] == 1
    assert await ready.sql("select rate_ppm from account_rate") == [(9_000,)]


async def test_rates_before_their_account_wait_for_it(ready):
    assert (await ready.ingest("account_rates", own("e"), own("e", "2024-03-01")))["parked"] == 2
    assert (await ready.ingest("account_rates", own("e")))["unchanged"] == 1
    assert (await ready.ingest("account_rates", own("e", ppm=7_000)))["parked"] == 1
    await ready.learn(ready.account_news("e", "c"))
    found = await ready.sql("select effective_from, rate_ppm from account_rate order by 1")
    assert [tuple(row) for row in found] == [(date(2024, 2, 11), 7_000), (date(2024, 3, 1), 8_000)]
    assert await ready.sql("select 1 from parked_record") == []


async def test_a_foreign_account_is_worth_what_each_day_says(ready):
    await ready.learn(ready.account_news("u", "c", currency="USD"))
    await ready.post(
        ready.posting("u", 36_000_000, "2024-03-11", currency="USD"),
        ready.posting("u", -100, "2024-03-12", currency="USD", kind="fee", purpose="card"),
        ready.posting("u", -100, "2024-03-12", currency="USD", kind="fee", purpose="card"),
        ready.posting("u", -100, "2024-03-14", currency="USD", kind="fee", purpose="card"),
    )
    await ready.settle()
    [noted] = (await ready.data("{ notComputed { code message } }"))["notComputed"]
    assert noted == {
        "code": "CURRENCY_NOT_PRICED",
        "message": "Cannot be computed: missing a price in CNY of USD for 2024-03.",
    }
    await ready.ingest("fx_rates", fx("2024-03-13", "7.2"))
    await ready.settle()
    [noted] = (await ready.data("{ notComputed { code message } }"))["notComputed"]
    assert noted == {
        "code": "FX_RATES_MISSING",
        "message": "Cannot be computed: missing fx rate of USD on 1-12 for 2024-03.",
    }
    answer = await ready.ingest("fx_rates", fx("2024-03-08", "7.00000001"), fx("2024-03-13", "7.2"))
    assert (answer["accepted"], answer["unchanged"]) == (1, 1)
    assert [
        row.customer_id for row in await ready.sql("select customer_id from recalculation")
    ] == [customer_id("c")]
    await agree(ready)
    assert (await ready.data("{ notComputed { code } }"))["notComputed"] == []
    first, second = 36_000_000 + 35_999_800, 35_999_800 + 7 * 35_999_700
    exact = (first * 700_000_001 + second * 720_000_000) * 15_000
    expected = (2 * exact + 360 * 10**14) // (2 * 360 * 10**14)
    found = (await rules(ready, "u"))["2024-03"]
    assert int(found["amount"]["amount"].replace(".", "")) == expected
    assert [(one["name"], one["value"]) for one in found["inputs"]][:4] == [
        ("8-12.balance_days", str(first)), ("8-12.customer_rate", "5000"),
        ("8-12.transfer_rate", "20000"), ("8-12.fx", "7.00000001"),
    ]  # fmt: skip
    fee = (await rules(ready, "u", "fee"))["2024-03"]
    assert fee["amount"]["amount"] == "21.20"
    assert [(one["name"], one["value"]) for one in fee["inputs"]][1:5] == [
        ("12.amount", "-200"), ("12.fx", "7.00000001"), ("14.amount", "-100"), ("14.fx", "7.20000000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"rate": "0"}, {"rate": "-1"}, {"rate": "7.123456789"}, {"rate": "1e3"}, {"rate": ""},
        {"currency": "usd"}, {"day": "2024-03-32"},
    ],
    ids=str,
)  # fmt: skip
async def test_an_exchange_rate_that_cannot_be_true_is_refused(bank, change):
    answer = await bank.ingest("fx_rates", fx("2024-03-01", "7.1") | change)
    assert [one["code"] for one in answer["rejected"]] == ["INVALID"]
    assert await bank.sql("select 1 from fx_rate") == []
