"""Distributions of a made-up bank: balances, lines, seasons, weekdays, hours, channels."""

from datetime import date
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def postings(town):
    parts = sorted((town / "postings").glob("*.parquet"))
    tables = [pq.read_table(part) for part in parts]
    plain = pa.concat_tables(tables).unify_dictionaries()
    return {
        "account": plain["account_number"].cast("string").cast(pa.int64()).to_numpy(),
        "amount": plain["amount_minor"].to_numpy(),
        "day": plain["value_date"].to_numpy().astype("datetime64[D]"),
        "hour": pc.hour(plain["booked_at"].cast(pa.timestamp("s", "Asia/Shanghai"))).to_numpy(),
        **{
            name: np.array(plain[name].cast("string").to_pylist(), dtype=object)
            for name in ("channel", "kind", "purpose")
        },
    }


@pytest.fixture(scope="module")
def truth(town):
    return pq.read_table(town / "truth" / "customers.parquet")


def weekdays(days):
    return (days.astype(np.int64) + 3) % 7


def months(days):
    return days.astype("datetime64[M]").astype(np.int64) % 12 + 1


def test_each_customer_moves_about_a_hundred_times_a_year(postings):
    assert 90 < postings["day"].size / 10_000 / 1.5 < 110


def test_balances_are_log_normal_with_a_tail_of_pareto(town, postings):
    product = dict(
        zip(
            *(
                pq.read_table(town / "accounts.parquet")[name].to_pylist()
                for name in ("number", "product_code")
            ),
            strict=True,
        )
    )
    number, place = np.unique(postings["account"], return_inverse=True)
    balance = np.bincount(place, postings["amount"].astype(float))
    mine = np.array([product[str(one)] == "demand_deposit" for one in number])
    held = np.sort(balance[mine & (balance > 100_00)])
    parts = np.linspace(0.03, 0.9, 60)
    normal = [NormalDist().inv_cdf(part) for part in parts]
    assert np.corrcoef(np.log(np.quantile(held, parts)), normal)[0, 1] > 0.99
    tail = held[-held.size // 40 :]
    hill = 1 / np.mean(np.log(tail / tail[0]))
    assert 0.8 < hill < 1.8
    assert held[-held.size // 100 :].sum() / held.sum() > 0.2


def test_kinds_of_people_are_as_in_the_country(truth):
    names, counts = np.unique(np.array(truth["segment"].to_pylist()), return_counts=True)
    shares = dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))
    assert 0.2 < shares["farmer"] < 0.35
    assert 0.1 < shares["migrant_worker"] < 0.25
    assert 0.1 < shares["salaried"] < 0.25
    assert 0.08 < shares["pensioner"] < 0.2
    assert 0.04 < shares["student"] < 0.12
    assert 0.04 < shares["shop_owner"] < 0.12
    assert abs(shares["village_enterprise"] + shares["sme"] + shares["public_body"] - 0.07) < 0.001


def test_every_kind_and_channel_of_the_contract_occurs(postings):
    assert set(postings["channel"]) == {
        "counter", "self_service", "pos", "phone", "online", "mobile", "interbank", "system",
    }  # fmt: skip
    assert set(postings["kind"]) == {
        "cash_deposit", "cash_withdrawal", "card_payment", "card_withdrawal", "transfer_in",
        "transfer_out", "interest_paid", "interest_charged", "fee", "loan_drawdown",
        "loan_repayment", "wealth_purchase", "wealth_redemption", "insurance_premium",
        "fx_purchase", "fx_sale", "trade_finance", "opening_balance",
    }  # fmt: skip


def test_shops_are_fullest_at_weekends_and_counters_on_workdays(postings):
    shop = np.bincount(weekdays(postings["day"][postings["kind"] == "card_payment"]), minlength=7)
    counter = (postings["channel"] == "counter") & (postings["kind"] == "cash_withdrawal")
    till = np.bincount(weekdays(postings["day"][counter]), minlength=7)
    assert shop[5:].mean() > 1.25 * shop[:5].mean()
    assert till[5:].mean() < 0.6 * till[:5].mean()


def test_hours_are_those_of_the_channel(postings):
    hours = {
        channel: np.bincount(postings["hour"][postings["channel"] == channel], minlength=24)
        for channel in ("counter", "mobile", "pos", "system")
    }
    assert hours["counter"][:8].sum() == hours["counter"][18:].sum() == 0
    assert hours["counter"].argmax() in {9, 10}
    assert hours["mobile"][19:23].sum() > hours["mobile"][8:12].sum()
    assert hours["pos"][11:13].mean() > 1.3 * hours["pos"][14:16].mean()
    assert hours["system"][:6].sum() > 0.5 * hours["system"].sum()


def test_harvests_are_sold_in_autumn_and_shopping_peaks_before_the_spring_festival(postings):
    reaped = postings["purpose"] == "harvest"
    by_month = np.bincount(
        months(postings["day"][reaped]), postings["amount"][reaped].astype(float), 13
    )
    assert by_month[[10, 11, 12]].sum() > 0.7 * by_month.sum()
    assert by_month[[1, 2, 3, 4, 5, 7, 8]].sum() == 0
    bought = postings["kind"] == "card_payment"
    day = postings["day"][bought]
    festival = np.datetime64(date(2025, 1, 29))
    before = ((day >= festival - 14) & (day <= festival)).sum() / 15
    usual = ((day >= festival + 30) & (day < festival + 90)).sum() / 60
    assert before > 1.5 * usual
    cash = postings["day"][postings["purpose"] == "festival"]
    assert ((cash < festival) & (cash >= festival - 9)).all()


def test_migrants_send_home_what_arrives_there(postings):
    sent = postings["amount"][(postings["purpose"] == "remittance") & (postings["amount"] < 0)]
    got = postings["amount"][(postings["purpose"] == "remittance") & (postings["amount"] > 0)]
    assert sent.size == got.size > 5_000
    assert sent.sum() == -got.sum()


def test_some_places_dress_their_month_ends(postings):
    window = postings["purpose"] == "window_dressing"
    day, amount = postings["day"][window], postings["amount"][window]
    last = (day + 1).astype("datetime64[M]").astype("datetime64[D]") == day + 1
    assert last[amount > 0].all()
    first = (day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    assert (first[amount < 0] <= 1).all()
    taken = -amount[amount < 0].sum() / amount[amount > 0].sum()
    assert 0.8 < taken < 1


def test_the_digital_leave_the_counter(town, postings, truth):
    holders = pq.read_table(town / "account_holders.parquet").to_pylist()
    owner = {h["account_number"]: h["customer_number"] for h in holders if h["role"] == "owner"}
    digital = dict(
        zip(truth["customer_number"].to_pylist(), truth["digital"].to_numpy().tolist(), strict=True)
    )
    number, place = np.unique(postings["account"], return_inverse=True)
    how = np.array([digital[owner[str(one)]] for one in number])[place]
    own = np.isin(postings["channel"], ["counter", "mobile"])
    mobile = postings["channel"] == "mobile"
    assert mobile[own & (how > 0.8)].mean() > 0.85
    assert mobile[own & (how < 0.2)].mean() < 0.45


def test_time_deposits_fall_due_and_most_are_renewed(town, postings):
    accounts = pq.read_table(town / "accounts.parquet").to_pylist()
    deposits = {int(a["number"]): a for a in accounts if a["product_code"] == "time_deposit"}
    assert 3_000 < len(deposits) < 5_000
    on = np.isin(postings["account"], list(deposits))
    due = postings["account"][on & (postings["kind"] == "interest_paid")]
    ended = postings["account"][on & (postings["purpose"] == "maturity")]
    assert 0.2 < ended.size / due.size < 0.4
    assert all(deposits[one]["closed_on"] is not None for one in ended)


def test_bad_loans_are_not_repaid_for_as_long_as_their_grade_says(town, postings):
    loans = {
        int(row["account_number"]): row
        for row in pq.read_table(town / "loans.parquet").to_pylist()
        if row["balance_basis"] == "postings"
    }
    grades = np.array([row["grade"] for row in loans.values()])
    assert 0.9 < (grades == "normal").mean() < 0.99
    repaid = postings["kind"] == "loan_repayment"
    last = {}
    for account, day in zip(postings["account"][repaid], postings["day"][repaid], strict=True):
        last[account] = day
    least = {"special_mention": 1, "substandard": 3, "doubtful": 7, "loss": 13}
    for account, row in loans.items():
        if row["grade"] in least and account in last:
            months_ago = (np.datetime64("2026-01") - last[account].astype("datetime64[M]")).astype(
                int
            )
            assert months_ago > least[row["grade"]]


def test_the_page_shows_the_bank_and_loads_nothing(town):
    page = (town / "report.html").read_text("utf-8")
    assert page.count("<svg") == 8
    assert "10,000" in page
    for outside in ("http", "<script", "<link", "url(", "src="):
        assert outside not in page
