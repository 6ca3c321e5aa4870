"""A whole bank priced from its extract by the engine, without a database."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from scoring.domain.line import Line
from scoring.domain.money import decimal_text, minor_digits
from scoring.domain.months import Period, month_of
from scoring.domain.problems import SchemeInvalid
from scoring.domain.scheme import Scheme
from scoring.engine.bank import read_bank
from scoring.engine.calendar_months import NotPricedHereError, Pricing
from scoring.engine.contribution import Contribution, contribution
from scoring.engine.intake import intake
from scoring.operations.scheme_text import document_of, readable, spelled

CONTRACT = "sheaf-bank-extract/1"
NEEDED = ("products", "accounts", "account_holders", "rates", "postings", "loans")
MORE = ("account_rates", "fx_rates")


class CannotPriceError(Exception):
    """Why the extract cannot be priced, for whoever asked."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What an extract's folder says that the engine needs; files are Parquet."""

    as_of: date
    files: Mapping[str, Sequence[str]]
    scheme: Scheme


def extract_in(folder: Path) -> Extract:
    """Read the folder's description and scheme, or say what is wrong with them."""
    try:
        told = json.loads((folder / "extract.json").read_text("utf-8"))
        contract, as_of = told["contract"], date.fromisoformat(told["as_of"])
        files = {kind: [str(folder / name) for name in told["files"][kind]] for kind in NEEDED}
        for kind in MORE:
            files[kind] = [str(folder / name) for name in told["files"].get(kind, ())]
        scheme = folder / told["scheme"]
    except OSError as unreadable:
        raise CannotPriceError(f"{folder}/extract.json: {unreadable.strerror}.") from None
    except KeyError as missing:
        raise CannotPriceError(f"{folder}/extract.json names no {missing.args[0]}.") from None
    except (ValueError, TypeError):
        raise CannotPriceError(f"{folder}/extract.json describes no extract.") from None
    if contract != CONTRACT:
        raise CannotPriceError(f"{folder}/extract.json is not of the contract {CONTRACT}.")
    for path in (Path(name) for names in files.values() for name in names):
        if path.suffix != ".parquet":
            raise CannotPriceError(f"{path} is not Parquet, which is all that the engine reads.")
        if not path.is_file():
            raise CannotPriceError(f"{path} is not there.")
    return Extract(as_of, files, _scheme(scheme))


def _scheme(path: Path) -> Scheme:
    try:
        return readable(spelled(document_of(path.read_text("utf-8"))))
    except (OSError, UnicodeDecodeError):
        raise CannotPriceError(f"{path} cannot be read as UTF-8 text.") from None
    except SchemeInvalid as refusal:
        raise CannotPriceError(f"{path}: {refusal}") from None


def connect(engine: str) -> BaseBackend:
    """Open the engine's backend."""
    if engine == "duckdb":
        return ibis.duckdb.connect()
    try:
        sessions = import_module("pyspark.sql").SparkSession
    except ImportError:
        what = "Spark is not installed: pip install 'scoring[spark]', and a Java 17 or 21"
        raise CannotPriceError(f"{what}.") from None
    try:
        builder = sessions.builder.config("spark.sql.session.timeZone", "UTC")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        return ibis.pyspark.connect(builder.getOrCreate())
    except RuntimeError:
        raise CannotPriceError("Spark does not start: set JAVA_HOME to a Java 17 or 21.") from None


@dataclass(frozen=True, slots=True)
class Priced:
    """What came of it: postings as they came and as they counted, and the contribution."""

    sent: int
    admitted: int
    contradicted: int
    found: Contribution


def price(backend: BaseBackend, extract: Extract, period: Period) -> Priced:
    """Take the postings in by the service's rules, as on the day after the extract's, and price."""
    bank = read_bank(backend, extract.files)
    noon = datetime.combine(extract.as_of + timedelta(days=1), time(12), UTC)
    taken = intake(bank.postings, bank.accounts, at=noon)
    admitted = taken.admitted.cache()
    whole = replace(bank, postings=admitted)
    try:
        found = contribution(whole, Pricing(period, extract.as_of, [extract.scheme]))
    except NotPricedHereError as refusal:
        raise CannotPriceError(str(refusal)) from None
    return Priced(
        _count(backend, bank.postings),
        _count(backend, admitted),
        _count(backend, taken.contradicted),
        found,
    )


def _count(backend: BaseBackend, rows: ir.Table) -> int:
    return int(_rows(backend, rows.aggregate(n=rows.count()))[0]["n"])


def _rows(backend: BaseBackend, rows: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = backend.to_pyarrow(rows).to_pylist()
    return found


def report(backend: BaseBackend, priced: Priced, extract: Extract, period: Period) -> str:
    """Write what was found as a table: lines, customers, and what is missing."""
    sums, missing = priced.found.sums, priced.found.missing
    totals = {
        row["line"]: row["amount"]
        for row in _rows(
            backend,
            sums.group_by("line").aggregate(amount=sums.amount_minor.cast("decimal(38, 0)").sum()),
        )
    }
    customers = _rows(backend, sums.aggregate(n=sums.customer.nunique()))[0]["n"]
    lacking = missing.group_by("code", "what").aggregate(customers=missing.customer.nunique())
    currency = extract.scheme.currency

    def money(minor: int) -> str:
        return decimal_text(minor, minor_digits(currency))

    amounts = {line.value: money(int(totals.get(line.value) or 0)) for line in Line}
    amounts["all lines"] = money(sum(int(one) for one in totals.values()))
    width = max(len(one) for one in amounts.values())
    told = [
        f"Months     {period.first:%Y-%m} to {period.last:%Y-%m}, as of {extract.as_of}",
        f"Postings   {priced.admitted:,} of {priced.sent:,} count",
        f"Ids        {priced.contradicted:,} stand for more than one posting; none of them counts",
        f"Customers  {customers:,} with a contribution",
        "",
        *(f"{name:<14} {one:>{width}} {currency}" for name, one in amounts.items()),
    ]
    lacks = sorted(_rows(backend, lacking), key=lambda row: (-row["customers"], row["what"]))
    if lacks:
        told += ["", "Missing, so that these customers' months from there on are left out:"]
        told += (f"  {r['code']}  {r['what']}: {r['customers']:,} customers" for r in lacks)
    return "\n".join(told) + "\n"


def run(arguments: Sequence[str]) -> str:
    """Price an extract as the command line says; return what to print."""
    asked = ArgumentParser(prog="python -m scoring price", description=__doc__)
    asked.add_argument("folder", type=Path, help="an extract's folder, of Parquet files")
    asked.add_argument("--engine", choices=("duckdb", "spark"), default="duckdb")
    asked.add_argument("--from", dest="first", type=month, required=True, help="YYYY-MM")
    asked.add_argument("--to", dest="last", type=month, required=True, help="YYYY-MM")
    asked.add_argument("--out", type=Path, help="where to write the sums, as Parquet")
    given = asked.parse_args(arguments)
    if given.last < given.first:
        raise CannotPriceError("The last month lies before the first.")
    extract = extract_in(given.folder)
    period = Period(given.first, min(given.last, month_of(extract.as_of)))
    backend = connect(given.engine)
    priced = price(backend, extract, period)
    told = report(backend, priced, extract, period)
    if given.out:
        priced.found.sums.to_parquet(given.out)
        told += f"\nThe sums by customer, month, account and line are in {given.out}.\n"
    return told


def month(text: str) -> date:
    """Read YYYY-MM as the command line has it."""
    return datetime.strptime(f"{text}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
