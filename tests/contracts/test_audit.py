"""The chain as the services have it: beneath row policies, and with the rights of their own role."""

import asyncio
import json

import pytest
from kit.audit import command
from kit.audit.acts import Act, acting
from kit.audit.heads import Heads, institutions, read, verify_all
from kit.db import Database, connect
from kit.identity import Principal, Reach
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["customer", "scoring", "campaign"])
async def place(request, anyio_backend, database):
    """A service's name, the URL of its database, and the database as its own role has it."""
    url = database(request.param)
    db = Database(connect(url, name="test"))
    yield request.param, url, db
    await db.engine.dispose()


async def act(db, institution, times):
    who = Principal("s1", "teller", "counter", institution, Reach.INSTITUTION, frozenset())
    for number in range(times):
        with acting(Act(who, f"move{number}")):
            async with db.transaction(institution):
                pass


async def test_beneath_row_policies_every_chain_is_told_and_verified(place, tmp_path):
    _, _, db = place
    assert await institutions(db) == []
    await act(db, "B", 3)
    await act(db, "A", 1)
    await act(db, "C", 2)
    told = tmp_path / "heads"
    await Heads(db, told).tell()
    chains = [("A", 1), ("B", 3), ("C", 2)]
    assert await institutions(db) == ["A", "B", "C"]
    assert [(one.institution, one.seq) for one in read(told)] == chains
    verified = await verify_all(db, told, None)
    assert [(one.institution, one.entries) for one in verified] == chains
    assert [one.complaints for one in verified] == [[], [], []]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into audit_entry select institution, seq + 1, at, subject, entities, body, previous, hash from audit_entry",
        "update audit_entry set subject = 's2'",
        "delete from audit_entry",
        "truncate audit_entry",
        "alter table audit_entry disable trigger all",
    ],
)
async def test_appending_and_reading_is_all_that_the_service_may_do(place, statement):
    _, _, db = place
    await act(db, "A", 1)
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with db.transaction("A") as session:
            await (await session.connection()).execute(text(statement))
    assert [one.entries for one in await verify_all(db, None, None)] == [1]


def test_an_older_database_whose_tables_the_service_owned_ends_with_the_same_rights(
    database, cluster
):
    url = make_url(database("campaign"))
    role, name = url.username, url.database
    cluster.sql(
        f'alter database "{name}" owner to "{role}"; alter table audit_entry owner to "{role}"',
        name,
    )
    may = f"select has_table_privilege('{role}', 'audit_entry', 'insert, update, delete, truncate')"
    assert cluster.sql(may, name) == "t"
    cluster.ensure_database(name, f"{role}_owner", role)
    assert cluster.sql(may, name) == "f"
    assert (
        cluster.sql(f"select has_table_privilege('{role}', 'audit_entry', 'select')", name) == "t"
    )
    assert cluster.sql(f"select has_table_privilege('{role}', 'outbox', 'insert')", name) == "t"


async def test_the_command_says_what_it_verified_and_that_it_verified_nothing(
    place, monkeypatch, capsys, tmp_path
):
    service, url, db = place
    heads = tmp_path / "heads"
    monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", url)
    monkeypatch.setenv(f"{service.upper()}_AUDIT_HEADS", str(heads))

    async def run(*words) -> tuple[int, str]:
        code = await asyncio.to_thread(command.run, service, ["verify", *words])
        said = capsys.readouterr()
        return code, said.err + said.out

    unseen = f"{service}: no heads were told to the outside; an end cut off is unseen.\n"
    assert await run() == (3, f"{service}: no chain has begun; nothing was verified.\n{unseen}")
    await act(db, "A", 2)
    await Heads(db, heads).tell()
    assert await run() == (0, f"{service} A: 2 entries, each as it was written.\n")
    assert await run("A") == (0, f"{service} A: 2 entries, each as it was written.\n")
    assert await run("a") == (3, f"{service}: no chain of a has begun; nothing was verified.\n")
    with heads.open("a") as stream:
        stream.write(json.dumps({"institution": "a", "seq": 1, "hash": "00"}) + "\n")
    cut = f"{service} a: the chain ends at entry 0, and entry 1 was told to the outside.\n"
    assert await run("a") == (1, cut)
