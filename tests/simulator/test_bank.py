"""The bank that never existed: whole under the contract, believable, the same every time."""

import csv
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from customer.domain.identifiers import check_resident_id, check_uscc
from sheaf.extract.contract import FILE_KINDS, KIND_BY_NAME
from sheaf.extract.manifest import open_extract
from sheaf.extract.reader import read
from sheaf.extract.record import Record

from simulator import write_bank
from tests.simulator.conftest import AS_OF
from tests.simulator.extracts import digests, refused, rows_of

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    out = tmp_path_factory.mktemp("bank") / "extract"
    write_bank(out, customers=400, months=12, seed=7, as_of=AS_OF)
    return out


@pytest.fixture(scope="module")
def rows(bank):
    return rows_of(bank)


NOT_MADE_UP = {"fx_rates", "account_rates"}
"""All accounts are in yuan and at their products' rates, so there is nothing to say in these."""


def test_every_kind_of_the_contract_is_there(rows):
    assert set(rows) == {kind.name for kind in FILE_KINDS} - NOT_MADE_UP | {"scheme"}
    assert len(rows["customers"]) == 400
    assert {product["line"] for product in rows["products"]} == {
        "deposit",
        "loan",
        "settlement",
        "intermediary",
        "e_banking",
        "international",
    }
    held = {a["product_code"] for a in rows["accounts"]}
    assert held <= {p["code"] for p in rows["products"]}
    assert len(held) >= 18


def test_every_reference_leads_to_a_record(rows):
    numbers = {c["number"] for c in rows["customers"]}
    accounts = {a["number"] for a in rows["accounts"]}
    branches = {b["code"] for b in rows["branches"]}
    staff = {s["number"] for s in rows["staff"]}
    assert (len(numbers), len(accounts)) == (400, len(rows["accounts"]))
    assert {c["branch_code"] for c in rows["customers"]} <= branches
    assert {c["manager_number"] for c in rows["customers"]} - {""} <= staff
    assert {b["parent_code"] for b in rows["branches"]} - {""} <= branches
    assert {h["customer_number"] for h in rows["account_holders"]} <= numbers
    assert {c["customer_number"] for c in rows["consents"]} <= numbers
    assert {p["account_number"] for p in rows["postings"]} <= accounts
    assert {loan["settlement_account_number"] for loan in rows["loans"]} <= accounts
    owners = Counter(h["account_number"] for h in rows["account_holders"] if h["role"] == "owner")
    assert owners == dict.fromkeys(accounts, 1)
    held = [(h["account_number"], h["customer_number"]) for h in rows["account_holders"]]
    assert len(set(held)) == len(held)


def test_families_and_firms_belong_together(rows):
    kinds = {g["code"]: g["kind"] for g in rows["groups"]}
    assert len(kinds) == len(rows["groups"])
    assert set(kinds.values()) == {"household", "group"}
    since = {c["number"]: c["since"] for c in rows["customers"]}
    members = Counter(m["group_code"] for m in rows["group_members"])
    assert members.keys() == kinds.keys()
    assert min(members.values()) >= 2
    once = Counter((m["customer_number"], kinds[m["group_code"]]) for m in rows["group_members"])
    assert set(once.values()) == {1}
    assert all(m["since"] == since[m["customer_number"]] for m in rows["group_members"])
    roles = {(kinds[m["group_code"]], m["role"]) for m in rows["group_members"]}
    assert roles <= {
        ("household", "head"), ("household", "spouse"), ("household", "child"), ("household", "parent"),
        ("group", "company"), ("group", "legal_representative"),
    }  # fmt: skip


def test_days_follow_one_another(rows):
    customers = {c["number"]: c for c in rows["customers"]}
    opened = {a["number"]: a["opened_on"] for a in rows["accounts"]}
    for customer in customers.values():
        assert customer["born_on"] < customer["since"] <= "2025-12-31"
    for holder in rows["account_holders"]:
        if holder["role"] == "owner":
            since = customers[holder["customer_number"]]["since"]
            assert since <= opened[holder["account_number"]] <= "2025-12-31"
    for consent in rows["consents"]:
        assert consent["withdrawn_on"] == "" or consent["given_on"] <= consent["withdrawn_on"]
    for posting in rows["postings"]:
        first = max("2025-01-01", opened[posting["account_number"]])
        assert first <= posting["value_date"] <= "2025-12-31"
        assert posting["booked_at"].startswith(posting["value_date"])


def test_identity_numbers_pass_their_check_digits_and_belong_to_nobody(rows):
    documents = Counter(c["id_type"] for c in rows["customers"])
    assert documents["resident_id"] > 300
    assert documents["uscc"] == 28
    for customer in rows["customers"]:
        number = customer["id_number"]
        if customer["id_type"] == "resident_id":
            check_resident_id(number)
            assert number[6:14] == customer["born_on"].replace("-", "")
            assert (int(number[16]) % 2 == 1) == (customer["sex"] == "male")
            assert number[2:4] == "99"
        elif customer["id_type"] == "resident_id_15":
            assert len(number) == 15
            assert number[6:12] == customer["born_on"].replace("-", "")[2:]
        elif customer["id_type"] == "uscc":
            check_uscc(number)
            weights = (3, 7, 9, 10, 5, 8, 4, 2)
            body = zip(weights, number[8:16], strict=True)
            check = sum(weight * int(digit) for weight, digit in body)
            assert (check + (10 if number[16] == "X" else int(number[16]))) % 11 == 0
            assert number[2:6] == "4399"
        assert customer["address"][:4] == "4399"


def test_telephone_numbers_are_of_a_range_that_no_operator_has(rows):
    phones = [c["phone"] for c in rows["customers"] if c["phone"]]
    assert len(set(phones)) > 0.98 * len(phones) > 350
    assert {(len(phone), phone[:3]) for phone in phones} == {(11, "154")}


def test_the_services_take_every_row(bank):
    assert refused(bank) == set()


def test_no_deposit_is_ever_overdrawn(rows):
    lines = {p["code"]: p["line"] for p in rows["products"]}
    overdraws = {a["number"] for a in rows["accounts"] if lines[a["product_code"]] == "loan"}
    balance = Counter()
    booked = sorted(rows["postings"], key=lambda p: (p["booked_at"], p["id"]))
    for posting in booked:
        account = posting["account_number"]
        balance[account] += int(posting["amount_minor"])
        assert balance[account] >= 0 or account in overdraws, posting
    for account in overdraws:
        assert balance[account] <= 0


def test_few_customers_own_most(rows):
    owner = {
        h["account_number"]: h["customer_number"]
        for h in rows["account_holders"]
        if h["role"] == "owner"
    }
    owned = Counter(dict.fromkeys(owner.values(), 0))
    for posting in rows["postings"]:
        owned[owner[posting["account_number"]]] += max(int(posting["amount_minor"]), 0)
    for loan in rows["loans"]:
        owned[owner[loan["account_number"]]] += int(loan["principal_minor"])
    sums = np.sort(np.array(list(owned.values())))[::-1]
    assert sums[:80].sum() > 0.8 * sums.sum()
    assert sums[:16].sum() > 0.5 * sums.sum()


def test_money_moves_in_every_manner_the_scheme_knows(rows):
    kinds = {p["kind"] for p in rows["postings"]}
    assert kinds >= {
        "opening_balance", "cash_deposit", "cash_withdrawal", "card_payment", "card_withdrawal",
        "transfer_in", "transfer_out", "interest_paid", "fee", "loan_drawdown", "loan_repayment",
        "wealth_purchase", "wealth_redemption", "insurance_premium", "fx_sale", "fx_purchase",
    }  # fmt: skip
    assert len({p["id"] for p in rows["postings"]}) == len(rows["postings"])


def test_the_scheme_is_in_force_from_the_first_month_and_shaped_as_scoring_wants_it(rows):
    (scheme,) = rows["scheme"]
    example = Path(__file__).parents[2] / "services" / "scoring" / "schemes" / "example.yaml"
    assert list(scheme) == list(yaml.safe_load(example.read_text(encoding="utf-8")))
    assert scheme["effective_from"] == "2025-01-01"
    months = [rate["effective_from"] for rate in rows["rates"]]
    assert {month[8:] for month in months} == {"01"}
    assert min(months) < "2025-01-01"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_bank(bank, tmp_path):
    write_bank(tmp_path / "same", customers=400, months=12, seed=7, as_of=AS_OF)
    write_bank(tmp_path / "other", customers=400, months=12, seed=8, as_of=AS_OF)
    assert digests(tmp_path / "same") == digests(bank)
    assert digests(tmp_path / "other") != digests(bank)


@pytest.mark.parametrize(("customers", "months"), [(1, 1), (2, 3), (40, 1)])
def test_a_tiny_bank_is_a_bank(tmp_path, customers, months):
    write_bank(tmp_path / "b", customers=customers, months=months, seed=1, as_of=date(2024, 2, 10))
    for kind, file in open_extract(tmp_path / "b").files:
        assert all(isinstance(item, Record) for item in read(file, KIND_BY_NAME[kind], file.name))
    with (tmp_path / "b" / "postings" / "part-0000.csv").open(encoding="utf-8") as stream:
        assert all(row["value_date"] <= "2024-02-10" for row in csv.DictReader(stream))


def test_postings_stand_in_the_order_of_booking(rows):
    assert all(a["booked_at"] <= b["booked_at"] for a, b in pairwise(rows["postings"]))


def test_a_folder_that_holds_anything_is_refused(tmp_path):
    (tmp_path / "note.txt").touch()
    with pytest.raises(FileExistsError, match="is not empty; name a new folder"):
        write_bank(tmp_path, customers=4, months=1, seed=1, as_of=AS_OF)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(("customers", "months"), [(0, 1), (1, 0)])
def test_a_bank_of_nothing_is_refused(tmp_path, customers, months):
    with pytest.raises(ValueError, match="at least one customer and one month"):
        write_bank(tmp_path / "b", customers=customers, months=months, seed=1, as_of=AS_OF)
    assert not (tmp_path / "b").exists()
