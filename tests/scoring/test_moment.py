"""Batches side by side share a transaction, one after another, and leave none behind."""

import asyncio

import pytest
from scoring.graphql.moment import Moment
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.anyio


@pytest.fixture
def moment(ready):
    return Moment(ready.db, ready.policies, "A")


async def one(moment, statement="select txid_current() as id"):
    async with moment.read() as session:
        [row] = (await (await session.connection()).execute(text(statement))).all()
        await asyncio.sleep(0)
        return row.id


async def test_those_that_wait_for_each_other_share_and_the_next_has_its_own(ready, moment):
    together = await asyncio.gather(*(one(moment) for _ in range(5)))
    assert len(set(together)) == 1
    assert await one(moment) != together[0]
    assert ready.db.engine.pool.checkedout() == 0


async def test_a_batch_that_fails_takes_no_other_with_it(ready, moment):
    found = await asyncio.gather(
        one(moment), one(moment, "select 1 / 0 as id"), one(moment), return_exceptions=True
    )
    assert isinstance(found[1], DBAPIError)
    assert isinstance(found[0], int)
    assert isinstance(found[2], int)
    assert found[0] != found[2]
    assert ready.db.engine.pool.checkedout() == 0


async def test_a_batch_that_is_given_up_while_it_waits_leaves_nothing_open(ready, moment):
    first, given_up = asyncio.create_task(one(moment)), asyncio.create_task(one(moment))
    await asyncio.sleep(0)
    given_up.cancel()
    await first
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert ready.db.engine.pool.checkedout() == 0


async def test_the_policy_is_read_once_whoever_asks(ready, moment, statements):
    async def beside():
        async with moment.read() as session:
            return await moment.policy_in(session)

    known = await Moment(ready.db, ready.policies, "A").policy()
    with statements() as sent:
        found = await asyncio.gather(moment.policy(), beside(), moment.policy())
    assert len(sent) == 1
    assert found == [known, known, known]
