"""Entries are found by who, about whom, what and when; no page looks further than it may."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import audit
from kit.audit import reading
from kit.audit.chain import append
from kit.audit.entry import body
from kit.audit.reading import Wanted, page
from kit.identity import Principal, Reach
from sqlalchemy import text

pytestmark = pytest.mark.anyio
PEOPLE, THINGS, ACTS = ("ann", "bob"), ("e1", "e2", "e3"), ("look", "move", "look move")
SAID = [
    (PEOPLE[n % 2], [THINGS[n % 3], THINGS[n * n % 3]], ACTS[n // 3 % 3], n) for n in range(1, 41)
]


async def told(db, institution, *entries):
    """Append entries, each as (subject, entities, operation, number), in transactions of their own."""
    for subject, entities, operation, number in entries:
        who = Principal(subject, "teller", "counter", institution, Reach.INSTITUTION, frozenset())
        entry = audit.Entry(
            kind=audit.Kind.READ, operation=operation, entities=entities, counts={"n": number}
        )
        async with db.transaction(institution) as session:
            await append(session, institution, [body(who, entry)])


@pytest.fixture
async def kept(db):
    await told(db, "A", *SAID)
    await told(db, "B", ("ann", ["e1"], "look", 1))
    return db


async def instants(db):
    async with db.read("A") as session:
        query = text("select at from audit_entry where institution = 'A' order by seq")
        return list((await (await session.connection()).execute(query)).scalars())


async def pages(db, wanted, *, first):
    """Turn every page; give the places found, and how many there were on each."""
    found, sizes, before = [], [], None
    while True:
        async with db.read("A") as session:
            one = await page(session, "A", wanted, before=before, first=first)
        found += [entry.seq for entry in one.entries]
        sizes.append(len(one.entries))
        if one.beyond is None:
            return found, sizes
        before = one.beyond


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    subject=st.none() | st.sampled_from(PEOPLE),
    entity=st.none() | st.sampled_from(THINGS),
    operation=st.none() | st.sampled_from(ACTS),
    since=st.none() | st.integers(0, 39),
    until=st.none() | st.integers(0, 39),
    first=st.integers(1, 50),
)
async def test_exactly_what_fits_is_found_the_newest_first(
    kept, subject, entity, operation, since, until, first
):
    at = await instants(kept)
    wanted = Wanted(
        subject=subject,
        entity=entity,
        operation=operation,
        since=None if since is None else at[since],
        until=None if until is None else at[until],
    )
    fits = [
        n
        for who, things, act, n in SAID
        if subject in {None, who}
        and (entity is None or entity in things)
        and operation in {None, act}
        and (since is None or n - 1 >= since)
        and (until is None or n - 1 < until)
    ]
    found, sizes = await pages(kept, wanted, first=first)
    assert found == fits[::-1]
    assert all(size == first for size in sizes[:-1])


async def test_an_entry_is_given_as_it_was_written(kept):
    async with kept.read("A") as session:
        one = await page(session, "A", Wanted(), before=2, first=5)
        query = text("select hash from audit_entry where institution = 'A' and seq = 1")
        kept_hash = await (await session.connection()).scalar(query)
    [entry] = one.entries
    assert (entry.seq, entry.at, entry.hash) == (1, (await instants(kept))[0], kept_hash)
    assert entry.said == {
        "kind": "read", "operation": "look", "subject": "bob", "role": "teller",
        "channel": "counter", "trace": "0" * 32, "entities": ["e2"], "counts": {"n": 1},
    }  # fmt: skip


async def test_a_page_looks_so_far_and_the_next_goes_on_from_there(kept, monkeypatch):
    monkeypatch.setattr(reading, "LOOKED_AT", 6)
    found, sizes = await pages(kept, Wanted(subject="ann", entity="e3"), first=5)
    assert found == [
        n for who, things, _, n in SAID[::-1] if (who, "e3" in things) == ("ann", True)
    ]
    assert len(sizes) > 1
    found, sizes = await pages(kept, Wanted(subject="ann", entity="gone"), first=5)
    assert (found, sizes) == ([], [0])


async def test_a_time_with_nothing_in_it_is_told_without_looking_at_the_chain(kept):
    at = await instants(kept)
    later, earlier = at[-1] + timedelta(days=1), at[0] - timedelta(days=1)
    assert await pages(kept, Wanted(since=later), first=5) == ([], [0])
    assert await pages(kept, Wanted(until=earlier), first=5) == ([], [0])
    assert await pages(kept, Wanted(since=at[5], until=at[5]), first=5) == ([], [0])


async def test_a_clock_that_was_set_back_hides_nothing(db):
    await told(db, "A", *SAID[:6])
    async with db.transaction("A") as session:
        connection = await session.connection()
        for statement in (
            "set local session_replication_role = replica",
            "update audit_entry set at = at + interval '30 minutes' where seq <= 3",
        ):
            await connection.execute(text(statement))
    at = await instants(db)
    assert at[0] > at[5]
    assert await pages(db, Wanted(since=at[4]), first=10) == ([6, 5, 3, 2, 1], [5])
    assert await pages(db, Wanted(until=at[1]), first=10) == ([6, 5, 4, 1], [4])
