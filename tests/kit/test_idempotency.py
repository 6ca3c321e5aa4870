"""The same key has one effect and one answer."""

import asyncio

import pytest
from kit.idempotency import once
from kit.identity import Principal, Reach
from kit.problem import BadRequest, IdempotencyKeyReused
from sqlalchemy import text

from tests.kit.conftest import NOON
from tests.kit.counted import ADD

pytestmark = pytest.mark.anyio
ANNA = Principal(
    subject="anna", role="teller", channel="counter", institution="A",
    reach=Reach.INSTITUTION, scopes=frozenset(),
)  # fmt: skip
BEN = Principal(
    subject="ben", role="teller", channel="counter", institution="A",
    reach=Reach.INSTITUTION, scopes=frozenset(),
)  # fmt: skip


async def add_one(db, key="k", who=ANNA, *, amount=1, answer="done", fails=False) -> str:
    async with db.transaction("A") as session:

        async def effect() -> str:
            await (await session.connection()).execute(ADD, {"s": "a", "n": amount})
            if fails:
                raise BadRequest("no")
            return answer

        return await once(session, who, key, {"amount": amount}, effect, at=NOON)


async def test_a_repeated_call_gives_the_first_answer_and_changes_nothing(db, tally):
    assert await add_one(db, answer="first") == "first"
    assert await add_one(db, answer="second") == "first"
    assert await tally() == {"a": 1}


async def test_ten_callers_at_once_have_one_effect(db, tally):
    answers = await asyncio.gather(*(add_one(db, answer=str(n)) for n in range(10)))
    assert len(set(answers)) == 1
    assert await tally() == {"a": 1}


async def test_other_parameters_under_the_same_key_are_refused(db, tally):
    await add_one(db)
    with pytest.raises(IdempotencyKeyReused):
        await add_one(db, amount=2)
    assert await tally() == {"a": 1}


async def test_keys_of_two_people_are_two_keys(db, tally):
    await add_one(db, who=ANNA)
    await add_one(db, who=BEN)
    assert await tally() == {"a": 2}


async def test_a_refused_call_leaves_its_key_free(db, tally):
    with pytest.raises(BadRequest):
        await add_one(db, fails=True)
    assert await tally() == {}
    assert await add_one(db) == "done"


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_of_the_wrong_length_is_refused(db, key):
    with pytest.raises(BadRequest, match="1 to 200"):
        await add_one(db, key)
    async with db.read("A") as session:
        assert (
            await (await session.connection()).scalar(text("select count(*) from idempotency")) == 0
        )
