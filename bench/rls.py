"""What it costs to keep institutions apart: reads of one table, bound by its row policy and not.

A table, and JSON in bench/results/. Both roles read by way of `kit.db`, which names the institution
with BEGIN; one of them passes by row policies. They are measured in turns, so that what else the
machine does strikes both alike.
"""

import asyncio
import json
import os
import platform
import statistics
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from kit.db import Database, connect
from rich.console import Console
from rich.table import Table
from sheaf.postgres import Cluster
from sqlalchemy import TextClause, text

RESULTS = Path(__file__).parent / "results"
ROWS, BANKS, BATCH = 100_000, 5, 50
MAKE = f"""
create table held as select 'bank ' || n % {BANKS} as institution, n as id, n * 7 as amount
  from generate_series(1, {ROWS}) n;
create unique index on held (institution, id);
vacuum analyze held;
"""
WALL = """
alter table held enable row level security;
alter table held force row level security;
create policy tenant on held
  using (institution = (select current_setting('sheaf.institution', true)));
create role bound login nosuperuser nobypassrls password 'bound';
create role free login nosuperuser bypassrls password 'free';
grant select on held to bound, free;
"""
READS = {
    "one row by its id": (
        text("select amount from held where institution = :bank and id = :id"),
        2_000,
    ),
    f"{BATCH} rows by their ids": (
        text("select sum(amount) from held where institution = :bank and id = any(:ids)"),
        1_000,
    ),
    f"all {ROWS // BANKS:,} rows of an institution": (
        text("select sum(amount) from held where institution = :bank"),
        150,
    ),
}


@dataclass(frozen=True)
class Cost:
    """How long a read takes, in milliseconds."""

    median: float
    p99: float


async def timed(db: Database, statement: TextClause, number: int) -> float:
    """Read once, in a session of its own; return the milliseconds that it took."""
    ids = [number + BANKS * one for one in range(BATCH)]
    values = {"bank": f"bank {number % BANKS}", "id": number, "ids": ids}
    wanted = {name: values[name] for name in statement._bindparams}  # noqa: SLF001  (by no other name)
    began = time.perf_counter()
    async with db.read(str(values["bank"])) as session:
        found = (await (await session.connection()).execute(statement, wanted)).scalar()
    took = (time.perf_counter() - began) * 1000
    assert found  # noqa: S101  (a read that finds nothing measures nothing)
    return took


async def measure(urls: dict[str, str]) -> dict[str, dict[str, Cost]]:
    """Let both roles read in turns; the first tenth warms up."""
    roles = {role: Database(connect(url, name=role)) for role, url in urls.items()}
    found: dict[str, dict[str, Cost]] = {}
    for name, (statement, times) in READS.items():
        took: dict[str, list[float]] = {role: [] for role in roles}
        for number in range(1, times + 1):
            for role, db in roles.items():
                took[role].append(await timed(db, statement, number))
        found[name] = {role: cost(each[times // 10 :]) for role, each in took.items()}
    for db in roles.values():
        await db.engine.dispose()
    return found


def cost(took: list[float]) -> Cost:
    """Sum up how long reads took."""
    cuts = statistics.quantiles(took, n=100)
    return Cost(median=round(cuts[49], 3), p99=round(cuts[98], 3))


def main() -> None:
    """Measure, tell, keep."""
    with Cluster.temporary() as cluster:
        cluster.server.sql(MAKE)
        cluster.server.sql(WALL)
        urls = {
            role: cluster.server.url("postgres", role=role, password=role)
            for role in ("free", "bound")
        }
        found = asyncio.run(measure(urls))
    table = Table(title="Reads with and without a row policy, in ms")
    table.add_column("read")
    for heading in ("free: median", "p99", "bound: median", "p99", "ratio"):
        table.add_column(heading, justify="right")
    for name, costs in found.items():
        free, bound = costs["free"], costs["bound"]
        figures = (free.median, free.p99, bound.median, bound.p99, bound.median / free.median)
        table.add_row(name, *(f"{one:,.2f}" for one in figures))
    Console().print(table)
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (a program's own clock)
        "machine": {"processors": os.cpu_count(), "system": platform.platform()},
        "milliseconds": {
            name: {role: asdict(each) for role, each in costs.items()}
            for name, costs in found.items()
        },
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "rls.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
