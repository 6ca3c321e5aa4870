"""What a bank cannot be, and what is left behind when it cannot be written."""

import os
import resource
import subprocess
import sys
from datetime import date

import pytest

from simulator import write_bank

AS_OF = date(2025, 3, 31)
GOOD = {"customers": 10, "months": 1, "seed": 1, "as_of": AS_OF}
FULL = """
import resource, signal, sys
from datetime import date
from pathlib import Path
from simulator import write_bank
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    write_bank(Path(sys.argv[1]), customers=900, months=3, seed=1, as_of=date(2025, 3, 31))
except OSError as full:
    print(full.strerror or full)
"""


def sheaf(*words):
    return subprocess.run(
        [sys.executable, "-m", "sheaf", "simulate", *map(str, words)],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"customers": 0}, "at least one customer and one month"),
        ({"months": -3}, "at least one customer and one month"),
        ({"customers": 10**9}, "number of customers must be from 1 to 10,000,000"),
        ({"months": 241}, "number of months must be from 1 to 240"),
        ({"institutions": 0}, "number of institutions must be from 1 to 100"),
        ({"defects": 0.6}, "from 0 to 0.5"),
        ({"defects": float("nan")}, "from 0 to 0.5"),
        ({"as_of": date(1950, 1, 1)}, "business day must lie from 2012-01-01"),
        ({"seed": -1}, "seed must not be negative"),
        ({"processes": 0}, "at least one process"),
    ],
)
def test_a_bank_that_cannot_be_is_refused_before_anything_is_written(tmp_path, wish, words):
    with pytest.raises(ValueError, match=words):
        write_bank(tmp_path / "b", **{**GOOD, **wish})
    assert not (tmp_path / "b").exists()


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "b")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("File too large\n", "")
    assert not (tmp_path / "b").exists()


def test_an_empty_folder_of_the_caller_stays(tmp_path):
    out = tmp_path / "b"
    out.mkdir()

    def stop(_done, _of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bank(out, **GOOD, told=stop)
    assert list(out.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "b").write_text("mine")
    with pytest.raises(FileExistsError):
        write_bank(tmp_path / "b", **GOOD)
    assert (tmp_path / "b").read_text() == "mine"


def test_the_command_makes_a_bank_with_a_page_to_look_at(tmp_path):
    out = tmp_path / "b"
    done = sheaf("--customers", 50, "--months", 2, "--seed", 4, "--out", out, "--report")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("50 customers, 2 months, ")
    assert second == f"Look at {out / 'report.html'}"
    assert (out / "postings" / "part-0000.parquet").exists()


def test_the_command_says_in_a_line_what_is_wrong(tmp_path):
    out = tmp_path / "b"
    done = sheaf("--customers", 0, "--out", out)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "A bank has at least one customer and one month.",
    )  # fmt: skip
    out.mkdir()
    (out / "note.txt").touch()
    done = sheaf("--customers", 5, "--out", out)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        f"{out} is not empty.", "Name a new folder with --out.",
    ]  # fmt: skip
    done = sheaf("--customers", 5, "--out", "/proc/nowhere/b", "--format", "csv")
    assert done.returncode == 1
    assert "/proc/nowhere/b cannot be written: " in done.stderr
