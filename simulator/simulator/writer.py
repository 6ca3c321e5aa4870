"""Writes the whole bank as a bank extract; the description comes last."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from simulator import holdings, people, prices
from simulator.organisation import (
    CURRENCY,
    INSTITUTION,
    NAME,
    PRODUCTS,
    TIME_ZONE,
    organise,
)
from simulator.postings import History
from simulator.span import span

CONTRACT = "sheaf-bank-extract/1"
MANIFEST = "extract.json"
COLUMNS = {
    "institutions": "code name currency time_zone as_of",
    "products": "code name line on_offer",
    "branches": "code name parent_code kind",
    "staff": "number name branch_code role",
    "customers": (
        "number kind name id_type id_number born_on sex phone email address branch_code "
        "manager_number since"
    ),
    "accounts": "number product_code currency branch_code opened_on closed_on",
    "account_holders": "account_number customer_number role",
    "cards": "reference account_number customer_number kind issued_on",
    "consents": "customer_number purpose channel given_on withdrawn_on",
    "rates": "product_code rate_kind effective_from rate_ppm",
    "loans": (
        "account_number settlement_account_number principal_minor granted_on term_months "
        "instalment_minor grade balance_basis"
    ),
    "postings": (
        "id account_number amount_minor currency value_date booked_at channel kind purpose "
        "counterparty"
    ),
}


def write_bank(out: Path, *, customers: int, months: int, seed: int, as_of: date) -> None:
    """Write a bank's extract to the new folder `out`: the same seed gives the same bytes.

    The history covers the `months` calendar months up to the business day `as_of`. Raises
    `FileExistsError` when `out` holds anything, `ValueError` for a bank without customers or
    months.
    """
    if customers < 1 or months < 1:
        raise ValueError("A bank has at least one customer and one month.")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; name a new folder.")
    (out / "postings").mkdir(parents=True)
    streams = iter(np.random.default_rng(seed).spawn(9))
    when = span(as_of, months)
    bank = organise(customers, next(streams))
    crowd = people.gather(customers, bank, when, next(streams))
    held = holdings.acquire(crowd, when, next(streams))

    institution = (INSTITUTION, NAME, CURRENCY, TIME_ZONE, as_of.isoformat())
    _write(out, "institutions", [institution])
    _write(out, "products", [(*product, "true") for product in PRODUCTS])
    _write(out, "branches", [(b.code, b.name, b.parent, b.kind) for b in bank.branches])
    _write(out, "staff", [(e.number, e.name, e.branch, e.role) for e in bank.staff])
    _write(out, "customers", people.customers(crowd, bank, next(streams)))
    _write(out, "accounts", holdings.accounts(held, crowd, bank))
    _write(out, "account_holders", holdings.holders(held, crowd, next(streams)))
    _write(out, "cards", holdings.cards(held, crowd, when, next(streams)))
    _write(out, "consents", people.consents(crowd, when, next(streams)))
    _write(out, "rates", prices.rates(when))
    _write(out, "loans", holdings.loans(held, next(streams)))
    money = next(streams)
    parts = []
    for month, moved in History(crowd, held, when, money).months():
        part = f"postings/{month.name}.csv"
        _write(out, "postings", moved.rows(held.number, money), part)
        parts.append(part)
    (out / "scheme.yaml").write_text(prices.scheme(when.months[0]), encoding="utf-8")
    _describe(out, as_of, parts)


def _write(
    out: Path, kind: str, rows: Iterable[tuple[object, ...]], name: str | None = None
) -> None:
    with (out / (name or f"{kind}.csv")).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS[kind].split())
        writer.writerows(rows)


def _describe(out: Path, as_of: date, postings: list[str]) -> None:
    files = {kind: [f"{kind}.csv"] for kind in COLUMNS}
    document = {
        "contract": CONTRACT,
        "institution": INSTITUTION,
        "as_of": as_of.isoformat(),
        "files": {**files, "postings": postings},
        "scheme": "scheme.yaml",
    }
    draft = out / f".{MANIFEST}"
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(out / MANIFEST)
