"""The Czech bank, converted: nothing lost, nothing invented, balances as the bank's own."""

import csv
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from sheaf.extract.berka import convert
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.manifest import open_extract
from sheaf.extract.problems import ExtractRefused
from sheaf.extract.reader import read
from sheaf.extract.record import Record

SOURCE = Path(__file__).parents[4] / "shared" / "data" / "berka"
TRANSACTIONS = "trans_19930101_19940331_first49102.asc"


@pytest.fixture(scope="module")
def berka(tmp_path_factory):
    if not SOURCE.is_dir():
        pytest.skip("the Berka bank's files are not on this machine (../shared/data/berka)")
    out = tmp_path_factory.mktemp("berka") / "extract"
    convert(SOURCE, out)
    return out


def table(folder, kind):
    with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_row_is_readable_under_the_contract_and_none_is_lost(berka):
    extract = open_extract(berka)
    rows = {}
    for kind, file in extract.files:
        items = list(read(file, KIND_BY_NAME[kind], file.name))
        assert all(isinstance(item, Record) for item in items)
        rows[kind] = len(items)
    assert rows == {
        "institutions": 1,
        "products": 4,
        "branches": 77,
        "customers": 5369,
        "accounts": 4500 + 682,
        "account_holders": 4500 + 869 + 682,
        "cards": 892,
        "scheme": 1,
        "rates": 8,
        "loans": 682,
        "postings": 49102,
    }


def test_the_bank_describes_itself_as_of_its_last_transaction_day(berka):
    assert table(berka, "institutions") == [
        {
            "code": "BERKA",
            "name": "Berka's bank",
            "currency": "CZK",
            "time_zone": "Europe/Prague",
            "as_of": "1994-03-31",
            "union_code": "",
        }
    ]
    assert json.loads((berka / "extract.json").read_text())["as_of"] == "1994-03-31"


def test_loans_keep_their_sum_and_their_grades(berka):
    loans = table(berka, "loans")
    assert sum(int(loan["principal_minor"]) for loan in loans) == 10_326_174_000
    assert Counter(loan["grade"] for loan in loans) == {
        "normal": 203 + 403,
        "substandard": 45,
        "doubtful": 31,
    }
    assert loans[0] == {
        "account_number": "L5314",
        "settlement_account_number": "1787",
        "principal_minor": "9639600",
        "granted_on": "1993-07-05",
        "term_months": "12",
        "instalment_minor": "803300",
        "grade": "doubtful",
        "balance_basis": "schedule",
    }


def test_every_account_has_one_owner_and_loans_belong_to_it(berka):
    holders = table(berka, "account_holders")
    owners = {h["account_number"]: h["customer_number"] for h in holders if h["role"] == "owner"}
    assert len(owners) == sum(h["role"] == "owner" for h in holders) == 4500 + 682
    assert Counter(h["role"] for h in holders)["authorised"] == 869
    for loan in table(berka, "loans"):
        assert owners[loan["account_number"]] == owners[loan["settlement_account_number"]]


def test_birth_numbers_tell_day_and_sex(berka):
    customers = {c["number"]: c for c in table(berka, "customers")}
    woman, man = customers["1"], customers["2"]
    assert (woman["id_number"], woman["born_on"], woman["sex"]) == (
        "706213",
        "1970-12-13",
        "female",
    )
    assert (man["id_number"], man["born_on"], man["sex"]) == ("450204", "1945-02-04", "male")


def test_transactions_are_told_in_the_contracts_words(berka):
    postings = table(berka, "postings")
    assert Counter((p["channel"], p["kind"], p["purpose"]) for p in postings) == {
        ("counter", "cash_deposit", ""): 9759,
        ("counter", "cash_withdrawal", ""): 13436 + 651 + 41,
        ("counter", "cash_withdrawal", "household"): 116,
        ("self_service", "card_withdrawal", ""): 12,
        ("interbank", "transfer_in", ""): 2002,
        ("interbank", "transfer_in", "pension"): 1770,
        ("interbank", "transfer_out", ""): 1636 + 337,
        ("interbank", "transfer_out", "household"): 3603,
        ("interbank", "transfer_out", "insurance"): 644,
        ("interbank", "transfer_out", "loan"): 123,
        ("system", "interest_paid", "interest"): 9463,
        ("system", "interest_charged", "penalty_interest"): 64,
        ("system", "fee", "statement_fee"): 5445,
    }


def test_rebuilt_balances_agree_with_the_banks_own(berka):
    """The file orders no rows within a day, so a day agrees when its end stands in one of them."""
    stated = defaultdict(list)
    with (SOURCE / TRANSACTIONS).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            day = f"19{row['date'][:2]}-{row['date'][2:4]}-{row['date'][4:]}"
            stated[row["account_id"], day].append(int(Decimal(row["balance"]) * 100))
    moved = Counter()
    for posting in table(berka, "postings"):
        moved[posting["account_number"], posting["value_date"]] += int(posting["amount_minor"])
    balance = Counter()
    agreeing = 0
    for account, day in sorted(moved):
        balance[account] += moved[account, day]
        ends = stated[account, day]
        agreeing += any(abs(balance[account] - end) <= 100 for end in ends)
    assert (len(moved), agreeing) == (39_960, 39_932)


def test_the_conversion_is_the_same_every_time(berka, tmp_path):
    convert(SOURCE, tmp_path / "again")
    for file in sorted(berka.iterdir()):
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ExtractRefused) as refused:
        convert(tmp_path, tmp_path / "out")
    assert str(refused.value) == (
        f"{tmp_path} lacks district.asc, which the Berka bank consists of."
    )
    assert not (tmp_path / "out").exists()
