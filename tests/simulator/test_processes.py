"""The same seed gives the same bytes, whoever does the work in whatever order."""

from datetime import date

import pytest
from simulator.block import Plan

from simulator import block, write_bank
from tests.simulator.extracts import digests

AS_OF = date(2025, 3, 31)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_one_process_and_three_write_the_same_bytes(tmp_path, form):
    for processes in (1, 3):
        write_bank(
            tmp_path / str(processes), customers=10_100, months=2, seed=5, as_of=AS_OF, format=form,
            processes=processes, defects=0.01, with_report=True,
        )  # fmt: skip
    assert digests(tmp_path / "1") == digests(tmp_path / "3")


def test_a_block_is_the_same_whatever_was_made_before_it(tmp_path):
    alone, after = (
        Plan(tmp_path / name, 10_100, 2, 5, AS_OF, "parquet") for name in ("alone", "after")
    )
    for plan in (alone, after):
        (plan.out / block.PARTS).mkdir(parents=True)
    block.make(alone, 2)
    for number in (1, 0, 2):
        block.make(after, number)
    made = [name for name in digests(after.out) if name[0].endswith(("0002.arrow", "0002.parquet"))]
    assert made == digests(alone.out)


def test_blocks_and_institutions_are_not_copies_of_one_another(tmp_path):
    write_bank(
        tmp_path / "b", customers=6_000, months=1, seed=5, as_of=AS_OF, institutions=2, processes=2
    )
    first, second = (
        (tmp_path / "b" / code / "customers.csv").read_text("utf-8").splitlines()[1:]
        for code in ("SHEAF01", "SHEAF02")
    )
    names = [line.split(",")[2] for line in first]
    assert names[:1000] != names[5000:6000]
    assert names != [line.split(",")[2] for line in second]
