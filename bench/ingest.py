"""Postings of closed months in bulk, and reading them back: postings and reads by the second.

A table, and JSON in bench/results/. A whole system runs on ports of its own. Its scoring service
knows many accounts more than the made-up bank has; a month of theirs, about eight postings each,
is loaded as the importer does, as Parquet and as CSV, sorted by day or by account.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import httpx
from live import RESULTS, Latency, latency
from live_system import INSTITUTION, System, system
from rich.console import Console
from rich.table import Table
from sheaf.extract.contract import KIND_BY_NAME
from sheaf.extract.journal import Journal
from sheaf.extract.loading import Work, load_file
from sheaf.extract.progress import meter
from sheaf.extract.sender import Sender

POSTINGS_AN_ACCOUNT = 8
READS = 500
_ACCOUNTS = """
insert into account (institution, recorded_at, id, number, owner_id, product, line, currency,
  opened_on, branch, version)
select $1::text, now(), md5('bench' || n)::uuid, 'BENCH' || lpad(n::text, 9, '0'),
  md5('owner' || n)::uuid, 'BENCH', 'settlement', 'CNY', date '2020-01-01', 'B', 1
from generate_series(0, $2::int - 1) as g(n)
"""
_POSTED = """
copy (
  select '{month}-' || lpad(cast(n as varchar), 9, '0') as id,
    'BENCH' || lpad(cast(hash(n, 7) % {accounts} as varchar), 9, '0') as account_number,
    {amount} as amount_minor, 'CNY' as currency, {day} as value_date, {booked} as booked_at,
    list_extract(['pos', 'mobile', 'interbank', 'self_service', 'system', 'counter', 'online',
      'counter', 'mobile', 'interbank'], 1 + cast(h % 10 as integer)) as channel,
    list_extract(['card_payment', 'transfer_out', 'transfer_in', 'cash_withdrawal', 'fee',
      'cash_deposit', 'wealth_purchase', 'fx_sale', 'card_payment', 'transfer_out'],
      1 + cast(h % 10 as integer)) as kind,
    case when h % 70 = 2 then 'salary' when h % 20 = 4 then 'card' end as purpose,
    case when h % 3 = 0 then 'CP' || (h % 100000) end as counterparty
  from (select n, hash(n, '{month}') as h from range({postings}) t(n))
  order by {order}
) to '{file}' ({form})
"""
_READ = """query($r: [_Any!]!) { _entities(representations: $r) { ... on Account {
  contribution(from: "%s", to: "%s") { total { amount } } } } }"""


@dataclass(frozen=True, slots=True)
class Bulk:
    """One file on its way in; processor seconds of command, service and database are of all."""

    form: str
    order: str
    postings: int
    seconds: float
    per_second: int
    command_processor: float
    service_processor: float
    postgres_processor: float
    per_two_processor_seconds: int
    bytes_a_posting: float


def write(file: Path, month: date, postings: int, accounts: int, order: str) -> None:
    """Write a month of postings in either form."""
    csv = file.suffix == ".csv"
    words = {
        "month": month,
        "accounts": accounts,
        "postings": postings,
        "file": file,
        "form": "format csv, header" if csv else "format parquet, compression zstd",
        "order": {"day": "value_date, n", "account": "account_number, n"}[order],
        "amount": "case when h % 10 in (2, 5, 7) then 1 else -1 end "
        "* cast(100 + h // 7 % 900000 as bigint)",
        "day": f"date '{month}' + cast(h // 11 % 28 as integer)",
        "booked": f"strftime(date '{month}' + cast(h // 11 % 28 as integer), '%Y-%m-%d') "
        "|| 'T09:30:00+08:00'"
        if csv
        else f"cast(date '{month}' + cast(h // 11 % 28 as integer) as timestamptz)",
    }
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(_POSTED.format(**words))


def bulk(whole: System, file: Path, order: str, postings: int) -> Bulk:
    """Load one file as the importer does, and tell what it took."""
    console = Console(quiet=True)
    sender = Sender(whole.running, INSTITUTION)
    journal = Journal(file.parent / "journal", file.name)
    work = Work(KIND_BY_NAME["postings"], file, file.name, journal)
    archive = whole.data_dir / "archive"
    before, kept, own, begun = whole.busy(), _size(archive), time.process_time(), time.monotonic()
    with meter(console) as display:
        display.start("postings", file, 0)
        load_file(work, sender, display, None)
    seconds, own = time.monotonic() - begun, time.process_time() - own
    after = whole.busy()
    sender.close()
    if journal.progress.accepted != postings:
        raise SystemExit(f"Of {postings} postings {journal.progress.accepted} were accepted.")
    service, database = (after[name] - before[name] for name in ("scoring", "postgres"))
    return Bulk(
        form=file.suffix[1:],
        order=order,
        postings=postings,
        seconds=round(seconds, 2),
        per_second=round(postings / seconds),
        command_processor=round(own, 2),
        service_processor=round(service, 2),
        postgres_processor=round(database, 2),
        per_two_processor_seconds=round(2 * postings / (own + service + database)),
        bytes_a_posting=round((_size(archive) - kept) / postings, 1),
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def reads(whole: System, first: str, last: str, accounts: int) -> Latency:
    """Ask one account's contribution over months, one account after another."""
    ids = asyncio.run(_ids(whole, accounts))
    url, taken = f"{whole.running.urls['scoring']}/graphql", []
    with httpx.Client(timeout=60) as client:
        for place, one in enumerate(ids):
            asked = {"r": [{"__typename": "Account", "id": one}]}
            body = {"query": _READ % (first, last), "variables": asked}
            asking = whole.asking("scoring", "contribution:read")
            begun = time.perf_counter()
            answer = client.post(url, json=body, headers=asking)
            if place >= len(ids) // 5:
                taken.append(time.perf_counter() - begun)
            answer.raise_for_status()
            if place == len(ids) // 5:
                before = whole.busy()["scoring"]
    return latency(taken, whole.busy()["scoring"] - before)


async def _ids(whole: System, accounts: int) -> list[str]:
    step = max(accounts // READS, 1)
    connection = await whole.database()
    found = await connection.fetch(
        "select id from account where number = any($1::text[])",
        [f"BENCH{n:09}" for n in range(0, accounts, step)],
    )
    await connection.close()
    return [str(row["id"]) for row in found]


async def _open_accounts(whole: System, accounts: int) -> None:
    connection = await whole.database()
    await connection.execute(_ACCOUNTS, INSTITUTION, accounts)
    await connection.execute("analyze account")
    await connection.close()


def measure(whole: System, postings: int, say: Callable[[str], None]) -> dict[str, object]:
    """Load one file after another, then read."""
    accounts = postings // POSTINGS_AN_ACCOUNT
    asyncio.run(_open_accounts(whole, accounts))
    runs = []
    folder = whole.data_dir / "bench"
    folder.mkdir()
    for number, (form, order) in enumerate(
        [("parquet", "day"), ("parquet", "account"), ("csv", "day"), ("csv", "account")], start=1
    ):
        file, month = folder / f"{form}-{order}.{form}", date(2024, number, 1)
        write(file, month, postings, accounts, order)
        runs.append(bulk(whole, file, order, postings))
        file.unlink()
        say(f"{form} by {order}: {runs[-1].per_second:,} postings/s")
    whole.settle()
    return {
        "bulk": runs,
        "read_open_month": reads(whole, "2025-12", "2025-12", accounts),
        "read_one_closed_month": reads(whole, "2024-02", "2024-02", accounts),
        "read_twelve_months": reads(whole, "2024-01", "2024-12", accounts),
    }


def main() -> None:
    """Start a system, measure and report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="few postings, in less than a minute")
    asked.add_argument("--folder", type=Path, help="where to keep the system for the while")
    wishes = asked.parse_args()
    load, console = os.getloadavg(), Console()
    with system(500, wishes.folder or Path(tempfile.gettempdir())) as whole:
        found = measure(whole, 400_000 if wishes.quick else 2_000_000, console.print)
    document = {
        "benchmark": "ingest",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (when it was)
        "load_before_and_after": [load, os.getloadavg()],
        "note": "per_two_processor_seconds is what two processors of their own would do.",
        **{
            name: [asdict(run) for run in one] if isinstance(one, list) else asdict(one)  # type: ignore[call-overload]
            for name, one in found.items()
        },
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ingest.json").write_text(json.dumps(document, indent=2) + "\n")
    show(document, console)


def show(found: dict[str, object], console: Console) -> None:
    """Print what was found."""
    table = Table("file", "sorted by", "postings", "s", "postings/s", "processor s: command",
                  "service", "PostgreSQL", "per 2 processor s", "bytes each")  # fmt: skip
    for run in found["bulk"]:  # type: ignore[attr-defined]
        table.add_row(
            run["form"], run["order"], f"{run['postings']:,}", f"{run['seconds']:.1f}",
            f"{run['per_second']:,}", f"{run['command_processor']:.1f}",
            f"{run['service_processor']:.1f}", f"{run['postgres_processor']:.1f}",
            f"{run['per_two_processor_seconds']:,}", f"{run['bytes_a_posting']:.1f}",
        )  # fmt: skip
    console.print(table)
    table = Table("one account's contribution over", "read", "p50 ms", "p99 ms", "processor ms")
    for name, what in (
        ("read_open_month", "the open month"),
        ("read_one_closed_month", "one closed month"),
        ("read_twelve_months", "twelve closed months"),
    ):
        one: dict[str, float] = found[name]  # type: ignore[assignment]
        table.add_row(what, f"{one['measured']:,}", f"{one['p50']:.1f}", f"{one['p99']:.1f}",
                      f"{one['processor']:.2f}")  # fmt: skip
    console.print(table)


if __name__ == "__main__":
    main()
