"""A made-up bank through the whole system: only damaged rows are rejected, the truth comes out."""

import csv
import json
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

import simulator
from tests.system.system import system

pytestmark = pytest.mark.system
AS_OF = date(2026, 6, 30)
SIZE = {"customers": 1_500, "months": 12, "seed": 12, "as_of": AS_OF}
CONTRIBUTION = """query($number: String!) {
  customerByNumber(number: $number) {
    contribution(from: "2025-07", to: "2026-06") { total { amount } lines { line amount { amount } } }
  }
}"""
RECONCILIATION = """query($month: YearMonth!, $after: String) {
  reconciliation(month: $month, differencesOnly: true, first: 100, after: $after) {
    totals differences uncovered { product branch }
    lines { glAccount measure product branch difference { amount } cursor }
  }
}"""
ENDED = [f"{2025 + n // 12}-{n % 12 + 1:02}" for n in range(6, 18)]


@pytest.fixture(scope="module")
def banks(tmp_path_factory):
    """The same bank twice: as it should be, and as a careless bank would hand it over."""
    folder = tmp_path_factory.mktemp("banks")
    simulator.write_bank(folder / "sound", **SIZE)
    simulator.write_bank(folder / "damaged", **SIZE, defects=0.02)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with system(tmp_path_factory.mktemp("simulated")) as running:
        yield running


def rows(file):
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_exactly_the_damaged_rows_are_rejected(banks, whole):
    done = whole.sheaf("import", "extract", str(banks / "damaged"), ok=False)
    assert done.returncode == 3, done.stderr
    rejected = Counter(
        (file.stem, row["file"], int(row["line"]))
        for file in whole.data_dir.glob("imports/damaged-*/rejects/*.csv")
        for row in rows(file)
    )
    damaged = Counter(
        (row["kind"], row["file"], int(row["line"]))
        for row in rows(banks / "damaged" / "truth" / "defects.csv")
    )
    assert rejected == damaged


def test_put_right_every_row_goes_in_and_the_contribution_is_the_true_one(banks, whole):
    whole.sheaf("import", "extract", str(banks / "sound"))
    assert not list(whole.data_dir.glob("imports/sound-*/rejects"))
    truth = rows(banks / "sound" / "truth" / "contribution.csv")
    ranked = sorted(truth, key=lambda row: int(row["total_minor"]))
    for row in (*ranked[:10], *ranked[:: len(ranked) // 20], *ranked[-10:]):
        told = whole.data(CONTRIBUTION, {"number": row["customer_number"]}, institution="SHEAF")
        contribution = told["customerByNumber"]["contribution"]
        assert Decimal(contribution["total"]["amount"]) * 100 == int(row["total_minor"])
        lines = {
            one["line"].lower(): Decimal(one["amount"]["amount"]) * 100
            for one in contribution["lines"]
        }
        assert lines == {line: int(row.get(f"{line}_minor", 0)) for line in lines}  # no tax there


def found_in_the_books(whole):
    """Give what differs, by month and total, over every page; nothing may be left uncovered."""
    found = {}
    for month in ENDED:
        after, pages = None, []
        while pages == [] or pages[-1]["lines"]:
            asked = {"month": month, "after": after}
            told = whole.data(RECONCILIATION, asked, institution="SHEAF")["reconciliation"]
            pages.append(told)
            after = told["lines"][-1]["cursor"] if told["lines"] else after
        lines = [line for page in pages for line in page["lines"]]
        assert pages[0]["totals"] > 100
        assert (len(lines), pages[0]["uncovered"]) == (pages[0]["differences"], [])
        for one in lines:
            key = (one["glAccount"], one["measure"].lower(), one["product"], one["branch"])
            found[month, *key] = int(Decimal(one["difference"]["amount"]) * 100)
    return found


def test_the_books_agree_and_wrong_totals_are_found(banks, whole):
    assert found_in_the_books(whole) == {}
    description = json.loads((banks / "damaged" / "extract.json").read_text("utf-8"))
    kinds = ("institutions", "general_ledger")
    files = {kind: description["files"][kind] for kind in kinds}
    alone = banks / "ledger"
    alone.mkdir()
    for kind in kinds:
        shutil.copy(banks / "damaged" / f"{kind}.csv", alone)
    (alone / "extract.json").write_text(
        json.dumps(
            {key: description[key] for key in ("contract", "institution", "as_of")}
            | {"files": files}
        )
    )
    whole.sheaf("import", "extract", str(alone), "--again")
    told = rows(banks / "damaged" / "truth" / "ledger_differences.csv")
    assert len(told) > 20
    assert found_in_the_books(whole) == {
        (
            one["month"][:7], one["gl_account"], one["measure"], one["product_code"] or None,
            one["branch_code"] or None,
        ): int(one["difference_minor"])
        for one in told
    }  # fmt: skip
