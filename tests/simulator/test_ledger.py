"""The bank's books agree with its accounts to the fen, and show which places dress month-ends."""

from collections import defaultdict
from datetime import date

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from scoring.domain.line import Line
from scoring.domain.month_end import Deviation, month_ends
from scoring.domain.months import Period, days_in, month_of, plus
from scoring.domain.posting import Kind
from scoring.domain.reconciliation import Cell, LedgerTotal, Measure, reconcile

from simulator import write_bank
from tests.simulator.extracts import rows_of
from tests.simulator.scored import accounts_of, histories_of, policy_of

AS_OF = date(2025, 12, 17)
MONTHS = 13
LIMIT_PPM = 40_000
QUARTER_ENDS = (3, 6, 9, 12)
POSTED = {
    Kind.INTEREST_PAID: "interest_paid",
    Kind.INTEREST_CHARGED: "interest_charged",
    Kind.FEE: "fees",
}


@pytest.fixture(scope="module")
def careless(tmp_path_factory):
    """The same bank with sound books, and with some totals wrong."""
    folder = tmp_path_factory.mktemp("books")
    for name, share in (("sound", 0.0), ("careless", 0.02)):
        write_bank(
            folder / name, customers=900, months=MONTHS, seed=2, as_of=AS_OF, defects=share
        )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def cells(careless):
    """What the accounts of the sound bank come to under scoring's rules, by month."""
    rows = rows_of(careless / "sound")
    branch = {one["number"]: one["branch_code"] for one in rows["accounts"]}
    period = Period(plus(month_of(AS_OF), 1 - MONTHS), month_of(AS_OF))
    histories = dict(histories_of(rows, period.first))
    accounts = [(account, histories[account.number]) for _, account in accounts_of(rows)]
    sums = defaultdict(lambda: defaultdict(int))
    for end in month_ends(accounts, policy_of(rows, AS_OF), period):
        one = sums[end.month, end.account.line, end.account.product, branch[end.account.number]]
        one["closing"] += end.closing_minor
        one["balance_days"] += end.balance_days
    for account, history in accounts:
        for month, acts in history.activity.items():
            one = sums[month, account.line, account.product, branch[account.number]]
            for act in acts:
                if act.kind in POSTED:
                    one[POSTED[act.kind]] += act.amount_minor
    found = defaultdict(list)
    for (month, line, product, code), figures in sums.items():
        cell = Cell(line=line, product=product, branch=code, currency="CNY", **figures)
        found[month].append(cell)
    return found


def books(folder):
    found = defaultdict(list)
    for one in rows_of(folder)["general_ledger"]:
        month = date.fromisoformat(one["month"])
        found[month].append(
            LedgerTotal(
                month=month, gl_account=one["gl_account"], name=one["name"],
                measure=Measure(one["measure"]), currency=one["currency"],
                amount_minor=int(one["amount_minor"]), line=one["line"],
                product=one["product_code"], branch=one["branch_code"],
            )
        )  # fmt: skip
    return found


def test_every_month_that_has_ended_is_in_the_books_and_agrees_to_the_fen(careless, cells):
    ledger = books(careless / "sound")
    assert sorted(ledger) == [plus(month_of(AS_OF), back) for back in range(1 - MONTHS, 0)]
    for month, totals in ledger.items():
        found = reconcile(totals, cells[month], days_in(month))
        assert {one.difference_minor for one in found.compared} == {0}, month
        assert found.uncovered == []
        assert {one.measure for one in totals} == set(Measure)
        assert len({one.key for one in totals}) == len(totals)


def test_the_wrong_totals_are_those_that_the_truth_names(careless, cells):
    found = {
        (month, one.total.gl_account, one.total.measure, one.total.product, one.total.branch):
        one.difference_minor
        for month, totals in books(careless / "careless").items()
        for one in reconcile(totals, cells[month], days_in(month)).compared
        if one.difference_minor
    }  # fmt: skip
    told = pyarrow.csv.read_csv(
        careless / "careless" / "truth" / "ledger_differences.csv",
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pyarrow.string() for name in ("gl_account", "branch_code")}
        ),
    ).to_pylist()
    assert len(told) == -(-2 * sum(map(len, books(careless / "sound").values())) // 100)
    assert found == {
        (
            one["month"], one["gl_account"], one["measure"], one["product_code"] or "",
            one["branch_code"] or "",
        ): one["difference_minor"]
        for one in told
    }  # fmt: skip


def test_places_over_the_limit_at_every_quarters_end_are_those_that_dress(town):
    lines = {
        one["code"]: one["line"] for one in pq.read_table(town / "products.parquet").to_pylist()
    }
    figures = {"deposit_balance": defaultdict(int), "deposit_average": defaultdict(int)}
    for one in pq.read_table(town / "general_ledger.parquet").to_pylist():
        if one["measure"] in figures and lines[one["product_code"]] == Line.DEPOSIT:
            figures[one["measure"]][one["month"], one["branch_code"]] += one["amount_minor"]
    closing, average = figures.values()
    over = defaultdict(set)
    for month, branch in closing:
        days = days_in(month)
        held = Deviation(closing[month, branch], average[month, branch] * days, days)
        if held.over(LIMIT_PPM):
            over[month].add(branch)
    ends = [found for month, found in over.items() if month.month in QUARTER_ENDS]
    parameters = pq.read_table(town / "truth" / "parameters.parquet").to_pylist()
    dressed = {one["of"] for one in parameters if one["parameter"] == "dresses_month_ends"}
    assert len(ends) == 6
    assert set.intersection(*ends) == dressed
