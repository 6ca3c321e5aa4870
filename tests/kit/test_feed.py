"""No event is lost, doubled or overtaken, whatever overlaps or dies."""

import asyncio
import random
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from kit import outbox
from kit.feed import feed
from kit.inbox import Event
from kit.outbox import Cursor
from sqlalchemy import text

from tests.callers import bearer
from tests.kit.counted import Counted, add, consumer

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def announce(db, *events) -> None:
    async with db.transaction("A") as session:
        await outbox.record(session, events, at=NOON)


async def read_all(db, after=None) -> tuple[list[str], Cursor]:
    async with db.read("A") as session:
        after = after or Cursor(await outbox.epoch(session), 0, 0)
        found, reached = await outbox.page(session, after)
    return [event["subject"] for event in found], reached


async def test_a_page_never_steps_over_a_transaction_that_commits_late(db):
    async with db.transaction("A") as early:
        await outbox.record(early, [Counted("early", 1)], at=NOON)
        await announce(db, Counted("late", 1))
        seen, cursor = await read_all(db)
        assert seen == []
    seen, cursor = await read_all(db, cursor)
    assert seen == ["early", "late"]
    assert (await read_all(db, cursor))[0] == []


async def test_an_event_exists_only_if_its_transaction_commits(db):
    with pytest.raises(RuntimeError):
        async with db.transaction("A") as session:
            await outbox.record(session, [Counted("a", 1)], at=NOON)
            raise RuntimeError
    assert (await read_all(db))[0] == []


async def test_head_is_what_a_reader_of_everything_reaches(db):
    await announce(db, Counted("a", 1), Counted("b", 1))
    _, reached = await read_all(db)
    async with db.read("A") as session:
        assert await outbox.head(session, reached.epoch) == reached


def delivered(*pairs) -> list[Event]:
    return [
        Event(id=f"00000000-0000-0000-0000-{i:012}", type="counted", subject=subject,
              institution="A", version=i, at=NOON, data={"amount": amount})
        for i, (subject, amount) in enumerate(pairs, start=1)
    ]  # fmt: skip


async def test_the_same_page_twice_has_one_effect(db, tally, tmp_path):
    one = consumer(db, "http://unused", tmp_path / "t")
    page = delivered(("a", 2), ("b", 3))
    await one.take(page, "e:1:2")
    await one.take(page, "e:1:2")
    assert await tally() == {"a": 2, "b": 3}


async def test_two_replicas_that_take_the_same_page_at_once_have_one_effect(db, tally, tmp_path):
    page = delivered(*[("a", 1)] * 50)
    replicas = [consumer(db, "http://unused", tmp_path / "t") for _ in range(4)]
    await asyncio.gather(*(replica.take(page, "e:1:50") for replica in replicas))
    assert await tally() == {"a": 50}


async def test_a_poison_event_is_parked_with_its_followers_and_the_rest_flows(db, tally, tmp_path):
    one = consumer(db, "http://unused", tmp_path / "t")
    await one.take(delivered(("a", 1), ("bad", -1), ("b", 1), ("bad", 5), ("a", 1)), "e:1:5")
    assert await tally() == {"a": 2, "b": 1}
    assert await one.parked() == 2
    assert one.cursor == "e:1:5"


async def test_parked_events_are_taken_in_order_once_the_handler_is_mended(db, tally, tmp_path):
    one = consumer(db, "http://unused", tmp_path / "t")
    await one.take(delivered(("bad", -1), ("bad", 5)), "e:1:2")
    order = []

    async def mended(session, events) -> None:
        order.extend(event.data["amount"] for event in events)

    better = consumer(db, "http://unused", tmp_path / "t", mended)
    await better.retry_parked()
    await better.retry_parked()
    assert order == [-1, 5]
    assert await better.parked() == 0


@asynccontextmanager
async def served(db, verifier):
    app = FastAPI()
    app.include_router(feed(db, verifier))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(app, port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def test_killed_consumers_and_overlapping_producers_lose_and_double_nothing(
    db, url, tally, callers, verifier, tmp_path
):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    expected: dict[str, int] = {}
    token_file = tmp_path / "token"
    token_file.write_text(callers.credential("service", ""))

    async def produce(worker: int) -> None:
        for n in range(60):
            subject = f"s{dice.randrange(20)}"
            async with db.transaction("A") as session:
                await outbox.record(session, [Counted(subject, n)], at=NOON)
                await asyncio.sleep(dice.random() * 0.02)
            expected[subject] = expected.get(subject, 0) + n

    async with served(db, verifier) as base:
        command = [
            sys.executable,
            str(Path(__file__).with_name("counted.py")),
            url,
            base,
            str(token_file),
        ]
        producing = asyncio.gather(*(produce(worker) for worker in range(6)))
        kills = 0
        while kills < 8:
            process = subprocess.Popen(command)
            await asyncio.sleep(0.7 + dice.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        await producing
        last = consumer(db, base, token_file)
        following = asyncio.create_task(last.run())
        while not last.caught_up:
            await asyncio.sleep(0.05)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert await tally() == {s: n for s, n in expected.items() if n or s in expected}


async def test_who_waits_does_not_look_while_nothing_is_committed(
    db, verifier, callers, statements
):
    """One small question for all of them goes to the server meanwhile."""
    _, reached = await read_all(db)
    app = FastAPI()
    app.include_router(feed(db, verifier))
    headers = bearer(callers.credential("service", ""))
    transport = httpx.ASGITransport(app)
    snapshot = text("select pg_current_snapshot()::text")

    async def told() -> str:
        async with db.read("A") as session:
            return await (await session.connection()).scalar(snapshot)

    async def sent_until(number, what="snapshot()::text") -> list[str]:
        statements.clear()
        while sum(what in one for one in statements) < number:
            await asyncio.sleep(0.02)
        return list(statements)

    async def quiet() -> list[str]:
        """Give what is sent while nothing is committed, and whoever waits knows of all before.

        Somebody who was woken by the last commit may be slow to look: it counts when all have.
        """
        for _ in range(20):
            before = await told()
            await sent_until(3)
            sent = await sent_until(4)
            if await told() == before and len({*sent}) == 1:
                break
        return sent

    async with httpx.AsyncClient(
        transport=transport, base_url="http://p", headers=headers, timeout=20
    ) as client:
        waiting = {"after": str(reached), "wait": 20}
        readers = [asyncio.create_task(client.get("/feed", params=waiting)) for _ in range(3)]
        await sent_until(3, "from outbox")
        assert {*await quiet()} == {"select pg_current_snapshot()::text"}
        await announce(db, Counted("b", 1))
        answers = await asyncio.gather(*readers)
    for answer in answers:
        assert [event["subject"] for event in answer.json()] == ["b"]


async def test_who_waits_looks_at_last_when_its_time_is_up(db, verifier, callers):
    _, reached = await read_all(db)
    app = FastAPI()
    app.include_router(feed(db, verifier))
    headers = bearer(callers.credential("service", ""))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://p", headers=headers
    ) as client:
        answer = await client.get("/feed", params={"after": str(reached), "wait": 0.3})
    assert (answer.json(), answer.headers["Feed-Next"]) == ([], str(reached))


async def test_a_reader_from_before_a_restore_starts_again(db, verifier, callers):
    await announce(db, Counted("a", 1))
    app = FastAPI()
    app.include_router(feed(db, verifier))
    headers = bearer(callers.credential("service", ""))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://p", headers=headers
    ) as client:
        answer = await client.get("/feed", params={"after": "another-cluster:999999:999999"})
    assert [event["subject"] for event in answer.json()] == ["a"]
    assert answer.headers["content-type"] == "application/cloudevents-batch+json"


async def test_the_handler_never_sees_a_cursor_move_without_its_effect(db, tally, tmp_path):
    async def broken(session, events) -> None:
        await add(session, events)
        await (await session.connection()).execute(
            text("select pg_terminate_backend(pg_backend_pid())")
        )

    one = consumer(db, "http://unused", tmp_path / "t", broken)
    with pytest.raises(Exception, match="terminat|connection"):
        await one.take(delivered(("a", 1)), "e:1:1")
    assert await tally() == {}
    async with db.read("A") as session:
        cursors = await (await session.connection()).execute(text("select * from feed_cursor"))
        assert cursors.all() == []
