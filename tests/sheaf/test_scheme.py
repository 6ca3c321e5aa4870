"""`sheaf scheme` without a system: the schema, and checking a file."""

import json
import subprocess
import sys
from pathlib import Path

from sheaf.scheme import COLUMNS, row_of

ROOT = Path(__file__).parents[2]


def sheaf(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "sheaf", "scheme", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_the_schema_is_the_published_one():
    published = ROOT / "services/scoring/schemes/scheme.schema.json"
    assert json.loads(sheaf("schema").stdout) == json.loads(published.read_text())


def test_a_file_is_checked_with_every_finding_and_an_exit_code(tmp_path):
    good = sheaf("check", "services/scoring/schemes/example.yaml")
    assert (good.returncode, good.stdout) == (0, "The scheme can be read.\n")
    example = (ROOT / "services/scoring/schemes/example.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(example.replace("version: 1\n", "version: 0\ncolour: red\n", 1))
    bad = sheaf("check", str(wrong))
    assert bad.returncode == 1
    assert bad.stdout == "version: must be from 1 to 1000000\ncolour: is not a field here\n"


def test_a_draft_needs_a_running_system_and_says_so(tmp_path):
    done = sheaf("draft", "services/scoring/schemes/example.yaml", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "sheaf up" in done.stderr


def test_arow_of_says_who_would_change_by_how_much_and_why():
    amount = {"amount": "1.00"}
    one = {
        "customer": {"id": "i", "number": "7"}, "branch": "01", "manager": None, "movement": "UP",
        "gross": {"before": amount, "after": {"amount": "3.00"}, "change": {"amount": "2.00"}},
        "net": {"change": {"amount": "2.00"}}, "economic": {"change": {"amount": "1.50"}},
        "tierBefore": None, "tierAfter": {"code": "GOLD"},
        "pay": {"before": None, "after": amount}, "failureBefore": None, "failureAfter": None,
        "rules": [
            {"line": "LOAN", "rule": "loan_margin", "entry": "", "amount": {"change": {"amount": "2.00"}},
             "inputs": [{"name": "basis", "before": "365", "after": "360"}]},
        ],
    }  # fmt: skip
    assert dict(zip(COLUMNS, row_of(one), strict=True)) == {
        "customer": "7", "branch": "01", "manager": None, "gross_before": "1.00",
        "gross_after": "3.00", "gross_change": "2.00", "net_change": "2.00",
        "economic_change": "1.50", "tier_before": "", "tier_after": "GOLD", "movement": "UP",
        "pay_before": "", "pay_after": "1.00", "failure_before": None, "failure_after": None,
        "why": "LOAN loan_margin 2.00 basis 365 -> 360",
    }  # fmt: skip
