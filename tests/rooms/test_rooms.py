"""The house rules that no other tool checks."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KIT = sorted((ROOT / "services/kit/kit").rglob("*.py"))
MOST_KIT_LINES = 2450  # the walls (identity, access, tenants, audit) are in every service
MOST_MODULE_LINES = 400
BANK_WORDS = re.compile(
    r"\b(banks?|banking|customers?|accounts?|loans?|deposits?|campaigns?|contribution|tiers?|postings?|"
    r"branch(es)?|offers?|money|currency)\b",
    re.IGNORECASE,
)

NAMED = {"__init__.py": {"bank"}, "identity.py": {"branches", "BRANCHES"}}
"""Words that are said all the same: whom kit is for, and one of the reaches that principals tell."""


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def code_lines(path: Path) -> int:
    """Count the lines that hold code: no blank ones, comments or docstrings."""
    tree = ast.parse(path.read_text())
    told = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                told.update(range(first.lineno, first.end_lineno + 1))
    return sum(
        1
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#") and number not in told
    )


def test_kit_stays_small():
    assert sum(code_lines(path) for path in KIT) <= MOST_KIT_LINES


@pytest.mark.parametrize("path", KIT, ids=lambda path: path.name)
def test_kit_holds_no_bank_word(path):
    found = {match.group() for match in BANK_WORDS.finditer(path.read_text())}
    assert not found - NAMED.get(path.name, set())


def test_no_module_is_too_long_to_read():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if "migrations" not in path.parts
        and (lines := len(path.read_text().splitlines())) > MOST_MODULE_LINES
    }
    assert long == {}


def test_every_module_says_in_its_first_line_what_lives_there():
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
