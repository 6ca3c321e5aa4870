"""Turns a folder of Berka .asc files into a folder of the contract, streaming."""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from sheaf.extract.berka.asc import AscRow, find, rows
from sheaf.extract.berka.postings import postings
from sheaf.extract.berka.pricing import CUSTOMER_PPM, EFFECTIVE_FROM, PRODUCTS, TRANSFER_PPM
from sheaf.extract.contract import CONTRACT, KIND_BY_NAME
from sheaf.extract.manifest import FILE_NAME
from sheaf.extract.problems import ExtractRefused, ImportStopped

INSTITUTION = "BERKA"
SCHEME = "scheme.yaml"
TABLES = ("district", "client", "account", "disp", "card", "loan", "trans")

PRODUCT_BY_FREQUENCY = {
    "POPLATEK MESICNE": "current_account_monthly",
    "POPLATEK TYDNE": "current_account_weekly",
    "POPLATEK PO OBRATU": "current_account_per_transaction",
}
HOLDER_ROLE = {"OWNER": "owner", "DISPONENT": "authorised"}
GRADE_BY_STATUS = {
    "A": "normal",  # finished, paid
    "C": "normal",  # running, paid so far
    "D": "substandard",  # running, the client is in debt
    "B": "doubtful",  # finished and not paid: the term is over and money is still owed
}
CARD_KINDS = {"junior": "junior", "classic": "classic", "gold": "gold"}


def convert(source: Path, out: Path) -> None:
    """Write the extract of the .asc files in `source` to the new folder `out`.

    Raises `ExtractRefused` when a file is missing or not of the documented shape, and
    `ImportStopped` when `out` cannot be written.
    """
    for table in TABLES:
        find(source, table)
    if out.exists() and any(out.iterdir()):
        raise ExtractRefused(f"{out} is not empty; name a new folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        _convert(source, out)
    except OSError as error:
        raise ImportStopped(f"The extract cannot be written to {out}: {error.strerror}.") from error


def _convert(source: Path, out: Path) -> None:
    accounts = {row["account_id"]: row for row in rows(source, "account")}
    disponents = {row["disp_id"]: row for row in rows(source, "disp")}
    owners = {d["account_id"]: d["client_id"] for d in disponents.values() if d["type"] == "OWNER"}
    _write(out, "products", ((*product, "true") for product in PRODUCTS))
    _write(out, "branches", ((d["A1"], d["A2"], "", "branch") for d in rows(source, "district")))
    _write(out, "customers", _customers(source, accounts, disponents))
    _write(out, "accounts", _accounts(source, accounts))
    _write(out, "account_holders", _holders(source, disponents, owners))
    _write(out, "cards", _cards(source, disponents))
    _write(out, "rates", _rates())
    _write(out, "loans", _loans(source))
    last_days = LastDay()
    _write(out, "postings", postings(last_days.watch(rows(source, "trans"))))
    as_of = last_days.day.isoformat()
    _write(out, "institutions", [(INSTITUTION, "Berka's bank", "CZK", "Europe/Prague", as_of, "")])
    shutil.copyfile(Path(__file__).with_name(SCHEME), out / SCHEME)
    _describe(out, as_of)


class LastDay:
    """Remembers the last day among the rows that pass."""

    def __init__(self) -> None:
        self.day = date.min

    def watch(self, transactions: Iterable[AscRow]) -> Iterator[AscRow]:
        for row in transactions:
            self.day = max(self.day, row.day("date"))
            yield row


def _customers(
    source: Path, accounts: dict[str, AscRow], disponents: dict[str, AscRow]
) -> Iterator[tuple[object, ...]]:
    since: dict[str, date] = {}
    for disponent in disponents.values():
        opened = _account_of(disponent, accounts).day("date")
        client = disponent["client_id"]
        since[client] = min(opened, since.get(client, opened))
    for row in rows(source, "client"):
        number = row["client_id"]
        if number not in since:
            raise row.wrong("the client has no account, so it is not known since when it is one")
        born, sex = row.born("birth_number")
        yield (
            number, "individual", f"Client {number}", "czech_birth_number", row["birth_number"],
            born.isoformat(), sex, "", "", "", row["district_id"], "", since[number].isoformat(),
        )  # fmt: skip


def _accounts(source: Path, accounts: dict[str, AscRow]) -> Iterator[tuple[object, ...]]:
    for row in accounts.values():
        product = row.code("frequency", PRODUCT_BY_FREQUENCY)
        opened = row.day("date").isoformat()
        yield (row["account_id"], product, "CZK", row["district_id"], opened, "", "")
    for loan in rows(source, "loan"):
        branch = _account_of(loan, accounts)["district_id"]
        granted = loan.day("date").isoformat()
        yield (_loan_number(loan), "personal_loan", "CZK", branch, granted, "", "")


def _holders(
    source: Path, disponents: dict[str, AscRow], owners: dict[str, str]
) -> Iterator[tuple[object, ...]]:
    for row in disponents.values():
        yield (row["account_id"], row["client_id"], row.code("type", HOLDER_ROLE))
    for loan in rows(source, "loan"):
        if loan["account_id"] not in owners:
            raise loan.wrong(f"account {loan['account_id']} has no owner")
        yield (_loan_number(loan), owners[loan["account_id"]], "owner")


def _cards(source: Path, disponents: dict[str, AscRow]) -> Iterator[tuple[object, ...]]:
    for row in rows(source, "card"):
        holder = disponents.get(row["disp_id"])
        if holder is None:
            raise row.wrong(f"disp.asc has no disp_id {row['disp_id']}")
        kind = row.code("type", CARD_KINDS)
        issued = row.day("issued").isoformat()
        yield (row["card_id"], holder["account_id"], holder["client_id"], kind, issued)


def _rates() -> Iterator[tuple[object, ...]]:
    for product, _, _ in PRODUCTS:
        yield (product, "customer", EFFECTIVE_FROM, CUSTOMER_PPM[product])
        yield (product, "transfer", EFFECTIVE_FROM, TRANSFER_PPM[product])


def _loans(source: Path) -> Iterator[tuple[object, ...]]:
    for row in rows(source, "loan"):
        yield (
            _loan_number(row), row["account_id"], row.hellers("amount"),
            row.day("date").isoformat(), row["duration"], row.hellers("payments"),
            row.code("status", GRADE_BY_STATUS), "schedule",
        )  # fmt: skip


def _loan_number(loan: AscRow) -> str:
    return f"L{loan['loan_id']}"


def _account_of(row: AscRow, accounts: dict[str, AscRow]) -> AscRow:
    try:
        return accounts[row["account_id"]]
    except KeyError:
        raise row.wrong(f"account.asc has no account_id {row['account_id']}") from None


def _write(out: Path, kind: str, lines: Iterable[tuple[object, ...]]) -> None:
    with (out / f"{kind}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(KIND_BY_NAME[kind].column_names)
        writer.writerows(lines)


def _describe(out: Path, as_of: str) -> None:
    """Write the description last: a folder without it is no extract."""
    kinds = [kind for kind in KIND_BY_NAME if (out / f"{kind}.csv").exists()]
    document = {
        "contract": CONTRACT,
        "institution": INSTITUTION,
        "as_of": as_of,
        "files": {kind: [f"{kind}.csv"] for kind in kinds},
        "scheme": SCHEME,
    }
    draft = out / f".{FILE_NAME}"
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(out / FILE_NAME)
