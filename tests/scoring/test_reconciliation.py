"""The general ledger against the accounts: a clean bank agrees, planted differences are found."""

from datetime import date

import pytest
from scoring.domain.line import Line
from scoring.domain.reconciliation import Cell, LedgerTotal, Measure, reconcile
from scoring.domain.tolerance import Tolerance
from scoring.operations.archiving import Keeping, archive_closed

pytestmark = pytest.mark.anyio

JANUARY = date(2024, 1, 1)


def total(measure, amount, **changes) -> LedgerTotal:
    facts = {"gl_account": "2011", "name": "", "currency": "CNY"} | changes
    return LedgerTotal(month=JANUARY, measure=measure, amount_minor=amount, **facts)


CELLS = [
    Cell(line=Line.DEPOSIT, product="demand", branch="01", currency="CNY", closing=70, balance_days=62,
         interest_paid=3, fees=-2),
    Cell(line=Line.DEPOSIT, product="demand", branch="02", currency="CNY", closing=30, balance_days=31),
    Cell(line=Line.LOAN, product="mortgage", branch="01", currency="CNY", closing=-500,
         balance_days=-31 * 500, interest_charged=-9),
    Cell(line=Line.DEPOSIT, product="demand", branch="01", currency="USD", closing=7),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        (total(Measure.DEPOSIT_BALANCE, 0), 100),
        (total(Measure.DEPOSIT_BALANCE, 0, branch="02"), 30),
        (total(Measure.DEPOSIT_BALANCE, 0, currency="USD"), 7),
        (total(Measure.DEPOSIT_BALANCE, 0, product="time"), 0),
        (total(Measure.DEPOSIT_AVERAGE, 0), 3),
        (total(Measure.LOAN_BALANCE, 0), 500),
        (total(Measure.LOAN_BALANCE, 0, line="loan", product="mortgage"), 500),
        (total(Measure.LOAN_AVERAGE, 0), 500),
        (total(Measure.INTEREST_PAID, 0), 3),
        (total(Measure.INTEREST_CHARGED, 0), 9),
        (total(Measure.FEE_INCOME, 0, branch="01"), 2),
    ],
)
def test_a_total_is_compared_with_its_accounts_in_the_ledgers_sign(given, computed):
    [found] = reconcile([given], CELLS, 31, Tolerance(minor=computed)).compared
    assert (found.computed_minor, found.difference_minor) == (computed, -computed)
    assert found.within
    for less in {0, max(computed - 1, 0)}:
        [found] = reconcile([given], CELLS, 31, Tolerance(minor=less)).compared
        assert found.within == (computed == 0)


@pytest.mark.parametrize(
    ("tolerance", "total", "allowed"),
    [
        (Tolerance(), 10**12, 0),
        (Tolerance(minor=5), 10**12, 5),
        (Tolerance(ppm=10), 10**9, 10_000),
        (Tolerance(ppm=10), -(10**9), 10_000),
        (Tolerance(ppm=10), 99_999, 0),
        (Tolerance(minor=5, ppm=10), 400_000, 5),
        (Tolerance(minor=5, ppm=10), 600_000, 6),
    ],
)
def test_a_tolerance_is_an_amount_or_a_part_of_the_total_whichever_is_more(
    tolerance, total, allowed
):
    assert tolerance.of(total) == allowed


def test_accounts_that_no_total_counts_are_told():
    found = reconcile([total(Measure.DEPOSIT_BALANCE, 70, branch="01")], CELLS, 31)
    assert [(one.cell.branch, one.cell.currency, one.amount_minor) for one in found.uncovered] == [
        ("02", "CNY", 30), ("01", "USD", 7),
    ]  # fmt: skip


def ledger(measure, amount, **changes) -> dict:
    return {
        "gl_account": "2011", "name": "Deposits", "month": "2024-01-01", "measure": measure,
        "currency": "CNY", "amount_minor": str(amount), "line": "", "product_code": "",
        "branch_code": "",
    } | changes  # fmt: skip


@pytest.fixture
async def booked(branched):
    """January: 468,000.00 of deposits, a loan of 3,100.00 by its terms, interest and a fee."""
    await branched.learn(branched.account_news("l", "c", line="loan"))
    await branched.ingest(
        "loans",
        {
            "account_number": "l", "settlement_account_number": "d", "principal_minor": "310000",
            "granted_on": "2024-01-02", "term_months": "12", "instalment_minor": "10000",
            "grade": "normal", "balance_basis": "schedule",
        },
    )  # fmt: skip
    await branched.post(
        branched.posting("d", 700, "2024-01-31", kind="interest_paid"),
        branched.posting("dp", -300, "2024-01-31", kind="fee", channel="counter"),
        branched.posting("dp", -400, "2024-01-31", kind="interest_charged"),
    )
    await branched.settle()
    return branched


TRUE = [
    ("deposit_balance", 46_800_000, {"product_code": "deposit_product"}),
    ("deposit_average", 46_800_000, {}),
    ("loan_balance", 310_000, {"gl_account": "1301", "branch_code": "01"}),
    ("loan_average", 300_000, {"gl_account": "1301"}),
    ("interest_paid", 700, {"gl_account": "5211"}),
    ("interest_charged", 400, {"gl_account": "5011", "line": "deposit"}),
    ("fee_income", 300, {"gl_account": "5111"}),
]
RECONCILE = """query($tolerance: Int, $only: Boolean! = false, $first: Int! = 20, $after: String) {
  reconciliation(month: "2024-01", toleranceMinor: $tolerance, differencesOnly: $only, first: $first,
    after: $after) { totals differences uncovered { measure product branch amount { amount } }
    lines { glAccount measure ledger { amount } computed { amount } difference { amount } within
      cursor } } }"""


async def reconciled(bank, **asked):
    return (await bank.data(RECONCILE, **asked))["reconciliation"]


async def test_the_books_of_a_clean_bank_agree_to_the_fen(booked):
    answer = await booked.ingest("general_ledger", *(ledger(*one[:2], **one[2]) for one in TRUE))
    assert (answer["accepted"], answer["rejected"]) == (7, [])
    found = await reconciled(booked)
    assert {one["measure"]: one["difference"]["amount"] for one in found["lines"]} == {
        one[0].upper(): "0.00" for one in TRUE
    }
    assert (found["totals"], found["differences"], found["uncovered"]) == (7, 0, [])


async def test_a_month_that_lies_in_files_agrees_too(booked):
    await booked.ingest("general_ledger", *(ledger(*one[:2], **one[2]) for one in TRUE))
    assert await archive_closed(
        Keeping(booked.db, booked.archive, 1), at=booked.now, everything=True
    )
    assert await booked.sql("select 1 from account_activity where month = '2024-01-01'") == []
    for rate in (None, 20_001):
        if rate:
            await booked.rates("deposit_product", 5_000, rate)
            await booked.settle()
        found = await reconciled(booked)
        assert {one["difference"]["amount"] for one in found["lines"]} == {"0.00"}
        fees = """{ reconciledAccounts(month: "2024-01", measure: FEE_INCOME) { number } }"""
        assert await booked.data(fees) == {"reconciledAccounts": [{"number": "dp"}]}


async def test_planted_differences_are_found_and_no_others(booked):
    planted = {"deposit_balance": 5, "fee_income": -300, "loan_balance": 1_000_000}
    await booked.ingest(
        "general_ledger", *(ledger(m, a + planted.get(m, 0), **c) for m, a, c in TRUE)
    )
    found = await reconciled(booked, only=True)
    assert {one["measure"]: one["difference"]["amount"] for one in found["lines"]} == {
        "DEPOSIT_BALANCE": "0.05", "FEE_INCOME": "-3.00", "LOAN_BALANCE": "10000.00",
    }  # fmt: skip
    assert found["differences"] == 3
    found = await reconciled(booked, only=True, tolerance=5)
    assert [one["measure"] for one in found["lines"]] == ["LOAN_BALANCE", "FEE_INCOME"]
    [first] = (await reconciled(booked, only=True, first=1))["lines"]
    rest = await reconciled(booked, only=True, after=first["cursor"])
    assert [one["glAccount"] for one in [first, *rest["lines"]]] == ["1301", "2011", "5111"]


async def test_the_scheme_says_what_is_tolerated_unless_the_question_does(bank, example_scheme):
    tolerant = {"reconciliation": {"tolerance_minor": 5, "tolerance_ppm": 1_000}}
    await bank.ingest("scheme", example_scheme | tolerant)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"))
    await bank.post(bank.posting("d", 1_000_000, "2024-01-01"))
    await bank.settle()
    await bank.ingest(
        "general_ledger",
        ledger("deposit_balance", 1_001_001),
        ledger("fee_income", 5, gl_account="5111"),
        ledger("interest_paid", 6, gl_account="5211"),
    )
    document = """query($tolerance: Int) {
      reconciliation(month: "2024-01", toleranceMinor: $tolerance) {
        differences lines { tolerance { amount } within } } }"""
    found = (await bank.data(document))["reconciliation"]
    assert found["differences"] == 1
    assert [(one["tolerance"]["amount"], one["within"]) for one in found["lines"]] == [
        ("10.01", True), ("0.05", True), ("0.05", False),
    ]  # fmt: skip
    for asked, differences in ((0, 3), (5, 2), (6, 1), (1_001, 0)):
        found = (await bank.data(document, tolerance=asked))["reconciliation"]
        assert found["differences"] == differences


async def test_a_reconciliation_costs_three_statements_and_its_accounts_two(booked, statements):
    await booked.ingest("general_ledger", *(ledger(*one[:2], **one[2]) for one in TRUE))
    asked = (
        '{ reconciledAccounts(month: "2024-01", measure: FEE_INCOME) { number account { id } } }'
    )
    for document, cost in (
        ('{ reconciliation(month: "2024-01") { lines { glAccount } uncovered { product } } }', 3),
        (asked, 2),
    ):
        await booked.data(document)
        with statements() as sent:
            await booked.data(document)
        assert len(sent) == cost, sent


async def test_products_at_branches_that_the_ledger_leaves_out_are_told(booked):
    await booked.ingest("general_ledger", ledger("deposit_balance", 0, product_code="time"))
    assert (await reconciled(booked))["uncovered"] == [
        {
            "measure": "DEPOSIT_BALANCE", "product": "deposit_product", "branch": "01",
            "amount": {"amount": "468000.00"},
        }
    ]  # fmt: skip


async def test_the_last_total_sent_holds_and_the_same_again_changes_nothing(booked):
    await booked.ingest("general_ledger", ledger("deposit_balance", 1))
    assert (await booked.ingest("general_ledger", ledger("deposit_balance", 2)))["accepted"] == 1
    again = await booked.ingest("general_ledger", ledger("deposit_balance", 2))
    assert (again["accepted"], again["unchanged"]) == (0, 1)
    [line] = (await reconciled(booked))["lines"]
    assert line["ledger"]["amount"] == "0.02"


async def test_accounts_behind_a_figure_sum_to_it(booked):
    document = """query($measure: LedgerMeasure!, $after: String, $first: Int! = 2) {
      reconciledAccounts(month: "2024-01", measure: $measure, after: $after, first: $first) {
        number amount { amount } cursor account { id } } }"""

    async def page(measure, **asked):
        return (await booked.data(document, measure=measure, **asked))["reconciledAccounts"]

    first = await page("DEPOSIT_BALANCE")
    rest = await page("DEPOSIT_BALANCE", after=first[-1]["cursor"])
    assert [(one["number"], one["amount"]["amount"]) for one in first + rest] == [
        ("d", "36007.00"), ("dp", "71993.00"), ("dq", "360000.00"),
    ]  # fmt: skip
    assert [(one["number"], one["amount"]["amount"]) for one in await page("LOAN_AVERAGE")] == [
        ("l", "3000.00")
    ]
    assert [(one["number"], one["amount"]["amount"]) for one in await page("FEE_INCOME")] == [
        ("dp", "3.00")
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"measure": "profit"}, "measure: "),
        ({"month": "2024-01-31"}, "month: "),
        ({"line": "sundry"}, "line: "),
        ({"amount_minor": "1000000000000000000"}, "amount_minor: "),
    ],
)
async def test_a_total_that_cannot_be_is_refused_with_its_column(bank, changes, reason):
    answer = await bank.ingest("general_ledger", ledger("fee_income", 1) | changes)
    [rejected] = answer["rejected"]
    assert rejected["code"] == "INVALID"
    assert rejected["reason"].startswith(reason)
    assert await bank.sql("select 1 from ledger_total") == []


async def test_a_month_that_has_not_ended_or_that_the_ledger_lacks(booked):
    [error] = (await booked.ask('{ reconciliation(month: "2024-03") { totals } }'))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "PERIOD_INVALID", "2024-03 has not ended on the business date 2024-03-20.",
    )  # fmt: skip
    assert await booked.data('{ reconciliation(month: "2024-02") { totals } }') == {
        "reconciliation": None
    }


@pytest.mark.parametrize(
    "field",
    [
        'reconciliation(month: "2024-01") { totals }',
        'reconciledAccounts(month: "2024-01", measure: FEE_INCOME) { number }',
    ],
)
async def test_nobody_without_the_scope_reconciles(ready, field):
    [error] = (await ready.ask(f"{{ {field} }}", scopes=()))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
