"""Damaged rows: the reader and the services reject exactly those that the truth names."""

from collections import Counter
from datetime import date

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from simulator.defects import DEFECTS

from simulator import write_bank
from tests.simulator.extracts import digests, refused

AS_OF = date(2025, 3, 31)


def truth(folder, form, name="defects"):
    if form == "csv":
        return pyarrow.csv.read_csv(folder / "truth" / f"{name}.csv").to_pylist()
    return pq.read_table(folder / "truth" / f"{name}.parquet").to_pylist()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_exactly_the_damaged_rows_are_rejected(tmp_path, form):
    folder = tmp_path / "b"
    write_bank(folder, customers=5_500, months=2, seed=3, as_of=AS_OF, format=form, defects=0.02)
    damaged = truth(folder, form)
    assert {(d["kind"], d["file"], d["line"]) for d in damaged} == refused(folder)
    lines = Counter(d["kind"] for d in damaged)
    assert sum(lines.values()) == len({(d["file"], d["line"]) for d in damaged})
    assert set(lines) == set(DEFECTS)
    ways = {
        (kind, one.column, one.what)
        for kind, known in DEFECTS.items()
        for one in known
        if form == "csv" or not one.csv_only
    }
    assert {(d["kind"], d["column"], d["what"]) for d in damaged} == ways


def test_two_rows_in_a_hundred_postings_are_damaged(tmp_path):
    folder = tmp_path / "b"
    made = write_bank(folder, customers=600, months=3, seed=3, as_of=AS_OF, defects=0.02)
    damaged = [d for d in truth(folder, "csv") if d["kind"] == "postings"]
    assert len(damaged) == -(-made[0].postings * 2 // 100)


def test_damage_is_said_as_it_stands_in_the_file(tmp_path):
    folder = tmp_path / "b"
    write_bank(folder, customers=300, months=2, seed=3, as_of=AS_OF, defects=0.05)
    for one in truth(folder, "csv"):
        lines = (folder / one["file"]).read_text("utf-8").splitlines()
        at = lines[0].split(",").index(one["column"])
        assert lines[one["line"] - 1].split(",")[at] == str(one["value"] or "")


def test_undamaged_rows_are_those_of_the_sound_bank(tmp_path):
    for name, share in (("sound", 0.0), ("damaged", 0.02)):
        write_bank(tmp_path / name, customers=300, months=2, seed=3, as_of=AS_OF, defects=share)
    told = [
        one
        for name in ("defects", "ledger_differences")
        for one in truth(tmp_path / "damaged", "csv", name)
    ]
    hurt = {(one["file"], one["line"]) for one in told}
    assert "general_ledger.csv" in {file for file, _ in hurt}
    for name, _ in digests(tmp_path / "sound"):
        if name == "extract.json":
            continue
        sound, damaged = (
            (tmp_path / bank / name).read_text("utf-8").splitlines()
            for bank in ("sound", "damaged")
        )
        assert len(sound) == len(damaged)
        for line, (a, b) in enumerate(zip(sound, damaged, strict=True), 1):
            assert (a != b) == ((name, line) in hurt)
