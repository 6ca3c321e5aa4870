"""Each institution's rows are its own: told from the catalogue, so that no new table is forgotten."""

import asyncio
import random

import pytest
from kit.db import Database, Duty, connect
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from tests.contracts.test_migrations import COLUMNS, MEANT, VALUES

pytestmark = pytest.mark.anyio
SERVICES = ("customer", "scoring", "campaign")
OWN = "( SELECT current_setting('sheaf.institution'::text, true) AS current_setting)"
DUTY = "(( SELECT current_setting('sheaf.duty'::text, true) AS current_setting) = '{}'::text)"
INBOX = {(table, "inbox", "ALL", DUTY.format("inbox")) for table in ("inbox", "feed_cursor", "parked_event")}  # fmt: skip
QUEUE = {(table, "queue", "SELECT", DUTY.format("queue")) for table in ("institution", "recalculation", "tier_ranking_due", "shadow_run")}  # fmt: skip
FEED = {(table, duty, "SELECT", DUTY.format(duty)) for table, duty in (("outbox", "feed"), ("audit_entry", "audit"))}  # fmt: skip
KEYS = {(table, "queue", "SELECT", DUTY.format("queue")) for table in ("institution", "institution_key")}  # fmt: skip
UNION = {("union_member", "members", "SELECT", f"({DUTY.format('union')} AND ((union_code)::text = {OWN}))")}  # fmt: skip
BESIDE = {
    "customer": FEED | KEYS,
    "scoring": FEED | INBOX | QUEUE | UNION,
    "campaign": FEED | INBOX,
}
"""What is seen for no single institution, and on which duty; each a decision of its own."""


@pytest.fixture(params=SERVICES)
def place(request, database, cluster):
    """A service's database: its name, and a way to ask it as administrator."""
    service = request.param
    url = database(service)
    name = make_url(url).database
    return service, url, lambda statement: cluster.sql(statement, name)


def columns_of(ask) -> dict[str, dict[str, str]]:
    """Return the type of every column of every table."""
    tables: dict[str, dict[str, str]] = {}
    for line in ask(COLUMNS).splitlines():
        table, column, kind = line.split("|")
        tables.setdefault(table, {})[column] = kind
    return tables


def owner_column(table, columns) -> str | None:
    if "institution" in columns:
        return "institution"
    return "code" if table == "institution" else None


def filled(ask) -> dict[str, str]:
    """Give A and B a row each in every table; return the column that says whose a row is."""
    found, rows = {}, []
    for table, columns in columns_of(ask).items():
        own = owner_column(table, columns)
        if own:
            found[table] = own
        for bank, other in (("A", {}), ("B", {"'x'": "'y'", "1": "2", "'x'::bytea": "'y'"})):
            values = {name: MEANT.get(name) or VALUES[kind] for name, kind in columns.items()}
            values = {name: other.get(one, one) for name, one in values.items()}
            if bank == "B":
                values = {k: v.replace("000000000001'", "000000000002'") for k, v in values.items()}
            if own:
                values[own] = f"'{bank}'"
            rows.append(f'insert into "{table}" ({", ".join(values)}) values ({", ".join(values.values())});')  # fmt: skip
    ask(f"set session_replication_role = replica; {''.join(rows)}")
    return found


async def seen(db: Database, tenant, tables: dict[str, str]) -> dict[str, set[str]]:
    found = {}
    async with db.read(tenant) as session:
        connection = await session.connection()
        for table, own in tables.items():
            rows = await connection.execute(text(f'select "{own}" from "{table}"'))
            if banks := set(rows.scalars()):
                found[table] = banks
    return found


def test_every_table_is_walled_and_each_wall_is_known(place):
    service, _, ask = place
    tables = columns_of(ask)
    assert len(tables) >= 13
    open_tables = ask(
        "select relname from pg_class where relkind in ('r', 'p', 'm', 'v') and relname <> "
        "'alembic_version' and relnamespace = 'public'::regnamespace "
        "and not (relrowsecurity and relforcerowsecurity)"
    )
    assert open_tables == ""
    policies = {
        tuple(line.split("|"))
        for line in ask(
            "select tablename, policyname, cmd, qual from pg_policies where permissive = "
            "'PERMISSIVE' and with_check is null and roles = '{public}'"
        ).splitlines()
    }
    assert len(policies) == int(ask("select count(*) from pg_policies"))
    expected = {
        (table, "tenant", "ALL", f"(({own})::text = {OWN})")
        for table, columns in tables.items()
        if (own := owner_column(table, columns))
    }
    assert policies == expected | BESIDE[service]
    nobodys = {table for table, columns in tables.items() if not owner_column(table, columns)}
    assert nobodys == {table for table, name, _, _ in BESIDE[service] if name == "inbox"}


def test_the_services_own_role_can_neither_lower_a_wall_nor_step_over_it(place, cluster):
    _service, url, ask = place
    role = make_url(url).username
    rights = "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles"
    assert ask(f"{rights} where rolname = '{role}'") == "f"
    owned = f"select count(*) from pg_class where relowner = '{role}'::regrole"
    assert ask(owned) == "0"
    may = (
        f"select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
        f"and has_table_privilege('{role}', oid, 'truncate, references, trigger, maintain')"
    )
    assert ask(may) == "0"
    assert ask(f"select has_schema_privilege('{role}', 'public', 'create')") == "f"
    assert ask(f"select pg_has_role('{role}', '{role}_owner', 'member')") == "f"


async def test_who_names_an_institution_sees_its_rows_and_who_names_none_sees_nothing(place):
    service, url, ask = place
    tables = filled(ask)
    db = Database(connect(url, name="test"))
    try:
        for bank in ("A", "B"):
            assert await seen(db, bank, tables) == {key: {bank} for key in tables}
        assert await seen(db, "", tables) == {}
        assert await seen(db, "x' or true --", tables) == {}
        for duty in Duty:
            shown = {table for table, name, _, _ in BESIDE[service] if name == duty.value} & {
                *tables
            }
            assert await seen(db, duty, tables) == {key: {"A", "B"} for key in shown}
        async with db.engine.connect() as connection:
            for table in columns_of(ask):
                assert (
                    await connection.execute(text(f'select count(*) from "{table}"'))
                ).scalar() == 0
    finally:
        await db.engine.dispose()


async def test_a_row_of_another_institution_can_be_neither_written_moved_nor_deleted(place):
    _, url, ask = place
    tables = filled(ask)
    db = Database(connect(url, name="test"))
    try:
        del tables["audit_entry"]  # the service may not write to it at all (test_audit.py)
        for table, own in tables.items():
            with pytest.raises(DBAPIError, match="row-level security"):
                async with db.transaction("A") as session:
                    moved = text(f'update "{table}" set "{own}" = \'B\' where true')
                    await (await session.connection()).execute(moved)
            async with db.transaction("A") as session:
                connection = await session.connection()
                mine = text(f'update "{table}" set "{own}" = "{own}"')
                theirs = text(f'delete from "{table}" where "{own}" = \'B\'')
                assert (
                    await connection.execute(mine)
                ).rowcount >= 1  # `superseded` fills meanwhile
                assert (await connection.execute(theirs)).rowcount == 0
        copied = text("insert into idempotency select 'B', 'thief', key, fingerprint, answer, at from idempotency")  # fmt: skip
        with pytest.raises(DBAPIError, match="row-level security"):
            async with db.transaction("A") as session:
                await (await session.connection()).execute(copied)
        assert ask("select count(*) from idempotency") == "2"
    finally:
        await db.engine.dispose()


async def test_nothing_leaks_over_connections_that_many_institutions_share(database, cluster):
    """Readers of five institutions, writers, some cut off, and askers who say nothing; three connections."""
    url = database("customer")
    banks = [f"bank {number}" for number in range(5)]
    values = ", ".join(f"('{bank}', 's', 'k', 'f', 'a', now())" for bank in banks)
    cluster.sql(f"insert into idempotency values {values}", make_url(url).database)
    db = Database(connect(url, name="test", pool_size=3))
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    whose = text("select institution from idempotency")

    async def ask(bank, manner) -> list[str]:
        if manner == "nobody":
            async with db.engine.connect() as connection:
                return list((await connection.execute(whose)).scalars())
        opened = db.read(bank) if manner == "read" else db.transaction(bank)
        async with opened as session:
            connection = await session.connection()
            if manner == "nothing":
                return [bank]
            if manner == "slow":
                await connection.execute(text("select pg_sleep(0.02)"))
            if manner == "fails":
                await connection.execute(text("select 1 / 0"))
            async with session.begin_nested():
                return list((await connection.execute(whose)).scalars())

    asked = [
        (dice.choice(banks), dice.choice(("read", "slow", "nobody", "nothing", "fails", "write")))
        for _ in range(300)
    ]
    tasks = [asyncio.create_task(ask(*one)) for one in asked]
    await asyncio.sleep(0.05)
    for task in dice.sample(tasks, 30):
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await db.engine.dispose()
    kept = 0
    for (bank, manner), answer in zip(asked, answers, strict=True):
        if isinstance(answer, asyncio.CancelledError):
            continue
        if manner == "fails":
            assert isinstance(answer, DBAPIError)
        else:
            assert answer == ([] if manner == "nobody" else [bank]), (bank, manner)
            kept += 1
    assert kept > 100
