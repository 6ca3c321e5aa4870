"""Whatever is written or shown leaves an entry, durable before anybody gets an answer."""

import asyncio
import json

import pytest
from kit import audit
from kit.audit.acts import Act, acting, arriving
from kit.audit.entry import BEGINNING, digest
from kit.audit.scribe import Scribe
from kit.identity import Principal, Reach
from kit.problem import AuditUnavailable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.anyio
CHAIN = text(
    "select seq, to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as at, "
    "subject, entities, body, previous, hash from audit_entry "
    "where institution = :institution order by seq"
)
ANN = Principal("s1", "teller", "counter", "A", Reach.INSTITUTION, frozenset())


def seen(*entities, operation="look"):
    return audit.Entry(kind=audit.Kind.READ, operation=operation, entities=entities)


async def chain(db, institution="A"):
    async with db.read(institution) as session:
        found = await (await session.connection()).execute(CHAIN, {"institution": institution})
        return found.all()


async def told(db, institution="A"):
    return [json.loads(row.body) for row in await chain(db, institution)]


async def test_an_act_leaves_one_entry_with_what_was_learnt_on_the_way(db):
    with acting(Act(ANN, "move", {"e1"}, reason="asked by phone")):
        async with db.transaction("A"):
            audit.about(["e2"])
            audit.counted(accepted=2, rejected=0)
            audit.counted(accepted=1)
    assert await told(db) == [
        {
            "kind": "write", "operation": "move", "subject": "s1", "role": "teller",
            "channel": "counter", "trace": "0" * 32, "entities": ["e1", "e2"],
            "counts": {"accepted": 3}, "reason": "asked by phone",
        }
    ]  # fmt: skip


async def test_an_entry_recorded_by_hand_takes_the_place_of_the_act_s(db):
    with acting(Act(ANN, "move")):
        async with db.transaction("A") as session:
            audit.record(session, ANN, seen("e1", operation="reveal"))
    assert [one["operation"] for one in await told(db)] == ["reveal"]


async def test_what_is_rolled_back_leaves_no_entry(db):
    with acting(Act(ANN, "move")), pytest.raises(ZeroDivisionError):
        async with db.transaction("A"):
            _ = 1 / 0
    assert await chain(db) == []


async def test_work_that_nobody_asked_for_leaves_none(db):
    async with db.transaction("A"):
        pass
    assert await chain(db) == []


async def test_a_request_that_came_in_by_no_door_cannot_write(db):
    with arriving(), pytest.raises(RuntimeError, match="by no door"):
        async with db.transaction("A") as session:
            await (await session.connection()).execute(text("insert into tally values ('a', 1)"))
    async with db.read("A") as session:
        assert (await (await session.connection()).execute(text("select * from tally"))).all() == []


async def test_each_entry_is_sealed_to_the_one_before_and_institutions_have_their_own_chains(db):
    for institution in ("A", "B", "A"):
        with acting(
            Act(Principal("s", "r", "c", institution, Reach.INSTITUTION, frozenset()), "move")
        ):
            async with db.transaction(institution):
                pass
    first, second = await chain(db)
    assert [first.seq, second.seq] == [1, 2]
    assert first.previous == BEGINNING
    assert second.previous == first.hash == digest(BEGINNING, 1, first.at, first.body)
    assert second.hash == digest(first.hash, 2, second.at, second.body)
    assert [row.previous for row in await chain(db, "B")] == [BEGINNING]


async def test_writers_and_readers_at_once_leave_no_gap_and_no_fork(db):
    scribe = Scribe(db)

    async def write(n):
        with acting(Act(ANN, f"write{n}")):
            async with db.transaction("A"):
                await asyncio.sleep(0)

    reads = [scribe.write(ANN, seen(f"e{n}", operation=f"read{n}")) for n in range(60)]
    await asyncio.gather(*reads, *(write(n) for n in range(20)))
    found = await chain(db)
    assert [row.seq for row in found] == list(range(1, 81))
    assert [row.previous for row in found] == [BEGINNING, *(row.hash for row in found[:-1])]
    assert {one["operation"] for one in await told(db)} == {
        *(f"read{n}" for n in range(60)), *(f"write{n}" for n in range(20)),
    }  # fmt: skip


async def test_readers_that_come_together_are_appended_together(db, statements):
    scribe = Scribe(db)
    await asyncio.gather(*(scribe.write(ANN, seen(f"e{n}")) for n in range(50)))
    assert len(await chain(db)) == 50
    assert len([one for one in statements if "audit_append" in one]) <= 2


async def test_what_a_client_wrote_can_always_be_written_down(db):
    odd = Principal("s\0\ud800", "r", "c", "A", Reach.INSTITUTION, frozenset())
    await Scribe(db).write(odd, seen("e'\"\\", "张三", operation="look"))
    [row] = await chain(db)
    assert (row.subject, sorted(row.entities)) == ("s\ufffd\ufffd", ["e'\"\\", "张三"])
    assert row.hash == digest(BEGINNING, 1, row.at, row.body)


async def test_what_cannot_be_put_on_record_is_refused_and_the_next_can_be(db):
    scribe = Scribe(db)
    async with db.transaction("A") as session:
        connection = await session.connection()
        await connection.execute(text("alter table audit_entry rename to gone"))
    with pytest.raises(AuditUnavailable):
        await scribe.write(ANN, seen("e1"))
    async with db.transaction("A") as session:
        connection = await session.connection()
        await connection.execute(text("alter table gone rename to audit_entry"))
    await scribe.write(ANN, seen("e1"))
    assert len(await chain(db)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set body = '{}'",
        "delete from audit_entry",
        "truncate audit_entry",
    ],
)
async def test_an_entry_cannot_be_changed_or_removed(db, statement):
    await Scribe(db).write(ANN, seen("e1"))
    before = await chain(db)
    with pytest.raises(DBAPIError, match="never changed or removed"):
        async with db.transaction("A") as session:
            await (await session.connection()).execute(text(statement))
    assert await chain(db) == before
