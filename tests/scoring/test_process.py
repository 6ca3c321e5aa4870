"""The service as a process: it works by itself, and a kill at any moment loses nothing."""

import asyncio
import os
import random
import signal
import subprocess
import sys

import httpx
import pytest
from sheaf.ports import free

from tests.scoring.shadow_runs import customers, go_through, run_of, simulate

pytestmark = pytest.mark.anyio


class Process:
    """`python -m scoring serve` over a test's database."""

    def __init__(self, url, callers, folder) -> None:
        self.port = free()
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        self.environment = os.environ | {
            "SCORING_DATABASE_URL": url,
            "SCORING_PORT": str(self.port),
            "SCORING_TOKEN_FILE": str(folder / "token"),
        }
        self.environment |= callers.environment("SCORING")

    async def start(self) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "scoring", "serve"], env=self.environment
        )
        async with asyncio.timeout(60):
            while await self.pending() is None:
                await asyncio.sleep(0.1)

    def kill(self) -> None:
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()

    async def pending(self) -> int | None:
        """Ask how much waits; None while nobody answers."""
        try:
            answer = await self.http.get("/health/ready")
        except httpx.TransportError:
            return None
        return answer.json()["pending"] if answer.status_code == 200 else None

    async def settled(self) -> None:
        async with asyncio.timeout(60):
            while await self.pending() != 0:
                await asyncio.sleep(0.1)


@pytest.fixture
async def process(bank, callers, tmp_path):
    url = bank.db.engine.url.render_as_string(hide_password=False)
    opened = Process(url, callers, tmp_path)
    yield opened
    opened.kill()
    await opened.http.aclose()


async def test_it_works_out_who_waits_by_itself_and_survives_kills(ready, process):
    await ready.learn(
        *(ready.customer_news(f"k{n}") for n in range(150)),
        *(ready.account_news(f"k{n}", f"k{n}") for n in range(150)),
    )
    http, ready.http = ready.http, process.http
    rng = random.Random(7)
    sent = []
    for _ in range(4):
        await process.start()
        for _ in range(rng.randrange(1, 4)):
            batch = [
                ready.posting(f"k{rng.randrange(150)}", rng.randrange(1, 10**6), "2024-02-10")
                for _ in range(100)
            ]
            sent += batch
            assert (await ready.post(*batch))["accepted"] == 100
        await asyncio.sleep(rng.random())
        process.kill()
    await process.start()
    await process.settled()
    assert (await ready.post(*sent[-100:]))["unchanged"] == 100
    [row] = await ready.sql("select sum(s0) as s0, sum(postings) as n from account_month")
    assert (row.s0, row.n) == (sum(int(one["amount_minor"]) for one in sent), len(sent))
    ready.http = http
    period = 'from: "2024-01", to: "2024-03"'
    document = f"""{{ bankContribution({period}) {{ total {{ amount }} }}
      topCustomers({period}, first: 100) {{ customer {{ contribution({period}) {{ total {{ amount }} }} }}
        contribution {{ amount }} }} }}"""
    data = await ready.data(document)
    for one in data["topCustomers"]:
        assert one["customer"]["contribution"]["total"] == one["contribution"]
    announced = await ready.sql(
        "select count(*) as n, count(distinct (subject, version)) as different from outbox"
    )
    assert announced[0].n == announced[0].different


async def test_a_shadow_run_survives_a_kill_and_finds_what_an_undisturbed_one_does(
    drafted, process
):
    await drafted.learn(
        *(drafted.customer_news(f"k{n}", manager="M1") for n in range(250)),
        *(drafted.account_news(f"k{n}", f"k{n}") for n in range(250)),
    )
    fee = {"kind": "fee", "purpose": "card"}
    await drafted.post(
        *(drafted.posting(f"k{n}", -100 * (n + 1), "2024-02-10", **fee) for n in range(250))
    )
    await drafted.settle()
    found = await simulate(drafted)
    await process.start()
    async with asyncio.timeout(20):
        while (await run_of(drafted, found))["done"] == 0:
            await asyncio.sleep(0.01)
    process.kill()
    assert 0 < (await run_of(drafted, found))["done"] < 254
    await process.start()
    async with asyncio.timeout(20):
        while (await run_of(drafted, found))["state"] != "FINISHED":
            await asyncio.sleep(0.1)
    process.kill()
    undisturbed = await simulate(drafted, key="undisturbed")
    await go_through(drafted)
    assert await run_of(drafted, found) == await run_of(drafted, undisturbed)
    assert (await run_of(drafted, found))["changed"] == 253
    assert await customers(drafted, found, first=100) == await customers(
        drafted, undisturbed, first=100
    )
