"""Whoever alters, deletes, reorders or cuts off entries is found out, whatever else they rewrite."""

import pytest
from kit.audit.acts import Act, acting
from kit.audit.entry import BEGINNING, digest
from kit.audit.heads import Heads, institutions, read, verify_all
from kit.audit.verifying import _instant
from kit.identity import Principal, Reach
from sqlalchemy import text

pytestmark = pytest.mark.anyio
WITHOUT_TRIGGERS = "set local session_replication_role = replica"


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "audit" / "shop.heads"


@pytest.fixture
async def kept(db, heads):
    """Five entries of A and two of B, whose heads were told."""
    for institution, count in (("A", 5), ("B", 2)):
        for n in range(count):
            who = Principal("s1", "teller", "counter", institution, Reach.INSTITUTION, frozenset())
            with acting(Act(who, f"move{n}", {f"e{n}"})):
                async with db.transaction(institution):
                    pass
    await Heads(db, heads).tell()
    return db


async def tamper(db, *statements):
    """Do what an administrator of the database could."""
    async with db.transaction("A") as session:
        connection = await session.connection()
        for statement in (WITHOUT_TRIGGERS, *statements):
            await connection.execute(text(statement))


async def complaints(db, heads=None, only=None):
    return {one.institution: one.complaints for one in await verify_all(db, heads, only)}


async def test_a_chain_as_it_was_written_is_found_whole(kept, heads):
    found = await verify_all(kept, heads, None)
    assert [(one.institution, one.entries, list(one.complaints)) for one in found] == [
        ("A", 5, []), ("B", 2, []),
    ]  # fmt: skip
    assert await complaints(kept, heads, "B") == {"B": []}
    assert await institutions(kept) == ["A", "B"]


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set body = replace(body, 'move2', 'look') where institution = 'A' and seq = 3",
        "update audit_entry set at = at + interval '1 hour' where institution = 'A' and seq = 3",
        "update audit_entry set hash = sha256('x') where institution = 'A' and seq = 3",
    ],
)
async def test_an_altered_entry_is_found_and_named(kept, statement):
    await tamper(kept, statement)
    assert "entry 3 is not what was written" in (await complaints(kept))["A"]


@pytest.mark.parametrize("column", ["subject = 's2'", "entities = '{e9}'"])
async def test_an_entry_that_would_no_longer_be_found_is_found(kept, column):
    await tamper(kept, f"update audit_entry set {column} where institution = 'A' and seq = 3")
    assert (await complaints(kept))["A"] == ["entry 3 is found by other words than were written"]


@pytest.mark.parametrize(("gone", "between"), [(1, "0 and 2"), (3, "2 and 4")])
async def test_a_deleted_entry_is_found(kept, gone, between):
    await tamper(kept, f"delete from audit_entry where institution = 'A' and seq = {gone}")
    assert (await complaints(kept))["A"] == [f"entries are missing between {between}"]


async def test_a_deleted_entry_is_found_where_the_rest_is_numbered_anew(kept):
    await tamper(
        kept,
        "delete from audit_entry where institution = 'A' and seq = 3",
        "update audit_entry set seq = seq - 1 where institution = 'A' and seq = 4",
        "update audit_entry set seq = seq - 1 where institution = 'A' and seq = 5",
    )
    assert (await complaints(kept))["A"] == [
        "entry 3 does not follow the one before it",
        "entry 3 is not what was written",
        "entry 4 is not what was written",
    ]


async def test_entries_in_another_order_are_found(kept):
    await tamper(
        kept,
        *(
            f"update audit_entry set seq = {new} where institution = 'A' and seq = {old}"
            for old, new in ((2, 99), (3, 2), (99, 3))
        ),
    )
    found = (await complaints(kept))["A"]
    assert "entry 2 does not follow the one before it" in found
    assert "entry 3 is not what was written" in found


@pytest.mark.parametrize(("left", "ends"), [(4, 4), (0, 0)])
async def test_an_end_cut_off_is_found_by_the_head_that_was_told(kept, heads, left, ends):
    await tamper(kept, f"delete from audit_entry where institution = 'A' and seq > {left}")
    assert (await complaints(kept, heads))["A"] == [
        f"the chain ends at entry {ends}, and entry 5 was told to the outside"
    ]
    assert (await complaints(kept, heads))["B"] == []


async def test_a_chain_sealed_anew_is_found_by_the_head_that_was_told(kept, heads):
    async with kept.read("A") as session:
        query = text("select seq, at, body from audit_entry where institution = 'A' order by seq")
        rows = (await (await session.connection()).execute(query)).all()
    previous, statements = BEGINNING, []
    for row in rows:
        body = row.body.replace("move1", "look1")
        sealed = digest(previous, row.seq, _instant(row.at), body)
        statements.append(
            f"update audit_entry set body = '{body}', previous = decode('{previous.hex()}', 'hex'), "
            f"hash = decode('{sealed.hex()}', 'hex') where institution = 'A' and seq = {row.seq}"
        )
        previous = sealed
    await tamper(kept, *(one.replace(":", "\\:") for one in statements))
    assert (await complaints(kept))["A"] == []
    assert (await complaints(kept, heads))["A"] == [
        "entry 5 is another than was told to the outside"
    ]


async def test_a_head_is_told_once_and_again_when_the_chain_moves(kept, heads):
    telling = Heads(kept, heads)
    await telling.tell()
    await telling.tell()
    assert [(one.institution, one.seq) for one in read(heads)] == [("A", 5), ("B", 2)] * 2
    assert heads.stat().st_mode & 0o777 == 0o600
