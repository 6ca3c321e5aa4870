"""What the audit costs: bytes for each kind of entry, a bank's year of them, time for each read.

Two tables, and JSON in bench/results/. The server waits for its disk as in production. A read is
one indexed row; with the audit it also waits until its entry is durable, as an answer does.
"""

import asyncio
import json
import os
import platform
import random
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from kit.audit.chain import CREATE_APPEND, CREATE_TRIGGER, CREATE_WALL, append, audit_table
from kit.audit.entry import Entry, Kind, body
from kit.audit.scribe import Scribe
from kit.db import Database, connect, service_metadata
from kit.identity import Principal, Reach
from rich.console import Console
from rich.table import Table
from sheaf.postgres import Cluster
from sqlalchemy import text

RESULTS = Path(__file__).parent / "results"
BANK = "BENCH"
CUSTOMERS, ENTRIES, AT_ONCE = 100_000, 5_000, 100
READS, READERS, ROUNDS = 400, 16, 40
DAYS = 365
DICE = random.Random(1)  # noqa: S311  (made-up ids)
METADATA = service_metadata()
CHAIN = audit_table(METADATA)
WHO = Principal("8f14e45f-ceea-467f-a0e6-2f1c0b1d9a11", "teller", "counter", BANK,
                Reach.INSTITUTION, frozenset(), staff_number="M1024")  # fmt: skip
DESK = [f"Customer.{one}" for one in (
    "accounts", "authorisedAccounts", "bornOn", "branch", "cards", "consents", "contacts",
    "group", "household", "identifiers", "kind", "manager", "name", "number", "sex", "since",
)]  # fmt: skip
DESK += [f"Account.{one}" for one in ("currency", "line", "number", "openedOn", "product")]
SIZE = text("""select pg_table_size('audit_entry') as rows,
  pg_indexes_size('audit_entry') as indexes, sum(octet_length(body)) as words from audit_entry""")
ROWS = f"""create table shown as select '{BANK}' as institution, n as id, n * 7 as amount
  from generate_series(1, {CUSTOMERS}) n; create unique index on shown (institution, id);
  analyze shown"""
READ = text("select amount from shown where institution = :bank and id = :id")


def some(count: int) -> list[str]:
    """Give ids of some customers and accounts of the bank."""
    return [str(UUID(int=DICE.randrange(CUSTOMERS) << 64 | 1)) for _ in range(count)]


KINDS: dict[str, tuple[int, Callable[[], Entry]]] = {
    "a customer at the desk, with three accounts": (
        90_000,
        lambda: Entry(
            kind=Kind.READ, operation="customerByNumber", entities=some(4), fields=DESK
        ),
    ),
    "a list of twenty": (
        3_000,
        lambda: Entry(
            kind=Kind.READ, operation="customers", entities=some(20),
            fields=["Customer.branch", "Customer.kind", "Customer.name", "Customer.number"],
            reason="service",
        ),
    ),
    "a value revealed": (
        2_000,
        lambda: Entry(
            kind=Kind.WRITE, operation="revealField", entities=some(1), fields=["phone"],
            reason="call about the loan that ends in May",
        ),
    ),
    "five thousand records taken in": (
        500,
        lambda: Entry(
            kind=Kind.WRITE, operation="ingest/customers",
            counts={"accepted": 4_990, "rejected": 10},
        ),
    ),
}  # fmt: skip
"""With how many of each a bank of 300,000 customers and 400 staff writes in a day."""


async def sizes(db: Database) -> dict[str, dict[str, float]]:
    """Fill a chain with one kind after another; give the bytes that an entry of each takes."""
    found = {}
    for name, (_, make) in KINDS.items():
        async with db.engine.begin() as connection:
            await connection.run_sync(CHAIN.drop, checkfirst=True)
            await connection.run_sync(CHAIN.create)
            await connection.execute(text(CREATE_TRIGGER))
        for _ in range(ENTRIES // AT_ONCE):
            async with db.transaction(BANK) as session:
                await append(session, BANK, [body(WHO, make()) for _ in range(AT_ONCE)])
        async with db.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("vacuum analyze audit_entry"))
            row = (await connection.execute(SIZE)).one()
        found[name] = {
            part: round(int(getattr(row, part)) / ENTRIES) for part in ("words", "rows", "indexes")
        }
    return found


async def times(db: Database) -> dict[str, dict[str, float]]:
    """Read in turns, with the audit and without, alone and with many at once."""
    scribe = Scribe(db)
    entry = KINDS["a customer at the desk, with three accounts"][1]

    async def plain() -> None:
        async with db.read(BANK) as session:
            values = {"bank": BANK, "id": DICE.randrange(CUSTOMERS) + 1}
            await (await session.connection()).execute(READ, values)

    async def audited() -> None:
        await plain()
        await scribe.write(WHO, entry())

    ways = {"without": plain, "with the audit": audited}
    found: dict[str, dict[str, float]] = {name: {} for name in ways}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(READS):
        for name, way in ways.items():
            taken[name].append(await _timed(way))
    for name, each in taken.items():
        cuts = quantiles(each[READS // 10 :], n=100)
        found[name] |= {"alone_ms": round(cuts[49], 2), "alone_p99_ms": round(cuts[98], 2)}
    for name, way in ways.items():
        began, used = time.perf_counter(), time.process_time()
        each = []
        for _ in range(ROUNDS):
            each += await asyncio.gather(*(_timed(way) for _ in range(READERS)))
        reads = ROUNDS * READERS
        found[name] |= {
            "together_ms": round(median(each), 2),
            "together_per_second": round(reads / (time.perf_counter() - began)),
            "processor_ms": round((time.process_time() - used) / reads * 1000, 3),
        }
    return found


async def _timed(way: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await way()
    return (time.perf_counter() - began) * 1000


async def measured(url: str) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Make a chain with its functions, and measure."""
    db = Database(connect(url, name="audit", pool_size=READERS + 1))
    async with db.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        for made in (CREATE_APPEND, CREATE_WALL, *ROWS.split(";")):
            await connection.execute(text(made))
    bytes_, milliseconds = await sizes(db), await times(db)
    await db.engine.dispose()
    return bytes_, milliseconds


def main() -> None:
    """Measure, tell, keep."""
    with Cluster.temporary(durable=True) as cluster:
        bytes_, milliseconds = asyncio.run(measured(cluster.url()))
    table = Table(title="Bytes for each entry, and a year of a bank of 300,000 customers")
    for heading in ("entry", "words", "row", "indexes", "a day", "GB a year"):
        table.add_column(heading, justify="left" if heading == "entry" else "right")
    year = 0.0
    for name, one in bytes_.items():
        daily = KINDS[name][0]
        gigabytes = (one["rows"] + one["indexes"]) * daily * DAYS / 1e9
        year += gigabytes
        sizes_ = [f"{one[part]:,.0f}" for part in ("words", "rows", "indexes")]
        table.add_row(name, *sizes_, f"{daily:,}", f"{gigabytes:.1f}")
    table.add_row("all", "", "", "", "", f"{year:.1f}")
    Console().print(table)
    headings = {
        "alone_ms": "alone, ms", "alone_p99_ms": "p99", "together_ms": f"{READERS} at once, ms",
        "together_per_second": "reads/s", "processor_ms": "processor ms",
    }  # fmt: skip
    table = Table("a read", *headings.values(), title="Time for each read")
    for name, told in milliseconds.items():
        table.add_row(name, *(str(told[one]) for one in headings))
    Console().print(table)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (a program's own clock)
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "bytes": bytes_,
        "gigabytes_a_year": round(year, 1),
        "milliseconds": milliseconds,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "audit.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
