"""The true contribution is what scoring's own rules make of the extract, to the fen."""

import csv
from collections import defaultdict
from datetime import date
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pyarrow.parquet as pq
import pytest
from scoring.domain.account import Account, Activity, History, Moments
from scoring.domain.concentration import Concentration
from scoring.domain.contribution import by_line, price
from scoring.domain.line import Line, View
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.scheme_document import scheme_of

from simulator import write_bank
from tests.simulator.extracts import rows_of

MILLION = 1_000_000
GROSS = [line for line in Line if line in View.GROSS.lines]
UNTAXED = {Line.TAX: 0, Line.CAPITAL: 0}


def accounts_of(rows):
    lines = {p["code"]: Line(p["line"]) for p in rows["products"]}
    owner = {
        h["account_number"]: h["customer_number"]
        for h in rows["account_holders"]
        if h["role"] == "owner"
    }
    terms = {
        loan["account_number"]: LoanTerms(
            principal_minor=int(loan["principal_minor"]),
            granted_on=date.fromisoformat(loan["granted_on"]),
            term_months=int(loan["term_months"]),
            instalment_minor=int(loan["instalment_minor"]),
            grade=Grade(loan["grade"]),
            balance_basis=BalanceBasis(loan["balance_basis"]),
        )
        for loan in rows["loans"]
    }
    for one in rows["accounts"]:
        yield owner[one["number"]], Account(
            id=uuid5(NAMESPACE_URL, one["number"]),
            number=one["number"],
            owner_id=uuid5(NAMESPACE_URL, owner[one["number"]]),
            product=one["product_code"],
            line=lines[one["product_code"]],
            currency=one["currency"],
            opened_on=date.fromisoformat(one["opened_on"]),
            closed_on=date.fromisoformat(one["closed_on"]) if one["closed_on"] else None,
            loan=terms.get(one["number"]),
        )  # fmt: skip


def histories_of(rows, first):
    opening = defaultdict(int)
    moments = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    acts = defaultdict(lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))
    for one in rows["postings"]:
        account, amount = one["account_number"], int(one["amount_minor"])
        day = date.fromisoformat(one["value_date"])
        if day < first:
            opening[account] += amount
            continue
        sums = moments[account][month_of(day)]
        sums[0] += amount
        sums[1] += amount * day.day
        act = acts[account][month_of(day)][one["channel"], one["kind"], one["purpose"]]
        act[0] += 1
        act[1] += amount
    for one in rows["accounts"]:
        number = one["number"]
        yield (
            number,
            History(
                opening[number],
                {month: Moments(*sums) for month, sums in moments[number].items()},
                {
                    month: [
                        Activity(Channel(c), Kind(k), p, count, amount)
                        for (c, k, p), (count, amount) in by.items()
                    ]
                    for month, by in acts[number].items()
                },
            ),
        )


@pytest.mark.parametrize("as_of", [date(2025, 12, 31), date(2025, 6, 17)])
def test_the_truth_is_what_scoring_computes(tmp_path, as_of):
    folder = tmp_path / "b"
    write_bank(folder, customers=900, months=15, seed=2, as_of=as_of)
    rows = rows_of(folder)
    (document,) = rows["scheme"]
    rates = [
        Rate(
            r["product_code"], RateKind(r["rate_kind"]), date.fromisoformat(r["effective_from"]),
            int(r["rate_ppm"]),
        )
        for r in rows["rates"]
    ]  # fmt: skip
    policy = Policy(
        institution="SHEAF", currency="CNY", time_zone="Asia/Shanghai", business_date=as_of,
        schemes=[scheme_of(document)], rates=RateBook.of(rates),
    )  # fmt: skip
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
