"""Whoever few postings touched is worked out first, however many wait beside them."""

import asyncio
from datetime import date

import pytest
from kit.db import Database
from scoring.operations.calm import Calm
from scoring.operations.recalculation import fitting, recalculate, spread, work_on_news
from scoring.store import institution, queue, rankings
from scoring.store.queue import FEW

from tests.scoring.conftest import customer_id
from tests.scoring.test_tier_rankings import TIERS, joined

pytestmark = pytest.mark.anyio

MARCH, BEGINNING = date(2024, 3, 1), date(1900, 1, 1)


@pytest.fixture
async def settled(ready):
    """Customers c, n1 and n2 with an account each; nobody waits."""
    await ready.learn(
        *(ready.customer_news(one) for one in ("n1", "n2")),
        *(ready.account_news(f"{one}d", one) for one in ("n1", "n2")),
    )
    await ready.settle()
    return ready


async def waiting(bank) -> dict[str, tuple[date, bool]]:
    """From which month on each customer waits, and whether as news."""
    rows = await bank.sql(
        "select c.number, r.from_month, r.soon from recalculation r join customer c on c.id = r.customer_id"
    )
    return {row.number: (row.from_month, row.soon) for row in rows}


async def everyone(bank) -> None:
    async with bank.db.transaction("A") as session:
        await institution.recalculate_all(session, "A", BEGINNING)
    await spread(bank.db)


async def turn(bank) -> int:
    return await recalculate(bank.db, bank.policies, at=bank.now)


async def test_news_overtakes_a_recalculation_of_everyone(settled):
    await everyone(settled)
    await settled.post(settled.posting("n1d", 36_000_000, "2024-03-01"))
    assert await waiting(settled) == {
        "c": (BEGINNING, False), "n1": (BEGINNING, True), "n2": (BEGINNING, False),
    }  # fmt: skip
    assert await turn(settled) == 1
    assert await waiting(settled) == {"c": (BEGINNING, False), "n2": (BEGINNING, False)}
    announced = await settled.sql("select distinct subject from outbox where type like '%tier%'")
    assert str(customer_id("n1")) in {row.subject for row in announced}
    assert await turn(settled) == 2


async def test_news_stays_news_when_everyone_waits_too(settled):
    await settled.post(settled.posting("n1d", 100, "2024-03-02"))
    assert await waiting(settled) == {"n1": (MARCH, True)}
    await everyone(settled)
    assert (await waiting(settled))["n1"] == (BEGINNING, True)
    async with settled.db.transaction("A") as session:
        await queue.enqueue(session, "A", {customer_id("n2"): date(2024, 2, 9)})
    assert (await waiting(settled))["n2"] == (BEGINNING, True)


async def test_more_than_a_few_at_once_are_no_news(settled):
    many = {customer_id(f"m{n}"): MARCH for n in range(FEW + 1)}
    async with settled.db.transaction("A") as session:
        await queue.enqueue(session, "A", many)
    rows = await settled.sql("select soon, count(*) as customers from recalculation group by soon")
    assert [tuple(row) for row in rows] == [(False, FEW + 1)]
    many.popitem()
    async with settled.db.transaction("A") as session:
        await queue.enqueue(session, "A", many)
    rows = await settled.sql("select soon, count(*) as customers from recalculation group by soon")
    assert {tuple(row) for row in rows} == {(True, FEW), (False, 1)}


async def test_whom_a_ranking_moves_waits_in_bulk_unless_news(bank, example_scheme):
    await bank.ingest("scheme", example_scheme | {"tiers": TIERS})
    await bank.rates("deposit_product", 0, 36_000)
    await bank.learn(bank.institution_news(), *joined(bank, "0"), *joined(bank, "1"))
    await bank.settle()
    await bank.post(bank.posting("a0", 100, "2024-03-02"))
    await bank.sql_done("delete from tier_place")
    async with bank.db.transaction("A") as session:
        policy = await bank.policies.of(session, "A")
        ladder = policy.schemes[0].ladder
        await rankings.rank(session, policy, ladder, date(2024, 2, 1), following=MARCH)
    assert await waiting(bank) == {"0": (MARCH, True), "1": (MARCH, False)}


async def test_two_processes_take_different_news_and_hold_none_up(settled):
    async with settled.db.transaction("A") as session:
        await queue.enqueue(session, "A", {customer_id("n1"): MARCH, customer_id("c"): MARCH})
        await queue.enqueue(session, "A", {customer_id("n2"): date(2024, 2, 9)})
    async with settled.db.transaction("A") as one, settled.db.transaction("A") as other:
        first, second = [await queue.take_news(each, "A", 100) for each in (one, other)]
        assert (first.customers, first.since) == ([customer_id("n2")], date(2024, 2, 1))
        assert set(second.customers) == {customer_id("n1"), customer_id("c")}
        assert (await queue.take_news(one, "A", 100)).customers == []
    assert await waiting(settled) == {}


async def test_news_is_worked_out_while_bulk_is(settled):
    await everyone(settled)
    async with settled.db.transaction("A") as session:
        bulk = await queue.take_bulk(session, "A", 2)
        [left] = {customer_id(one) for one in ("c", "n1", "n2")} - set(bulk.customers)
        [number] = [one for one in ("c", "n1", "n2") if customer_id(one) == left]
        await settled.post(settled.posting({"c": "d"}.get(number, f"{number}d"), 7, "2024-03-02"))
        assert await turn(settled) == 1
    assert await waiting(settled) == {}


async def test_a_transaction_tells_of_news_when_it_has_committed(settled):
    news = asyncio.Event()
    db = Database(settled.db.engine, {"news": news})

    async with db.transaction("A") as session:
        await queue.enqueue(
            session, "A", dict.fromkeys(map(customer_id, map(str, range(300))), MARCH)
        )
    assert not news.is_set()
    with pytest.raises(LookupError):
        async with db.transaction("A") as session:
            await queue.enqueue(session, "A", {customer_id("n1"): MARCH})
            raise LookupError
    assert not news.is_set()
    async with db.transaction("A") as session:
        await queue.enqueue(session, "A", {customer_id("n1"): MARCH})
        assert not news.is_set()
    assert news.is_set()


async def test_who_works_on_news_leaves_the_rest(settled):
    await everyone(settled)
    await settled.post(settled.posting("n1d", 100, "2024-03-02"))
    working = asyncio.create_task(
        work_on_news(settled.db, settled.policies, asyncio.Event(), lambda: settled.now)
    )
    try:
        async with asyncio.timeout(20):
            while "n1" in await waiting(settled):
                await asyncio.sleep(0.01)
            await settled.post(settled.posting("n2d", 100, "2024-03-02"))
            while "n2" in await waiting(settled):
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
    assert await waiting(settled) == {"c": (BEGINNING, False)}


async def test_little_that_comes_in_does_not_disturb_the_rest():
    calm = Calm()
    calm.disturb(FEW)
    waited = asyncio.ensure_future(calm.wait())
    await asyncio.sleep(0)
    assert waited.done()
    calm.disturb(FEW + 1)
    waited = asyncio.ensure_future(calm.wait())
    await asyncio.sleep(0)
    assert not waited.done()
    waited.cancel()


async def test_the_rest_waits_as_long_as_much_comes_in():
    calm = Calm(0.001, patience_seconds=60)
    with calm.disturbed(FEW + 1), calm.disturbed(FEW + 1):
        waited = asyncio.ensure_future(calm.wait())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waited), 0.05)
    await waited
    with calm.disturbed(FEW):
        await calm.wait()


def test_a_batch_is_as_large_as_takes_a_moment():
    assert fitting(200, 200, 0.1) == 200
    assert fitting(200, 200, 0.6) == 100
    assert fitting(100, 100, 0.1) == 200
    assert fitting(20, 20, 0.05) == 40
    assert fitting(200, 200, 60) == 20
