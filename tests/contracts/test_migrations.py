"""Revisions form one chain for each service, and a database of the release before goes through it."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

SERVICES = Path(__file__).parents[2] / "services"
RELEASED = {"customer": "0001", "scoring": "0001", "campaign": "0001"}
"""The newest revision that a bank may be running."""

VALUES = {
    "uuid": "'00000000-0000-0000-0000-000000000001'", "varchar": "'x'", "text": "'x'", "int2": "1",
    "int4": "1", "int8": "1", "numeric": "1", "bool": "true", "date": "'2024-01-01'",
    "timestamptz": "'2024-01-01T00:00:00Z'", "jsonb": "'{}'", "json": "'{}'", "_varchar": "'{x}'",
    "_text": "'{x}'", "_uuid": "'{}'", "bytea": "'x'", "xid8": "'1'",
}  # fmt: skip
MEANT = {
    "currency": "'CNY'",
    "body": "'{}'",
    "line": "'deposit'",
    "document": '\'{"name": "Policy"}\'',
}
COLUMNS = """select table_name, column_name, udt_name from information_schema.columns
  where table_schema = 'public' and is_generated = 'NEVER' and is_identity = 'NO'
  and table_name <> 'alembic_version' order by table_name, ordinal_position"""


def config_of(service, url="") -> Config:
    config = Config(str(SERVICES / service / "alembic.ini"))
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.attributes["url"] = url
    return config


@pytest.fixture
def empty(cluster):
    """A database without a schema: its name, and its address."""
    name = f"test_{uuid4().hex}"
    cluster.sql(f'create database "{name}"')
    yield name, cluster.url(name)
    cluster.sql(f'drop database "{name}" with (force)')


@pytest.mark.parametrize("service", RELEASED)
def test_the_revisions_are_one_chain_in_the_order_of_their_numbers(service):
    scripts = ScriptDirectory.from_config(config_of(service))
    chain = [one.revision for one in scripts.walk_revisions()][::-1]
    assert (len(scripts.get_heads()), len(scripts.get_bases())) == (1, 1)
    assert chain == [f"{number:04}" for number in range(1, len(chain) + 1)]
    files = sorted((SERVICES / service / "migrations" / "versions").glob("*.py"))
    assert [file.name.partition("_")[0] for file in files] == chain
    assert all(isinstance(scripts.get_revision(one).down_revision, str) for one in chain[1:])
    assert RELEASED[service] in chain


def filled(cluster, name) -> dict[str, int]:
    """Put a row into every table; return how many rows each has then."""
    tables = {}
    for line in cluster.sql(COLUMNS, name).splitlines():
        table, column, kind = line.split("|")
        tables.setdefault(table, {})[column] = MEANT.get(column) or VALUES[kind]
    rows = "".join(
        f'insert into "{table}" ({", ".join(columns)}) values ({", ".join(columns.values())});'
        for table, columns in tables.items()
    )
    cluster.sql(f"set session_replication_role = replica; {rows}", name)
    return counted(cluster, name, tables)


def counted(cluster, name, tables) -> dict[str, int]:
    return {
        table: int(cluster.sql(f'select count(*) from "{table}"', name).strip()) for table in tables
    }


@pytest.mark.parametrize("service", RELEASED)
def test_a_database_of_the_last_release_with_data_becomes_the_newest_and_loses_nothing(
    service, cluster, empty
):
    name, url = empty
    config = config_of(service, url)
    command.upgrade(config, RELEASED[service])
    before = filled(cluster, name)
    assert len(before) >= 8
    assert set(before.values()) == {1}
    command.upgrade(config, "head")
    assert counted(cluster, name, before) == before


def test_what_scoring_keeps_beside_older_tables_is_worked_out_of_them(cluster, empty):
    name, url = empty
    config = config_of("scoring", url)
    command.upgrade(config, RELEASED["scoring"])
    filled(cluster, name)
    command.upgrade(config, "head")
    months = "select gross, net, economic, deposit, loan from customer_month"
    assert cluster.sql(months, name).strip() == "1|1|1|1|0"
    versions = "select state, name, version, writers from scheme_version"
    assert cluster.sql(versions, name).strip() == 'approved|Policy|1|["unknown"]'
    assert cluster.sql("select recalculate_from from institution", name).strip() == "1900-01-01"
