"""What it costs to keep institutions apart: one indexed read, with row policies and without."""

import asyncio
import statistics
import sys
import time

from kit.db import Database, connect
from sheaf.postgres import Cluster
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

ROWS, READS = 100_000, 3_000
_MAKE = """
create table open_rows as select 'bank ' || n % 5 as institution, n as id, n * 7 as amount
  from generate_series(1, {rows}) n;
create unique index on open_rows (institution, id);
create table walled_rows as select * from open_rows;
create unique index on walled_rows (institution, id);
analyze open_rows, walled_rows;
alter table walled_rows enable row level security;
alter table walled_rows force row level security;
create policy tenant on walled_rows
  using (institution = (select current_setting('sheaf.institution', true)));
create role reader login nosuperuser nobypassrls password 'reader';
grant select on open_rows, walled_rows to reader;
"""
_READ = "select amount from {table} where institution = :bank and id = :id"
_OPEN, _WALLED = text(_READ.format(table="open_rows")), text(_READ.format(table="walled_rows"))


async def _measure(url: str) -> dict[str, list[float]]:
    """Read in turns, so that what else the machine does strikes all alike."""
    walls = Database(connect(url, name="rls"))
    asked = create_async_engine(url, pool_pre_ping=True)
    found: dict[str, list[float]] = {}

    async def timed(name: str, statement: object, number: int) -> None:
        bank = f"bank {number % 5}"
        began = time.perf_counter()
        plain = (
            AsyncSession(asked) if name == "no policy, as before: asked whether it lives" else None
        )
        async with plain or walls.read(bank) as session:
            connection = await session.connection()
            values = {"bank": bank, "id": number}
            assert (await connection.execute(statement, values)).scalar() == number * 7  # type: ignore[call-overload]  # noqa: S101
        found.setdefault(name, []).append((time.perf_counter() - began) * 1000)

    for number in range(1, READS + 1):
        await timed("no policy, as before: asked whether it lives", _OPEN, number)
        await timed("no policy, institution said with BEGIN", _OPEN, number)
        await timed("row policy, institution said with BEGIN", _WALLED, number)
    await walls.engine.dispose()
    await asked.dispose()
    return found


def main() -> None:
    """Print the median and the 99th percentile of each way to read, in milliseconds."""
    with Cluster.temporary() as cluster:
        cluster.server.sql(_MAKE.format(rows=ROWS))
        url = cluster.server.url("postgres", role="reader", password="reader")  # noqa: S106  (gone in a minute)
        found = asyncio.run(_measure(url))
    for name, times in found.items():
        cuts = statistics.quantiles(times[READS // 10 :], n=100)
        sys.stdout.write(f"{name:<46} median {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms\n")


main()
