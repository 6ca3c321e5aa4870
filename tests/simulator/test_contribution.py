"""The true contribution is what scoring's own rules make of the extract, to the fen."""

import csv
from collections import defaultdict
from datetime import date

import numpy as np
import pyarrow.parquet as pq
import pytest
from scoring.domain.concentration import Concentration
from scoring.domain.contribution import by_line, price
from scoring.domain.line import Line, View
from scoring.domain.months import Period, month_of, plus

from simulator import write_bank
from tests.simulator.extracts import rows_of
from tests.simulator.scored import accounts_of, histories_of, policy_of

MILLION = 1_000_000
GROSS = [line for line in Line if line in View.GROSS.lines]
UNTAXED = {Line.TAX: 0, Line.CAPITAL: 0}


@pytest.mark.parametrize("as_of", [date(2025, 12, 31), date(2025, 6, 17)])
def test_the_truth_is_what_scoring_computes(tmp_path, as_of):
    folder = tmp_path / "b"
    write_bank(folder, customers=900, months=15, seed=2, as_of=as_of)
    rows = rows_of(folder)
    policy = policy_of(rows, as_of)
    period = Period(plus(month_of(as_of), -11), month_of(as_of))
    histories = dict(histories_of(rows, period.first))
    held = defaultdict(list)
    for owner, account in accounts_of(rows):
        held[owner].append((account, histories[account.number]))
    with (folder / "truth" / "contribution.csv").open(encoding="utf-8") as stream:
        truth = {row["customer_number"]: row for row in csv.DictReader(stream)}
    lines_seen = set()
    assert len(truth) == 900
    for number, told in truth.items():
        computed = by_line(price(held[number], policy, period).whole())
        assert computed == {line: int(told[f"{line}_minor"]) for line in GROSS} | UNTAXED, number
        assert int(told["total_minor"]) == sum(computed.values())
        lines_seen |= {line for line, amount in computed.items() if amount}
    assert lines_seen >= set(GROSS) - {Line.INTERNATIONAL}


def test_few_customers_bring_most_and_a_fifth_lose_money(town):
    contribution = pq.read_table(town / "truth" / "contribution.parquet")
    customers = pq.read_table(town / "truth" / "customers.parquet")
    assert contribution["customer_number"] == customers["customer_number"]
    held = ~customers["contact_only"].to_numpy()
    ranked = Concentration.of(contribution["total_minor"].to_numpy()[held].tolist())
    assert 0.75 <= ranked.top(40_000) / ranked.total <= 0.85
    assert ranked.top(200_000) / ranked.total >= 0.95
    assert 0.18 <= ranked.loss_making / len(ranked.values) <= 0.25


def test_every_line_earns(town):
    contribution = pq.read_table(town / "truth" / "contribution.parquet")
    sums = {line: int(np.sum(contribution[f"{line}_minor"].to_numpy())) for line in GROSS}
    whole = sum(sums.values())
    shares = {line.value: round(amount / whole, 2) for line, amount in sums.items()}
    assert {line: share for line, share in shares.items() if share < 0}.keys() == {"cost_to_serve"}
    assert 0.25 < shares["deposit"] < 0.5
    assert 0.25 < shares["loan"] < 0.5
    assert 0.2 < shares["settlement"] < 0.4
    for small in ("intermediary", "e_banking", "international"):
        assert 0.003 < shares[small] < 0.12
    assert -0.25 < shares["cost_to_serve"] < -0.08
