"""'Everybody waits' becomes customers who wait a piece at a time, and none is left out."""

from datetime import date

import pytest
from scoring.operations.recalculation import recalculate, spread
from scoring.store import institution, queue

pytestmark = pytest.mark.anyio

JANUARY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)


@pytest.fixture
async def five(ready):
    """Customers c and n1 to n4; nobody waits."""
    await ready.learn(*(ready.customer_news(f"n{n}") for n in range(1, 5)))
    await ready.settle()
    return ready


async def let_all_wait(bank, since) -> None:
    async with bank.db.transaction("A") as session:
        await institution.recalculate_all(session, "A", since)


async def piece(bank, limit=2) -> bool:
    async with bank.db.transaction("A") as session:
        return await queue.spread(session, "A", limit)


async def waiting(bank) -> dict[str, date]:
    rows = await bank.sql("select customer_id, from_month from recalculation")
    return {str(row.customer_id): row.from_month for row in rows}


async def customers(bank) -> list[str]:
    return [str(row.id) for row in await bank.sql("select id from customer order by id")]


async def test_each_piece_is_a_few_customers_by_id_and_goes_on_behind_the_last(five):
    everyone = await customers(five)
    await let_all_wait(five, JANUARY)
    assert await piece(five)
    assert await waiting(five) == dict.fromkeys(everyone[:2], JANUARY)
    # a process that was killed in the next piece left nothing of it
    with pytest.raises(ZeroDivisionError):
        async with five.db.transaction("A") as session:
            await queue.spread(session, "A", 2)
            raise ZeroDivisionError
    assert await waiting(five) == dict.fromkeys(everyone[:2], JANUARY)
    assert [await piece(five), await piece(five)] == [True, False]
    assert await waiting(five) == dict.fromkeys(everyone, JANUARY)
    [left] = await five.sql("select recalculate_from, spread_through from institution")
    assert (left.recalculate_from, left.spread_through) == (None, None)
    assert not await piece(five)


@pytest.mark.parametrize(
    ("then", "since"), [(MARCH, FEBRUARY), (FEBRUARY, FEBRUARY), (JANUARY, JANUARY)]
)
async def test_who_was_spread_and_worked_out_waits_again_when_all_wait_anew(five, then, since):
    everyone = await customers(five)
    await let_all_wait(five, FEBRUARY)
    await piece(five)
    assert await recalculate(five.db, five.policies, at=five.now) == 2
    assert await waiting(five) == {}
    await let_all_wait(five, then)
    while await piece(five):
        pass
    assert await waiting(five) == dict.fromkeys(everyone, since)


async def test_a_posting_in_the_midst_does_not_begin_it_anew(five):
    await let_all_wait(five, JANUARY)
    await piece(five, 4)
    await five.post(five.posting("d", 100, "2024-03-20"))
    [now] = await five.sql("select spread_through from institution")
    assert str(now.spread_through) == (await customers(five))[3]
    await five.post(five.posting("d", 100, "2024-03-21", booked_at="2024-03-21T10:00:00+08:00"))
    [now] = await five.sql("select spread_through, recalculate_from from institution")
    assert (now.spread_through, now.recalculate_from) == (None, JANUARY)


async def test_spreading_keeps_no_former_version_of_the_bank(five):
    before = await five.sql("select count(*) as n from superseded")
    await let_all_wait(five, JANUARY)
    while await piece(five):
        pass
    assert await five.sql("select count(*) as n from superseded") == before


async def test_a_bank_larger_than_a_piece_is_spread_whole(five):
    await let_all_wait(five, JANUARY)
    await spread(five.db, limit=2)
    assert len(await waiting(five)) == 5
