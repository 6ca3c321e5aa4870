"""What the truth folder says agrees with the extract, and is worth being found."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest


def table(folder, name):
    return pq.read_table(folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def customers(town):
    return {row["number"]: row for row in table(town, "customers").to_pylist()}


@pytest.fixture(scope="module")
def truth(town):
    return {row["customer_number"]: row for row in table(town, "truth/customers").to_pylist()}


def test_every_customer_has_a_truth(customers, truth):
    assert len(truth) == 10_000
    assert customers.keys() == truth.keys()


def test_duplicates_are_the_same_person_at_another_place_with_slips(customers, truth):
    records = Counter(row["person"] for row in truth.values())
    assert set(records.values()) == {1, 2}
    assert sum(count == 2 for count in records.values()) == 200
    first = {row["person"]: number for number, row in truth.items() if not row["duplicate"]}
    elsewhere = 0
    for number, row in truth.items():
        if not row["duplicate"]:
            continue
        second, original = customers[number], customers[first[row["person"]]]
        assert second["born_on"] == original["born_on"]
        assert second["since"] >= original["since"]
        assert (second["name"] != original["name"]) == row["name_mistyped"]
        if row["phone_changed"]:
            assert second["phone"] != original["phone"]
        else:
            assert second["phone"] == original["phone"]
        whole = original["id_number"]
        if row["id_missing"]:
            assert (second["id_type"], second["id_number"]) == (None, None)
        elif row["id_of_15_digits"]:
            assert second["id_type"] == "resident_id_15"
            assert second["id_number"] == whole[:6] + whole[8:17]
        else:
            assert second["id_number"] == whole
        elsewhere += second["branch_code"] != original["branch_code"]
    assert elsewhere > 150
    ids = Counter(
        row["id_number"]
        for n, row in customers.items()
        if row["id_number"] and not truth[n]["duplicate"]
    )
    assert set(ids.values()) == {1}


def test_households_share_a_house_and_a_surname(customers, truth):
    homes = {}
    for number, row in truth.items():
        if row["household"] and not row["duplicate"]:
            homes.setdefault(row["household"], []).append(
                (row["household_role"], customers[number])
            )
    sizes = Counter(len(home) for home in homes.values())
    assert sizes[1] > sizes[3] > sizes[5] > 0
    for home in homes.values():
        assert len({one["address"] for _, one in home}) == 1
        assert len({one["name"][0] for role, one in home if role != "spouse"}) == 1
        heads = [one for role, one in home if role == "head"]
        assert len(heads) == 1
        for role, one in home:
            if role == "child":
                assert one["born_on"] > heads[0]["born_on"]
            if role == "spouse":
                assert one["sex"] == "female"
                assert heads[0]["sex"] == "male"


def test_the_salary_comes_on_the_day_that_the_truth_names(town, truth):
    postings = table(town, "postings/part-0000")
    wages = postings.filter(pc.equal(postings["purpose"].cast("string"), "salary"))
    accounts = wages["account_number"].cast("string").to_pylist()
    owner = {
        row["account_number"]: row["customer_number"]
        for row in table(town, "account_holders").to_pylist()
        if row["role"] == "owner"
    }
    seen = 0
    for account, day in zip(accounts, wages["value_date"].to_pylist(), strict=True):
        wanted = truth[owner[account]]["salary_day"]
        nominal = day.replace(day=wanted)
        while nominal.weekday() > 4:
            nominal -= timedelta(days=1)
        assert day == nominal
        seen += 1
    assert seen > 20_000


def test_the_favourite_category_is_where_most_is_bought(town, truth):
    postings = table(town, "postings/part-0000")
    bought = postings.filter(pc.equal(postings["kind"].cast("string"), "card_payment"))
    owner = {
        row["account_number"]: row["customer_number"]
        for row in table(town, "account_holders").to_pylist()
        if row["role"] == "owner"
    }
    counts = {}
    pairs = zip(
        bought["account_number"].cast("string").to_pylist(),
        bought["purpose"].cast("string").to_pylist(),
        strict=True,
    )
    for account, category in pairs:
        counts.setdefault(owner[account], Counter())[category] += 1
    often = {n: c for n, c in counts.items() if c.total() >= 40}
    right = [c.most_common(1)[0][0] == truth[n]["favourite"] for n, c in often.items()]
    assert len(right) > 500
    assert np.mean(right) > 0.9


def test_who_left_takes_all_away_and_does_nothing_more(town, truth):
    left = {n: row["churned_on"] for n, row in truth.items() if row["churned_on"]}
    assert 350 < len(left) < 900
    owned = {
        row["account_number"]: row["customer_number"]
        for row in table(town, "account_holders").to_pylist()
        if row["role"] == "owner" and row["customer_number"] in left
    }
    balance, last = Counter(), {}
    for part in ("0000", "0001"):
        postings = table(town, f"postings/part-{part}")
        rows = zip(
            postings["account_number"].cast("string").to_pylist(),
            postings["amount_minor"].to_pylist(),
            postings["value_date"].to_pylist(),
            strict=True,
        )
        for account, amount, day in rows:
            if account in owned:
                balance[account] += amount
                last[account] = day
    assert set(balance.values()) == {0}
    assert all(day <= left[owned[account]] for account, day in last.items())
    closed = [
        row["closed_on"] == left[owned[row["number"]]]
        for row in table(town, "accounts").to_pylist()
        if row["number"] in owned and row["product_code"] == "demand_deposit"
    ]
    assert 0.7 < np.mean(closed) < 0.9


def test_leaving_follows_the_hazard(truth):
    people = [row for row in truth.values() if row["churn_hazard_ppm"]]
    likely = sorted(people, key=lambda row: row["churn_hazard_ppm"])
    tenth = len(likely) // 10
    low, high = (
        np.mean([row["churned_on"] is not None for row in part])
        for part in (likely[:tenth], likely[-tenth:])
    )
    assert low < 0.03
    assert high > 0.12
    expected = sum(1 - (1 - row["churn_hazard_ppm"] / 1e6) ** 18 for row in people)
    left = sum(row["churned_on"] is not None for row in people)
    assert abs(left / expected - 1) < 0.1
    assert all(row["churned_on"] is None for row in truth.values() if not row["churn_hazard_ppm"])


def test_both_outcomes_are_known_and_some_are_worse_for_the_contact(town):
    told = table(town, "truth/responses")
    assert told.num_rows == 6 * 10_000
    without, contacted = (
        told[name].to_numpy() / 1e6 for name in ("chance_without_ppm", "chance_with_ppm")
    )
    takes = {w: told[f"takes_{w}"].to_numpy() for w in ("without", "with")}
    kind = np.array(told["type"].to_pylist())
    effect = contacted - without
    assert (effect[kind == "sleeping_dog"] < 0).all()
    assert (effect[kind == "persuadable"] > 0).all()
    assert (effect[(kind == "lost_cause") | (kind == "sure_thing")] == 0).all()
    assert 0.08 < np.mean(effect < 0) < 0.2
    assert 0.01 < effect.mean() < 0.05
    for kind_chance, taken in ((without, takes["without"]), (contacted, takes["with"])):
        assert abs(taken.mean() - kind_chance.mean()) < 0.005
    lift = takes["with"].mean() - takes["without"].mean()
    assert abs(lift - effect.mean()) < 0.003
    assert np.std(effect) > 0.05


def test_shares_in_customers_sum_to_one(town, customers):
    shares = Counter()
    seen = 0
    for row in table(town, "truth/manager_shares").to_pylist():
        shares[row["customer_number"]] += row["share_ppm"]
        seen += row["manager_number"] != customers[row["customer_number"]]["manager_number"]
    assert set(shares.values()) == {1_000_000}
    assert shares.keys() == {n for n, row in customers.items() if row["manager_number"]}
    assert seen > 300


def test_firms_have_a_representative_who_may_act_on_the_account(town, customers):
    groups = table(town, "truth/business_groups").to_pylist()
    firms = {n for n, row in customers.items() if row["kind"] == "enterprise"}
    assert {row["customer_number"] for row in groups} == firms
    acting = {
        row["customer_number"]
        for row in table(town, "account_holders").to_pylist()
        if row["role"] == "authorised"
    }
    assert acting == {row["legal_representative"] for row in groups}
    assert len({row["business_group"] for row in groups}) < len(groups)


def test_contacts_hold_nothing(town, truth):
    contacts = {n for n, row in truth.items() if row["contact_only"]}
    assert 30 < len(contacts) < 100
    for kind in ("account_holders", "cards", "consents"):
        assert not contacts & set(table(town, kind)["customer_number"].to_pylist())
