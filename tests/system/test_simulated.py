"""A made-up bank through the whole system: only damaged rows are rejected, the truth comes out."""

import csv
import json
import os
import shutil
import signal
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

import simulator
from tests.system import canary
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
CANARIES = """query($search: CustomerSearch, $first: Int! = 20) {
  customers(search: $search, first: $first) { edges { node {
    id name bornOn contacts { phone email address } identifiers { number }
    accounts { number balance { amount } } offers(channel: PHONE) { id } tier { code }
  } } }
}"""
REVEAL = """mutation($id: UUID!, $field: RevealedField!, $reason: String!, $key: String!) {
  revealField(customerId: $id, field: $field, reason: $reason, idempotencyKey: $key) {
    ... on RevealedValue { value } ... on Problem { code }
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
def whole(tmp_path_factory, collector):
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_TRACES_SAMPLER": "parentbased_always_off",  # only what a test asks to be traced
    }
    with system(tmp_path_factory.mktemp("simulated"), **env) as running:
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


def test_a_canary_is_told_to_whoever_may_know_and_leaves_no_trace_elsewhere(
    whole, collector, tmp_path
):
    done = whole.sheaf("import", "extract", str(canary.write(tmp_path / "canary")), ok=False)
    canary.wait(whole)
    asking = canary.Asking(whole)
    found = {}
    for channel in ("counter", "phone", "online", "console"):
        for search in (
            {"number": "C1"}, {"phone": "139 8765 4321"}, {"idNumber": canary.VALUES["id_number"]},
            {"name": "Zephyrine"},
        ):  # fmt: skip
            data = asking.ask(channel, CANARIES, {"search": search})
            [edge] = data["customers"]["edges"]
            found = edge["node"]
    keys = {"id": found["id"], "reason": f"call {canary.VALUES['name']} back"}
    for channel in ("counter", "phone"):
        for field in ("NAME", "PHONE", "ID_NUMBER", "EMAIL", "ADDRESS"):
            asking.ask(channel, REVEAL, keys | {"field": field, "key": f"{channel} {field}"})
    asking.ask("console", REVEAL, keys | {"field": "PHONE", "key": "p", "reason": "her PIN: 1234"})
    asking.ask("counter", REVEAL, keys | {"field": canary.VALUES["phone"], "key": "x"})
    asking.ask("counter", CANARIES, {"search": canary.VALUES["name"]})
    asking.ask("counter", CANARIES, {"search": {"phone": canary.VALUES["phone"], "first": 1}})
    asking.ask("counter", CANARIES, {"search": {}, "first": canary.VALUES["email"]})
    asking.ask("counter", '{ customers(search: {name: "Zephyrine Qanarybird')
    asking.ask("counter", "{ Qanarybird customers { Zephyrine } }", role="teller")
    line = json.dumps({"number": "C1", **canary.VALUES}).encode()
    for service in ("customer", "scoring", "campaign"):
        for path in ("/ingest/customers", "/ingest/Qanarybird", "/Qanarybird?name=Zephyrine"):
            assert asking.send("POST", service, path, content=line) < 500
    assert asking.send("GET", "gateway", f"/graphql?query={{Qanarybird}}&x={found['id']}") < 500
    assert asking.send("POST", "gateway", "/graphql", content=line[:-9]) < 500
    pid = json.loads(whole.sheaf("status", "--json").stdout)["processes"]
    os.kill(next(one["pid"] for one in pid if one["name"] == "customer"), signal.SIGKILL)
    asking.ask("counter", CANARIES, {"search": {"phone": canary.VALUES["phone"]}})
    canary.back(whole)
    asking.ask("counter", CANARIES, {"search": {"phone": canary.VALUES["phone"]}})

    shown = "\n".join(asking.shown)
    assert [one for one in canary.VALUES.values() if one not in shown] == []
    assert {"BAD_REQUEST", "SECRET_REFUSED"} <= asking.codes
    places = [
        ("answers to what failed", "\n".join(asking.said)), ("the import", done.stdout + done.stderr),
        *canary.written(whole), *canary.running(whole), *canary.exported(collector),
        *canary.told(whole),
    ]  # fmt: skip
    names = {name for name, _ in places}
    assert {f"logs/{one}.log" for one in ("customer", "scoring", "campaign", "gateway")} <= names
    assert {"spans", "database of scoring", "feed of customer"} <= names
    found_out = [leak for name, text in places for leak in canary.leaks(name, text)]
    assert not found_out, "\n".join(found_out)
