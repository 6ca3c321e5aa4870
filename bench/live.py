"""How live the scoring service is: durable postings, news of them, one customer's read.

A table, and JSON in bench/results/. A whole system runs on ports of its own; beside each figure
stands what the bare parts do in the same run, for the machine may be busy with other things.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
from live_system import System, system
from live_work import Day, Posting
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
BATCH, SENDERS = 10_000, 2
NEWS_SECONDS, NEWS_PER_SECOND, NEWS_AT_ONCE = 20, 200, 20
LATEST_NEWS_SECONDS = 30.0
_BARE = (
    "create table bench_bare (id text, account text, amount bigint, currency text, value_date date,"
    " booked_at timestamptz, channel text, kind text, purpose text, counterparty text)"
)
READ = """
query Read($r: [_Any!]!) { _entities(representations: $r) { ... on Customer {
  contribution(from: "%s", to: "%s") { total { amount currency } lines { line amount { amount } } }
  tier { code name } } } }
"""


@dataclass(frozen=True, slots=True)
class Intake:
    """Postings acknowledged as durable; processor seconds are of 100,000 postings."""

    postings: int
    seconds: float
    per_second: int
    service_processor: float
    postgres_processor: float
    all_processor: float
    bare_copy_per_second: int
    bare_copy_processor: float
    times_bare_processor: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds at the middle and beyond all but a hundredth, and the processor's for each."""

    measured: int
    p50: float
    p99: float
    processor: float
    missing: int = 0


def latency(seconds: Sequence[float], processor: float, missing: int = 0) -> Latency:
    """Sum up what was measured; `processor` is seconds for all together."""
    places = statistics.quantiles(seconds, n=100, method="inclusive")
    each = 1000 * processor / len(seconds)
    return Latency(
        len(seconds), round(1000 * places[49], 2), round(1000 * places[98], 2), round(each, 3),
        missing,
    )  # fmt: skip


def used(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the processor seconds of each program in between, and of all."""
    found = {name: after[name] - before[name] for name in after}
    return found | {"all": sum(found.values())}


async def intake(whole: System, day: Day, count: int) -> Intake:
    """Send `count` postings by two senders; compare with copying the same into a bare table."""
    made = [day.postings(min(BATCH, count - at)) for at in range(0, count, BATCH)]
    bodies = [b"\n".join(one.line() for one in batch) for batch in made]
    bare_seconds, bare_busy = await _bare(whole, made)
    before, begun = whole.busy(), time.monotonic()
    with (
        httpx.Client(base_url=whole.running.urls["scoring"], timeout=120) as client,
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        client.headers.update(whole.bearer("loader"))
        answers = list(pool.map(lambda body: client.post("/ingest/postings", content=body), bodies))
    seconds = time.monotonic() - begun
    busy = used(before, whole.busy())
    taken = sum(answer.raise_for_status().json()["accepted"] for answer in answers)
    if taken != count:
        raise SystemExit(f"Only {taken:,} of {count:,} postings were taken: {answers[0].text}")
    part = 100_000 / count
    return Intake(
        postings=count,
        seconds=round(seconds, 2),
        per_second=round(count / seconds),
        service_processor=round(busy["scoring"] * part, 2),
        postgres_processor=round(busy["postgres"] * part, 2),
        all_processor=round(busy["all"] * part, 2),
        bare_copy_per_second=round(count / bare_seconds),
        bare_copy_processor=round(bare_busy * part, 2),
        times_bare_processor=round(busy["all"] / bare_busy, 1),
    )


async def _bare(whole: System, made: Sequence[Sequence[Posting]]) -> tuple[float, float]:
    """Copy the postings into a table without keys, a transaction each batch."""
    connection = await asyncpg.connect(whole.database_url())
    try:
        await connection.execute(_BARE)
        before, own, begun = whole.busy(), time.process_time(), time.monotonic()
        for batch in made:
            await connection.copy_records_to_table(
                "bench_bare", records=[one.row() for one in batch]
            )
        seconds = time.monotonic() - begun
        busy = used(before, whole.busy())["postgres"] + time.process_time() - own
        await connection.execute("drop table bench_bare")
    finally:
        await connection.close()
    return seconds, busy


async def news(whole: System, day: Day, seconds: int) -> Latency:
    """Post steadily for different customers; measure until the feed tells of each."""
    url = whole.running.urls["scoring"]
    acknowledged: dict[str, float] = {}
    told: dict[str, float] = {}
    ended = asyncio.Event()

    async def listen(cursor: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            client.headers.update(whole.bearer("service"))
            until = None
            while acknowledged.keys() - told.keys() or not ended.is_set():
                answer = await client.get("/feed", params={"after": cursor, "wait": 1})
                at, cursor = time.monotonic(), answer.headers["Feed-Next"]
                for event in answer.raise_for_status().json():
                    if event["type"] == "scoring.contribution.changed":
                        told.setdefault(event["subject"], at)
                until = until or (at + LATEST_NEWS_SECONDS if ended.is_set() else None)
                if until and at > until:
                    return

    async def post(client: httpx.AsyncClient, batch: Sequence[Posting]) -> None:
        body = b"\n".join(one.line() for one in batch)
        answer = (await client.post("/ingest/postings", content=body)).raise_for_status()
        if answer.json()["accepted"] != len(batch):
            raise SystemExit(f"Not every posting was taken: {answer.text}")
        at = time.monotonic()
        acknowledged.update((one.customer, at) for one in batch)

    batches = day.for_different_customers(seconds * NEWS_PER_SECOND, NEWS_AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        head = await client.get("/feed/head", headers=whole.bearer("service"))
        listening = asyncio.create_task(listen(head.json()["cursor"]))
        client.headers.update(whole.bearer("loader"))
        before = whole.busy()
        await _steadily([lambda b=b: post(client, b) for b in batches], seconds / len(batches))
        ended.set()
        await listening
    busy = used(before, whole.busy())["all"]
    waits = [max(told[one] - at, 0.0) for one, at in acknowledged.items() if one in told]
    return latency(waits, busy, missing=len(acknowledged.keys() - told.keys()))


async def _steadily(calls: Sequence[Callable[[], Awaitable[None]]], pause: float) -> None:
    """Begin a call every so many seconds, whether or not the one before has ended."""
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number, call in enumerate(calls):
            await asyncio.sleep(begun + number * pause - time.monotonic())
            group.create_task(call())  # type: ignore[arg-type]  # a coroutine, as called above


async def read(whole: System, day: Day, count: int) -> Latency:
    """Ask the service for one customer's current contribution and tier, one after another."""
    month = day.date[:7]
    document = READ % (month, month)
    async with httpx.AsyncClient(base_url=whole.running.urls["scoring"], timeout=60) as client:

        async def ask(customer: str) -> None:
            asked = {"r": [{"__typename": "Customer", "id": customer}]}
            body = {"query": document, "variables": asked}
            asking = whole.asking("scoring", "contribution:read")
            said = await client.post("/graphql", json=body, headers=asking)
            answer = said.raise_for_status().json()
            if "errors" in answer or answer["data"]["_entities"][0]["contribution"] is None:
                raise SystemExit(f"The read failed: {answer}")

        return await _timed(whole, [lambda c=c: ask(c) for c in day.some_customers(count)])


async def bare_read(whole: System, count: int) -> Latency:
    """Ask PostgreSQL for nothing over one connection, as often."""
    connection = await asyncpg.connect(whole.database_url())

    async def ask() -> None:
        await connection.fetchval("select 1")

    try:
        return await _timed(whole, [ask] * count)
    finally:
        await connection.close()


async def _timed(whole: System, calls: Sequence[Callable[[], Awaitable[None]]]) -> Latency:
    for call in calls[:50]:
        await call()
    before, waits = whole.busy(), []
    for call in calls:
        begun = time.monotonic()
        await call()
        waits.append(time.monotonic() - begun)
    return latency(waits, used(before, whole.busy())["all"])


async def measure(whole: System, *, quick: bool) -> dict[str, object]:
    """Take all figures, one kind after another."""
    day = await Day.of(whole)
    count = 1_000 if quick else 5_000
    reads = {
        "read": await read(whole, day, count), "bare_read": await bare_read(whole, count),
    }  # fmt: skip
    told = await news(whole, day, 5 if quick else NEWS_SECONDS)
    taken = await intake(whole, day, 100_000 if quick else 600_000)
    whole.settle()
    return {"intake": taken, "news": told, **reads}


def main() -> None:
    """Start a system, measure and report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a small bank, for less than a minute")
    asked.add_argument("--folder", type=Path, help="where to keep the system for the while")
    wishes = asked.parse_args()
    customers = 2_000 if wishes.quick else 10_000
    load = os.getloadavg()
    with system(customers, wishes.folder or Path(tempfile.gettempdir())) as whole:
        found = asyncio.run(measure(whole, quick=wishes.quick))
    document = {
        "benchmark": "live",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (when it was)
        "load_before_and_after": [load, os.getloadavg()],
        "note": "Seconds and latencies suffer from whatever else the machine does; processor "
        "seconds and ratios hardly do. A load well above the benchmark's own says how much.",
        "customers": customers,
        **{name: asdict(one) for name, one in found.items()},  # type: ignore[call-overload]
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "live.json").write_text(json.dumps(document, indent=2) + "\n")
    show(found)


def show(found: Mapping[str, object]) -> None:
    """Print what was found."""
    table = Table("what", "measured", "p50 ms", "p99 ms", "processor ms each")
    for name, what in (
        ("news", "news after a posting is acknowledged"),
        ("read", "one customer's contribution and tier"),
        ("bare_read", "select 1"),
    ):
        one = found[name]
        if isinstance(one, Latency):
            table.add_row(what, f"{one.measured:,}", f"{one.p50:.1f}", f"{one.p99:.1f}",
                          f"{one.processor:.2f}")  # fmt: skip
    Console().print(table)
    taken = found["intake"]
    if isinstance(taken, Intake):
        table = Table("postings", "s", "postings/s", "bare copy/s", "processor s per 100,000:",
                      "service", "PostgreSQL", "all", "bare copy")  # fmt: skip
        table.add_row(
            f"{taken.postings:,}", f"{taken.seconds:.1f}", f"{taken.per_second:,}",
            f"{taken.bare_copy_per_second:,}", "", f"{taken.service_processor:.2f}",
            f"{taken.postgres_processor:.2f}", f"{taken.all_processor:.2f}",
            f"{taken.bare_copy_processor:.2f}",
        )  # fmt: skip
        Console().print(table)


if __name__ == "__main__":
    main()
