"""Who looks after a customer, and the tree of branches, as the customer service tells of them."""

import pytest

pytestmark = pytest.mark.anyio


async def customers(bank):
    found = await bank.sql("select number, branch, manager, version from customer order by number")
    return [tuple(row) for row in found]


async def test_a_customer_has_the_branch_and_the_manager_of_the_newest_event(ready):
    await ready.learn(
        ready.customer_news("n", branch="0101", manager="M1"),
        ready.customer_news("n", version=3, branch="0102", manager=None),
        ready.customer_news("n", version=2, branch="0103", manager="M3"),
    )
    assert await customers(ready) == [("c", "01", None, 1), ("n", "0102", None, 3)]


async def test_another_branch_or_manager_is_no_reason_to_work_a_customer_out_again(ready):
    await ready.settle()
    await ready.learn(ready.customer_news("c", version=2, branch="0102", manager="M1"))
    assert await customers(ready) == [("c", "0102", "M1", 2)]
    assert await ready.sql("select 1 from recalculation") == []


async def test_a_feed_read_again_fills_what_customers_known_before_lack(ready):
    await ready.settle()
    async with ready.db.transaction("A") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("update customer set branch = null, manager = null")
    await ready.learn(ready.customer_news("c", branch="0102", manager="M1"))
    assert await customers(ready) == [("c", "0102", "M1", 1)]
    await ready.learn(ready.customer_news("c", branch="0103", manager="M2"))
    assert await customers(ready) == [("c", "0102", "M1", 1)]
    assert await ready.sql("select 1 from recalculation") == []


async def test_a_branch_has_the_parent_of_its_newest_event(ready):
    await ready.learn(
        ready.branch_news("00"),
        ready.branch_news("01", "00"),
        ready.branch_news("0101", "01", version=2),
    )
    await ready.learn(ready.branch_news("0101", "00"), ready.branch_news("01", "02", version=2))
    found = await ready.sql("select code, parent_code, version from branch order by code")
    assert [tuple(row) for row in found] == [("00", None, 1), ("01", "02", 2), ("0101", "01", 2)]
