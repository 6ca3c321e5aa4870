"""A bank's extract priced by one command, without a database."""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scoring.operations.whole_bank import CannotPriceError, connect, run

from simulator import write_bank

MONTHS = ("--from", "2024-01", "--to", "2024-03")


@pytest.fixture(scope="module")
def bank(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "bank"
    write_bank(out, customers=60, months=4, seed=5, as_of=date(2024, 3, 20), format="parquet")
    return out


@pytest.fixture
def copy(bank, tmp_path) -> Path:
    return Path(shutil.copytree(bank, tmp_path / "copy"))


def describe(folder, **changes):
    path = folder / "extract.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(*arguments):
    with pytest.raises(CannotPriceError) as caught:
        run([str(one) for one in arguments])
    return str(caught.value)


def test_the_table_says_what_the_sums_add_up_to(bank, tmp_path):
    out = tmp_path / "sums.parquet"
    done = subprocess.run(
        [sys.executable, "-m", "sheaf", "contribution", bank, *MONTHS, "--out", out],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    sums = pq.read_table(out).to_pylist()
    told = dict(line.split()[:2] for line in done.stdout.splitlines() if line.endswith(" CNY"))
    for line in ("deposit", "cost_to_serve"):
        minor = sum(row["amount_minor"] for row in sums if row["line"] == line)
        assert minor
        assert told[line].replace(".", "") == str(minor)
    assert f"{len({row['customer'] for row in sums})} with a contribution" in done.stdout
    assert "Months     2024-01 to 2024-03, as of 2024-03-20" in done.stdout
    assert {row["month"] for row in sums} == {date(2024, month, 1) for month in (1, 2, 3)}


def test_joint_holders_have_equal_parts_of_the_same_sums(copy, tmp_path):
    def sums(name):
        out = tmp_path / name
        run([str(copy), *MONTHS, "--out", str(out)])
        return pq.read_table(out).to_pylist()

    def by_holders(rows):
        found = defaultdict(dict)
        for row in rows:
            found[row["account"], row["month"], row["line"]][row["customer"]] = row["amount_minor"]
        return found

    whole = by_holders(sums("whole"))
    with (copy / "scheme.yaml").open("a") as scheme:
        scheme.write("joint_holders: equal\n")
    parts = by_holders(sums("parts"))
    (name,) = json.loads((copy / "extract.json").read_text())["files"]["account_holders"]
    joint = defaultdict(set)
    for row in pq.read_table(copy / name).to_pylist():
        if row["role"] == "joint":
            joint[row["account_number"]].add(row["customer_number"])
    for key in parts.keys() | whole.keys():
        assert sum(parts[key].values()) == sum(whole[key].values())
    for key, owned in whole.items():
        ((owner, amount),) = owned.items()
        assert parts[key].keys() <= {owner, *joint[key[0]]}
        if abs(amount) > 10_000:
            assert parts[key].keys() == {owner, *joint[key[0]]}
    assert any(len(amounts) > 1 for amounts in parts.values())


def test_what_is_missing_is_named_with_how_many_it_concerns(copy):
    (name,) = json.loads((copy / "extract.json").read_text())["files"]["rates"]
    rates = pq.read_table(copy / name)
    pq.write_table(rates.filter([False] * len(rates)), copy / name)
    told = run([str(copy), *MONTHS])
    assert "Missing, so that these customers' months from there on are left out:" in told
    assert "  RATES_MISSING  customer rate of " in told


def test_rates_of_accounts_and_of_exchange_are_read(copy, tmp_path):
    """Who gets what the money is worth leaves nothing; a dollar at 1 is worth what a yuan is."""

    def sums():
        run([str(copy), *MONTHS, "--out", str(tmp_path / "sums")])
        return {
            (row["account"], row["month"], row["line"]): row["amount_minor"]
            for row in pq.read_table(tmp_path / "sums").to_pylist()
        }

    files = json.loads((copy / "extract.json").read_text())["files"]
    before = sums()
    deposits = sorted({account for account, _, line in before if line == "deposit"})
    (rates,), (accounts,) = files["rates"], files["accounts"]
    product = {
        row["number"]: row["product_code"] for row in pq.read_table(copy / accounts).to_pylist()
    }
    worth = {
        row["product_code"]: row["rate_ppm"]
        for row in pq.read_table(copy / rates).to_pylist()
        if row["rate_kind"] == "transfer"
    }
    own = [
        {"account_number": one, "effective_from": date(2024, 2, 1), "rate_ppm": worth[product[one]]}
        for one in deposits
    ]
    pq.write_table(pa.Table.from_pylist(own), copy / "own.parquet")
    describe(copy, files=files | {"account_rates": ["own.parquet"]})
    agreed = sums()
    left = {key for key in agreed if key[2] == "deposit"}
    assert left == {key for key in before if key[2] == "deposit" and key[1] == date(2024, 1, 1)}
    assert left
    assert {key: agreed[key] for key in left} == {key: before[key] for key in left}
    for kind in ("accounts", "postings"):
        for name in files[kind]:
            rows = pq.read_table(copy / name)
            place = rows.column_names.index("currency")
            dollars = pa.array(["USD"] * len(rows))
            pq.write_table(rows.set_column(place, "currency", dollars), copy / name)
    days = [
        {"currency": "USD", "day": date(2024, 1, day), "rate": "1.00000000"}
        for day in (1, 11, 21, 31)
    ]
    pq.write_table(pa.Table.from_pylist(days), copy / "fx.parquet")
    describe(copy, files=files | {"fx_rates": ["fx.parquet"]})

    def january(sums):
        return {key: amount for key, amount in sums.items() if key[1] == date(2024, 1, 1)}

    assert january(sums()) == january(before)
    assert "FX_RATES_MISSING  fx rate of USD on 11-29: " in run([str(copy), *MONTHS])


def test_a_folder_that_is_no_extract_is_refused(copy, tmp_path):
    assert (
        refusal(tmp_path / "no", *MONTHS)
        == f"{tmp_path}/no/extract.json: No such file or directory."
    )
    describe(copy, contract="other/9")
    assert refusal(copy, *MONTHS).endswith("is not of the contract sheaf-bank-extract/1.")
    describe(copy, contract="sheaf-bank-extract/1", files={})
    assert refusal(copy, *MONTHS) == f"{copy}/extract.json names no products."
    (copy / "extract.json").write_text("[")
    assert refusal(copy, *MONTHS) == f"{copy}/extract.json describes no extract."


def test_files_that_the_engine_does_not_read_or_price_are_refused(copy):
    files = json.loads((copy / "extract.json").read_text())["files"]
    describe(copy, files=files | {"rates": ["rates.csv"]})
    assert (
        refusal(copy, *MONTHS)
        == f"{copy}/rates.csv is not Parquet, which is all that the engine reads."
    )
    describe(copy, files=files | {"rates": ["no.parquet"]})
    assert refusal(copy, *MONTHS) == f"{copy}/no.parquet is not there."
    describe(copy, files=files | {"account_rates": ["own.parquet"]})
    assert refusal(copy, *MONTHS) == f"{copy}/own.parquet is not there."


def test_a_scheme_that_cannot_be_read_is_refused_with_its_path(copy):
    (copy / "scheme.yaml").write_text("version: 0\n")
    assert refusal(copy, *MONTHS).startswith(f"{copy}/scheme.yaml: ")


def test_months_the_wrong_way_round_are_refused(bank):
    assert (
        refusal(bank, "--from", "2024-03", "--to", "2024-01")
        == "The last month lies before the first."
    )


def test_without_spark_the_command_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(
        CannotPriceError, match=r"Spark is not installed: pip install 'scoring\[spark\]'"
    ):
        connect("spark")
