"""The published JSON Schema and the reader agree on good and bad documents."""

import json
import subprocess
import sys
from copy import deepcopy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scoring.domain.reading import Unreadable
from scoring.domain.scheme_document import scheme_of
from scoring.domain.scheme_schema import scheme_schema
from scoring.operations.scheme_text import document_of, findings, schema_text
from scoring.store.packs import packs

from tests.scoring.conftest import SCHEMES
from tests.scoring.test_scheme import ROOT, WRONG
from tests.scoring.test_scheme import SCHEMES as SHIPPED

VALIDATOR = Draft202012Validator(scheme_schema())
BETWEEN_VALUES = (
    "takes all it could fit", "must be more than", "every step needs a code of its own",
    "must be after", "is missing; only the last", "must be left out", "must sum to", "come to",
    "must have printable", "must be at most", "needs line or product", "must be the last day",
    "tiers.view: is not a field", "tiers.lines: is not a field", "a live ladder follows",
    "needs its days", "moves on its days", "ladder.0.share_ppm: is missing",
    "ladder.0.at_least_points: is missing", "the scheme gives no points",
    "ladder.0.at_least_index_ppm: is missing", "the scheme has no index",
    "where steps are by index", "the index is no amount",
)  # fmt: skip
"""What the reader finds between values, or in what a text says; the schema does not know it."""
EXAMPLE = document_of((SCHEMES / "example.yaml").read_text())
FULL = [
    document_of(path.read_text())
    for path in sorted(SCHEMES.glob("*.yaml"))
]  # fmt: skip


def reader_says(document) -> list[tuple[str, str]]:
    try:
        scheme_of(document)
    except Unreadable as error:
        return [(one.path, one.reason) for one in error.findings]
    return []


def test_the_schema_is_a_schema_and_the_committed_file_is_that_of_the_code():
    Draft202012Validator.check_schema(scheme_schema())
    assert (SCHEMES / "scheme.schema.json").read_text() == schema_text()


@pytest.mark.parametrize("path", [*SHIPPED, *SCHEMES.glob("*.yaml")], ids=lambda path: path.stem)
def test_it_takes_every_scheme_that_we_ship(path):
    document = document_of(path.read_text())
    assert findings(path.read_text()) == ()
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize("name", sorted(packs()))
def test_it_takes_tiers_that_name_a_rule_pack_alone(name):
    measures = {"money": {"of": "net", "normalise": "log", "floor_minor": 0, "cap_minor": 10**6}}
    more = {  # without, nobody could be graded by them
        "icbc_points": {"points": {"per_10000": {"savings": 135}}},
        "composite_index": {"index": {"weights": {"money": 10**6}, "measures": measures}},
    }
    document = EXAMPLE | {"tiers": {"pack": name}} | more.get(name, {})
    assert findings(yaml.safe_dump(document)) == ()
    assert VALIDATOR.is_valid(document)
    assert not VALIDATOR.is_valid(EXAMPLE | {"tiers": {"window_months": 3}})


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_it_refuses_what_the_reader_refuses_unless_it_lies_between_values(path, value, message):
    document = deepcopy(EXAMPLE) | {"effective_from": "2024-01-01"}
    inside = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    between = any(part in message for part in BETWEEN_VALUES)
    assert reader_says(document)
    assert VALIDATOR.is_valid(document) == between, message


def places(value, path=()):
    """Every place of a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from places(inside, (*path, key))
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from places(inside, (*path, number))


STRANGE = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**16), 10**16), st.integers(-2, 2),
    st.sampled_from([1_000_000, 1_000_001, 10**15, 10**15 + 1, 24, 25, 1.5, "", " ", "fee", "loan", "online", "rates", "x" * 101, [], {}, ["a"], {"a": 1}]),
)  # fmt: skip


@settings(max_examples=1_500, deadline=None)
@given(st.data())
def test_it_never_refuses_what_the_reader_takes_and_takes_nothing_that_is_wrong_in_itself(data):
    document = deepcopy(data.draw(st.sampled_from(FULL)))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(places(document))))
        inside = document
        for step in path[:-1]:
            inside = inside[step]
        what = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "remove":
            del inside[path[-1]]
        elif what == "add" and isinstance(inside, dict):
            inside["colour"] = data.draw(STRANGE)
        else:
            inside[path[-1]] = data.draw(STRANGE)
    said = reader_says(document)
    valid = VALIDATOR.is_valid(document)
    if not said:
        assert valid, next(VALIDATOR.iter_errors(document))
    if valid:
        wrong_in_itself = [
            (path, reason)
            for path, reason in said
            if reason in ("must be a whole number", "must be a mapping")
            or (reason == "is not a field here" and not path.startswith(("tiers.", "index.")))
        ]
        assert wrong_in_itself == []


def command(*arguments, given=""):
    return subprocess.run(
        [sys.executable, "-m", "scoring", *arguments],
        input=given, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_prints_the_schema_and_checks_a_file_with_every_finding(tmp_path):
    assert json.loads(command("scheme-schema").stdout) == scheme_schema()
    good = command("check-scheme", str(ROOT / "services/scoring/schemes/example.yaml"))
    assert (good.returncode, good.stdout) == (0, "The scheme can be read.\n")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(EXAMPLE | {"version": 0, "colour": "red"}))
    bad = command("check-scheme", str(wrong))
    assert (bad.returncode, bad.stdout) == (
        1, "version: must be from 1 to 1000000\ncolour: is not a field here\n",
    )  # fmt: skip
    missing = command("check-scheme", str(tmp_path / "none.yaml"))
    assert (missing.returncode, missing.stderr.strip()) == (
        1, f"{tmp_path / 'none.yaml'} cannot be read: No such file or directory.",
    )  # fmt: skip
    assert command("check-scheme", "-", given="- a").stdout == "must be a mapping\n"
