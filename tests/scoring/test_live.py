"""What is asked live is worked out from every acknowledged record, down to the rule."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'
TREE = f"""contribution({PERIOD}) {{
  total {{ amount currency }}
  lines {{ line amount {{ amount }} products {{ product amount {{ amount }} accounts {{
    account {{ id }} amount {{ amount }} rules {{ rule month amount {{ amount }} formula
      inputs {{ name value unit }} }} }} }} }}
  months {{ month total {{ amount }} lines {{ line amount {{ amount }} }} }} }}"""
LINES = [
    "DEPOSIT", "LOAN", "SETTLEMENT", "INTERMEDIARY", "E_BANKING", "INTERNATIONAL", "COST_TO_SERVE",
    "TAX", "CAPITAL",
]  # fmt: skip


def minor(money) -> int:
    return round(float(money["amount"]) * 100)


async def test_a_customers_contribution_is_explained_down_to_the_rule(ready):
    await ready.post(
        ready.posting("d", 3_600_000, "2024-01-01"),
        ready.posting("d", -100, "2024-03-20", kind="fee", purpose="card"),
    )
    found = (await ready.of_customer("c", TREE))["contribution"]
    assert found["total"] == {"amount": "118.00", "currency": "CNY"}
    assert [line["line"] for line in found["lines"]] == LINES
    [deposit, *_] = found["lines"]
    assert deposit["amount"] == {"amount": "120.00"}
    [product] = deposit["products"]
    assert product["product"] == "deposit_product"
    [account] = product["accounts"]
    january = account["rules"][0]
    assert january == {
        "rule": "deposit_margin",
        "month": "2024-01",
        "amount": {"amount": "46.50"},
        "formula": "balance_days x (transfer_rate - customer_rate) / (basis x 10^6)",
        "inputs": [
            {"name": "balance_days", "value": "111600000", "unit": "minor x days"},
            {"name": "customer_rate", "value": "5000", "unit": "ppm a year"},
            {"name": "transfer_rate", "value": "20000", "unit": "ppm a year"},
            {"name": "basis", "value": "360", "unit": "days"},
        ],
    }
    assert [(m["month"], m["total"]["amount"]) for m in found["months"]] == [
        ("2024-01", "45.50"),
        ("2024-02", "42.50"),
        ("2024-03", "30.00"),
    ]


async def test_every_level_of_the_explanation_adds_up(ready):
    await ready.learn(ready.account_news("e", "c"), ready.account_news("l", "c", line="loan"))
    await ready.ingest(
        "loans",
        {"account_number": "l", "principal_minor": "9999999", "granted_on": "2024-01-17",
         "term_months": "7", "instalment_minor": "1428571", "grade": "substandard",
         "balance_basis": "schedule"},
    )  # fmt: skip
    await ready.post(
        *(
            ready.posting(account, amount, f"2024-0{month}-1{day}", channel=channel, kind=kind)
            for account, amount in (("d", 1_234_567), ("e", -7_654_321), ("d", -333))
            for month, day in ((1, 0), (2, 5), (3, 9))
            for channel, kind in (("online", "transfer_out"), ("pos", "fee"))
        )
    )
    found = (await ready.of_customer("c", TREE))["contribution"]
    total = minor(found["total"])
    assert total == sum(minor(line["amount"]) for line in found["lines"])
    assert total == sum(minor(month["total"]) for month in found["months"])
    for month in found["months"]:
        assert minor(month["total"]) == sum(minor(line["amount"]) for line in month["lines"])
    for line in found["lines"]:
        assert minor(line["amount"]) == sum(minor(p["amount"]) for p in line["products"])
        for product in line["products"]:
            accounts = product["accounts"]
            assert minor(product["amount"]) == sum(minor(a["amount"]) for a in accounts)
            for account in accounts:
                rules = account["rules"]
                assert minor(account["amount"]) == sum(minor(r["amount"]) for r in rules)
    parts = [
        await ready.of_account(n, f"contribution({PERIOD}) {{ total {{ amount }} }}") for n in "del"
    ]
    assert total == sum(minor(part["contribution"]["total"]) for part in parts)


async def test_a_posting_counts_as_soon_as_it_is_acknowledged(ready):
    field = f"contribution({PERIOD}) {{ total {{ amount }} }}"
    before = await ready.of_customer("c", field)
    assert before == {"contribution": {"total": {"amount": "-3.00"}}}
    await ready.post(ready.posting("d", 36_000_000, "2024-03-11"))
    after = await ready.of_customer("c", field)
    assert after == {"contribution": {"total": {"amount": "147.00"}}}
    await ready.post(ready.posting("d", 36_000_000, "2024-01-31", booked_at="2024-03-20T10:00:00Z"))
    late = await ready.of_customer("c", field)
    assert late == {"contribution": {"total": {"amount": "897.00"}}}


async def test_what_is_valued_after_the_business_date_waits_for_its_day(ready):
    await ready.post(
        ready.posting("d", 1_000_000, "2024-03-10"),
        ready.posting("d", 500, "2024-03-25", booked_at="2024-03-20T10:00:00Z", kind="fee"),
        ready.posting("d", 700, "2024-04-02", booked_at="2024-03-20T10:00:00Z", kind="fee"),
    )
    fields = (
        'balance { amount } later: balance(on: "2024-03-25") { amount } '
        'averageDailyBalance(from: "2024-03", to: "2024-03") { amount } '
        'contribution(from: "2024-03", to: "2024-04") { months { total { amount } } }'
    )
    assert await ready.of_account("d", fields) == {
        "balance": {"amount": "10000.00"},
        "later": {"amount": "10005.00"},
        "averageDailyBalance": {"amount": "5500.00"},
        "contribution": {"months": [{"total": {"amount": "3.58"}}, {"total": {"amount": "0.00"}}]},
    }
    ready.now += timedelta(days=6)
    await ready.post(ready.posting("d", 1, "2024-03-20", booked_at="2024-03-26T00:00:00+08:00"))
    assert (await ready.of_account("d", fields))["balance"] == {"amount": "10005.01"}


async def test_daily_balances_are_those_of_each_days_end(ready):
    await ready.post(
        ready.posting("d", 100, "2024-02-27"),
        ready.posting("d", 50, "2024-02-29"),
        ready.posting("d", -20, "2024-02-29"),
        ready.posting("d", 1, "2024-03-02"),
    )
    field = 'dailyBalances(from: "2024-02-28", to: "2024-03-02") { date balance { amount } }'
    found = (await ready.of_account("d", field))["dailyBalances"]
    assert [(one["date"], one["balance"]["amount"]) for one in found] == [
        ("2024-02-28", "1.00"),
        ("2024-02-29", "1.30"),
        ("2024-03-01", "1.30"),
        ("2024-03-02", "1.31"),
    ]


async def test_a_scheduled_loan_stands_at_what_its_terms_say(ready):
    await ready.learn(ready.account_news("l", "c", line="loan", opened_on="2024-01-31"))
    await ready.ingest(
        "loans",
        {"account_number": "l", "principal_minor": "36000000", "granted_on": "2024-01-31",
         "term_months": "3", "instalment_minor": "12000000", "grade": "normal",
         "balance_basis": "schedule"},
    )  # fmt: skip
    await ready.post(ready.posting("l", 5, "2024-02-10", kind="loan_repayment"))
    fields = (
        'balance { amount } granted: balance(on: "2024-01-31") { amount } '
        'dailyBalances(from: "2024-02-28", to: "2024-02-29") { balance { amount } } '
        'averageDailyBalance(from: "2024-02", to: "2024-02") { amount } '
        'contribution(from: "2024-02", to: "2024-02") { lines { line amount { amount } } }'
    )
    found = await ready.of_account("l", fields)
    assert found["balance"] == {"amount": "-240000.00"}
    assert found["granted"] == {"amount": "-360000.00"}
    assert [one["balance"]["amount"] for one in found["dailyBalances"]] == [
        "-360000.00", "-240000.00",
    ]  # fmt: skip
    assert found["averageDailyBalance"] == {"amount": "-355862.07"}
    owed = 36_000_000 * 28 + 24_000_000
    margin, loss = owed * 30_000 // 360_000_000, owed * 4_500 // 360_000_000
    lines = {line["line"]: minor(line["amount"]) for line in found["contribution"]["lines"]}
    assert lines["LOAN"] == margin - loss == 86_000 - 12_900


async def test_a_customer_without_accounts_contributes_nothing_on_every_line(ready):
    await ready.learn(ready.customer_news("idle"))
    found = await ready.of_customer("idle", f"tier {{ code }} {TREE}")
    assert found["tier"] is None
    assert found["contribution"]["total"] == {"amount": "0.00", "currency": "CNY"}
    assert [line["line"] for line in found["contribution"]["lines"]] == LINES
    assert len(found["contribution"]["months"]) == 3


async def test_whom_scoring_does_not_know_is_null(ready):
    fields = f"contribution({PERIOD}) {{ total {{ amount }} }}"
    unknown = {"contribution": None}
    assert await ready.of_customer("nobody", f"{fields} tier {{ code }}") == unknown | {
        "tier": None
    }
    none = await ready.of_account(
        "none", f"{fields} balance {{ amount }} averageDailyBalance({PERIOD}) {{ amount }}"
    )
    assert none == unknown | {"balance": None, "averageDailyBalance": None}
    document = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    data = await ready.data(document, r=[{"__typename": "Customer", "id": "no uuid"}])
    assert data == {"_entities": [None]}


async def test_another_institution_sees_none_of_it(ready):
    await ready.post(ready.posting("d", 3_600_000, "2024-01-01"))
    await ready.settle()
    ready.institution = "B"
    fields = f"contribution({PERIOD}) {{ total {{ amount }} }}"
    assert await ready.of_customer("c", f"{fields} tier {{ code }}") == {
        "contribution": None, "tier": None,
    }  # fmt: skip
    await ready.learn(ready.institution_news())
    assert await ready.of_customer("c", f"{fields} tier {{ code }}") == {
        "contribution": None, "tier": None,
    }  # fmt: skip
    assert await ready.of_account("d", f"{fields} balance {{ amount }}") == {
        "contribution": None, "balance": None,
    }  # fmt: skip
    data = await ready.data(
        f"{{ bankContribution({PERIOD}) {{ total {{ amount }} customers }} topCustomers({PERIOD}) {{ rank }} }}"
    )
    assert data == {
        "bankContribution": {"total": {"amount": "0.00"}, "customers": 0},
        "topCustomers": [],
    }


async def code_of(bank, document, **options) -> str:
    [error] = (await bank.ask(document, **options))["errors"]
    return error["extensions"]["code"]


async def test_missing_rates_are_refused_by_name(ready):
    await ready.learn(ready.account_news("odd", "c", product="odd_product"))
    await ready.post(ready.posting("odd", 5, "2024-02-10"))
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ contribution({PERIOD}) {{ total {{ amount }} }} }} }} }}"
    body = await ready.ask(document, r=[{"__typename": "Customer", "id": str(uuid4())}])
    assert "errors" not in body
    account = await ready.sql("select owner_id from account where number = 'odd'")
    body = await ready.ask(document, r=[{"__typename": "Customer", "id": str(account[0].owner_id)}])
    assert body["data"] == {"_entities": [{"contribution": None}]}
    [error] = body["errors"]
    assert error["extensions"] == {"code": "RATES_MISSING"}
    assert error["message"] == (
        "Cannot be computed: missing customer rate of odd_product for 2024-02, 2024-03; "
        "transfer rate of odd_product for 2024-02, 2024-03."
    )


async def test_periods_that_make_no_sense_are_refused(ready):
    for wrong in ('from: "2024-03", to: "2024-02"', 'from: "2010-01", to: "2024-03"'):
        document = f"{{ bankContribution({wrong}) {{ customers }} }}"
        assert await code_of(ready, document) == "PERIOD_INVALID"
    document = f"{{ topCustomers({PERIOD}, first: 101) {{ rank }} }}"
    assert await code_of(ready, document) == "BAD_REQUEST"
    body = await ready.ask('{ bankContribution(from: "2024-13", to: "2024-03") { customers } }')
    assert "YearMonth" in body["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        f"{{ bankContribution({PERIOD}) {{ customers }} }}",
        f"{{ topCustomers({PERIOD}) {{ rank }} }}",
        f"{{ concentration({PERIOD}) {{ customers }} }}",
        "{ tiers { code } }",
        "{ notComputed { code } }",
        'mutation { recompute(idempotencyKey: "k") { customers } }',
    ],
)
async def test_every_entry_needs_its_scope(ready, document):
    await ready.settle()
    assert await code_of(ready, document, scopes=("customer:read",)) == "FORBIDDEN"
    assert await ready.sql("select 1 from recalculation") == []
    assert await ready.sql("select 1 from institution where recalculate_from is not null") == []


async def test_entities_need_the_scope_too(ready):
    document = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
    for kind in ("Customer", "Account"):
        key = [{"__typename": kind, "id": str(uuid4())}]
        assert await code_of(ready, document, scopes=("customer:read",), r=key) == "FORBIDDEN"


async def test_concurrent_questions_do_not_disturb_one_another(ready):
    await ready.post(ready.posting("d", 3_600_000, "2024-01-01"))
    found = await asyncio.gather(*(ready.of_customer("c", TREE) for _ in range(20)))
    assert all(one == found[0] for one in found)


async def test_a_loan_is_told_before_tax_after_tax_and_after_capital(bank, example_scheme):
    """31 days of 3.6 M at 3 %, less EL of 0.45 %, 25 % tax, 10.5 % capital at 12 %."""
    await bank.ingest(
        "scheme",
        example_scheme
        | {
            "tax": {"income_ppm": 250_000, "on_loss": "credit"},
            "capital": {
                "ratio_ppm": 105_000, "hurdle_ppm": 120_000,
                "weights": {"lines": {"loan": 1_000_000}},
            },
            "cost_to_serve": {"channels": {}, "account_month_minor": 0},
        },
    )  # fmt: skip
    await bank.rates("loan_product", 60_000, 30_000)
    await bank.learn(
        bank.institution_news(),
        bank.customer_news("c"),
        bank.account_news("l", "c", line="loan"),
        bank.account_news("d", "c"),
    )
    await bank.ingest(
        "loans",
        {"account_number": "l", "principal_minor": "360000000", "granted_on": "2024-01-01",
         "term_months": "600", "instalment_minor": "0", "grade": "normal", "balance_basis": "schedule"},
    )  # fmt: skip
    january = """contribution(from: "2024-01", to: "2024-01") { total { amount } gross { amount }
      net { amount } economic { amount } economicCapital { amount } raroc
      months { gross { amount } net { amount } economic { amount } economicCapital { amount } raroc }
      lines { line amount { amount } } }"""
    found = (await bank.of_customer("c", january))["contribution"]
    gross, tax, charge = 790_500, 197_625, 390_600
    lines = {line["line"]: minor(line["amount"]) for line in found["lines"]}
    assert (lines["LOAN"], lines["TAX"], lines["CAPITAL"]) == (gross, -tax, -charge)
    shown = {
        "gross": {"amount": "7905.00"}, "net": {"amount": "5928.75"},
        "economic": {"amount": "2022.75"}, "economicCapital": {"amount": "378000.00"},
        "raroc": "0.182143",
    }  # fmt: skip
    assert found["months"] == [shown]
    assert {name: found[name] for name in shown} == shown
    assert found["total"] == found["gross"]
    deposit = (await bank.of_account("d", january))["contribution"]
    assert (deposit["economicCapital"], deposit["raroc"]) == (None, None)
    await bank.settle()
    views = "gross { amount } net { amount } economic { amount }"
    document = f'{{ bankContribution(from: "2024-01", to: "2024-01") {{ total {{ amount }} {views} months {{ {views} }} }} }}'
    whole = (await bank.data(document))["bankContribution"]
    bank_views = {name: shown[name] for name in ("gross", "net", "economic")}
    assert whole == bank_views | {"total": shown["gross"], "months": [bank_views]}
