"""One key, one effect: carried out for every mutation of the three schemas, on real databases."""

import asyncio
from uuid import uuid4

import pytest
from graphql import GraphQLNonNull, GraphQLString

from tests.contracts.mutations import KEY, MUTATIONS, field_of, varied
from tests.contracts.places import granted

pytestmark = pytest.mark.anyio
REUSED = "IdempotencyKeyReused"
NONSENSE = {
    ("editScheme", "version"): "SchemeInvalid",
    ("editScheme", "document"): "SchemeInvalid",
    ("draftScheme", "document"): "SchemeInvalid",
}
"""What is refused before its key is looked at, for it could be no wish at all."""
WITHOUT = {"recompute"}
"""What has no argument but its key."""


def key() -> str:
    return uuid4().hex


@pytest.mark.parametrize(("service", "name"), MUTATIONS)
def test_every_mutation_takes_a_key(service, name):
    kind = field_of(service, name).args[KEY].type
    assert isinstance(kind, GraphQLNonNull)
    assert kind.of_type is GraphQLString


def test_every_mutation_is_wished_for_and_no_other(places):
    assert {(one.name, wish) for one in places.values() for wish in one.wishes} == {*MUTATIONS}


async def test_the_same_key_again_gives_the_same_answer_and_does_nothing(place):
    at, name = place
    given, mine = await at.wishes[name](), key()
    before = await at.left()
    first = await at.call(name, given, key=mine, by=name)
    assert granted(first), first
    once = await at.left()
    assert once.since(before)["idempotency"] == 1
    assert once.acts(before, name) == [False]
    assert await at.call(name, given, key=mine, by=name) == first
    twice = await at.left()
    assert (twice.rows, twice.digest) == (once.rows, once.digest)
    assert twice.acts(once, name) == [True]


async def test_any_other_argument_under_the_same_key_is_refused_and_writes_nothing(place):
    at, name = place
    given, mine = await at.wishes[name](), key()
    assert granted(await at.call(name, given, key=mine, by=name))
    others = [*varied(at.name, name, given), ("all", await at.wishes[name]())]
    before = await at.left()
    for argument, other in others:
        if other == given:
            assert name in WITHOUT
            continue
        answer = await at.call(name, other, key=mine, by=name)
        assert answer["__typename"] == NONSENSE.get((name, argument), REUSED), argument
    assert await at.left() == before


async def test_two_at_once_with_one_key_have_one_effect_and_one_answer(place):
    at, name = place
    first, alone, twice = [await at.wishes[name]() for _ in range(3)]
    await at.call(name, first, key=key(), by=name)  # with whatever a caller's first call leaves
    before = await at.left()
    assert granted(await at.call(name, alone, key=key(), by=name))
    one = await at.left()
    mine = key()
    answers = await asyncio.gather(*(at.call(name, twice, key=mine, by=name) for _ in range(2)))
    both = await at.left()
    assert granted(answers[0])
    assert answers[0] == answers[1]
    assert both.since(one) == one.since(before)
    assert sorted(both.acts(one, name)) == [False, True]


async def test_the_same_key_of_another_caller_is_another_key(place):
    at, name = place
    mine = key()
    for caller in (name, f"{name} too"):
        given = await at.wishes[name]()
        before = await at.left()
        assert granted(await at.call(name, given, key=mine, by=caller))
        after = await at.left()
        assert after.since(before)["idempotency"] == 1
        assert after.acts(before, name) == [False]
