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
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import islice, repeat
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from live_system import System, system
from live_work import Day, Posting
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
BATCH, SENDERS = 10_000, 2
NEWS_SECONDS, NEWS_PER_SECOND, NEWS_AT_ONCE = 20, 200, 20
LATEST_NEWS_SECONDS = 30.0
WARM = 50
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


@dataclass(frozen=True, slots=True)
class Found:
    """All figures of one run."""

    intake: Intake
    news: Latency
    read: Latency
    bare_read: Latency


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
    connection = await whole.database()
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


def read(whole: System, day: Day, count: int) -> Latency:
    """Ask the service for one customer's current contribution and tier, one after another.

    A plain connection asks, and each question is signed before its time begins: neither is the
    service's.
    """
    month = day.date[:7]
    place = urlsplit(whole.running.urls["scoring"])
    connection = HTTPConnection(place.hostname or "", place.port, timeout=60)

    def question(customer: str) -> Callable[[], None]:
        representation = {"__typename": "Customer", "id": customer}
        asked = {"query": READ % (month, month), "variables": {"r": [representation]}}
        body, signed = json.dumps(asked), whole.asking("scoring", "contribution:read")
        headers = signed | {"content-type": "application/json"}

        def ask() -> None:
            connection.request("POST", "/graphql", body, headers)
            answer = json.loads(connection.getresponse().read())
            if "errors" in answer or answer["data"]["_entities"][0]["contribution"] is None:
                raise SystemExit(f"The read failed: {answer}")

        return ask

    try:
        return _timed(whole, map(question, day.some_customers(WARM + count)))
    finally:
        connection.close()


def bare_read(whole: System, count: int) -> Latency:
    """Ask PostgreSQL for nothing over one connection, as often."""
    with asyncio.Runner() as loop:
        connection = loop.run(whole.database())

        def ask() -> None:
            loop.run(connection.fetchval("select 1"))

        try:
            return _timed(whole, repeat(ask, WARM + count))
        finally:
            loop.run(connection.close())


def _timed(whole: System, calls: Iterable[Callable[[], None]]) -> Latency:
    """Make the calls one after another; the first ones only warm what answers them."""
    coming, waits = iter(calls), []
    for call in islice(coming, WARM):
        call()
    before = whole.busy()
    for call in coming:
        begun = time.monotonic()
        call()
        waits.append(time.monotonic() - begun)
    return latency(waits, used(before, whole.busy())["all"])


def measure(whole: System, *, quick: bool) -> Found:
    """Take all figures, one kind after another."""
    day = asyncio.run(Day.of(whole))
    count = 500 if quick else 2_000
    reads = read(whole, day, count), bare_read(whole, count)
    told = asyncio.run(news(whole, day, 5 if quick else NEWS_SECONDS))
    taken = asyncio.run(intake(whole, day, 100_000 if quick else 400_000))
    return Found(taken, told, *reads)


def main() -> None:
    """Start a system, measure and report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a small bank, for about a minute")
    asked.add_argument("--folder", type=Path, help="where to keep the system for the while")
    wishes = asked.parse_args()
    customers = 2_000 if wishes.quick else 6_000
    load = os.getloadavg()[0]
    with system(customers, wishes.folder or Path(tempfile.gettempdir())) as whole:
        found = measure(whole, quick=wishes.quick)
    loads = load, os.getloadavg()[0]
    document = {
        "benchmark": "live",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (when it was)
        "load_before_and_after": loads,
        "note": "Seconds and latencies suffer from whatever else the machine does; processor "
        "seconds and ratios hardly do. A load well above the benchmark's own says how much.",
        "customers": customers,
        **asdict(found),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "live.json").write_text(json.dumps(document, indent=2) + "\n")
    show(found, loads)


def show(found: Found, loads: tuple[float, float]) -> None:
    """Print what was found."""
    table = Table("what", "measured", "beside it")
    taken = found.intake
    table.add_row(
        f"{taken.postings:,} postings, durable",
        f"{taken.per_second:,} a second",
        f"bare COPY {taken.bare_copy_per_second:,}",
    )
    table.add_row(
        "  processor s per 100,000",
        f"{taken.all_processor} (service {taken.service_processor}, "
        f"PostgreSQL {taken.postgres_processor})",
        f"bare COPY {taken.bare_copy_processor}",
    )
    for what, one, beside in (
        (f"news at {NEWS_PER_SECOND} postings/s", found.news, f"{found.news.missing} never came"),
        ("one customer's read", found.read, f"select 1: {found.bare_read.p99:.1f} ms p99"),
    ):
        table.add_row(what, f"{one.p50:,.1f} ms p50, {one.p99:,.1f} ms p99", beside)
        table.add_row("  processor ms each", f"{one.processor:.2f}", "")
    table.add_row("the machine's load", f"{loads[0]:.1f} before, {loads[1]:.1f} after", "")
    Console().print(table)


if __name__ == "__main__":
    main()
