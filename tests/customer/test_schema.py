"""The committed schema, the migrations and the tables tell the same story."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from customer.app import sdl
from customer.tables import METADATA
from kit.db import Database, connect
from sqlalchemy import text

pytestmark = pytest.mark.anyio
HOME = Path(__file__).parents[2] / "services/customer"


def test_the_committed_schema_is_up_to_date():
    assert (HOME / "schema.graphql").read_text() == sdl()


def test_every_field_and_type_is_described():
    silent = [
        line.strip()
        for before, line in zip(["", *sdl().splitlines()], sdl().splitlines(), strict=False)
        if line.startswith(("type ", "enum ", "input ", "interface "))
        and before != '"""' and not before.endswith('"""')
        and not line.startswith(("type Query", "type Mutation", "type _Service"))
    ]  # fmt: skip
    assert silent == []


@pytest.fixture
async def engine(database):
    made = connect(database("customer"), name="test")
    yield made
    await made.dispose()


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_the_migrations_make_exactly_the_tables(engine):
    def ours(_object, name, kind, reflected, _other):
        return not (kind == "index" and reflected and name.startswith("ix_customer_name_"))

    def differences(connection):
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True}
        )
        found = compare_metadata(context, METADATA)
        return [
            one
            for one in found
            if not (one[0] == "remove_table" and one[1].name == "alembic_version")
        ]

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_table_knows_its_institution(engine):
    without = [name for name, table in METADATA.tables.items() if "institution" not in table.c]
    assert without == []


async def test_the_service_s_own_role_made_the_index_for_parts_of_names(engine):
    async with Database(engine).read("A") as session:
        connection = await session.connection()
        found = await connection.execute(
            text("select indexname from pg_indexes where indexname like 'ix_customer_name_%'")
        )
        names = sorted(found.scalars())
        superuser = await connection.scalar(
            text("select rolsuper from pg_roles where rolname = current_user")
        )
    assert (names, superuser) == (["ix_customer_name_beginning", "ix_customer_name_part"], False)


async def test_migrating_again_changes_nothing(database):
    url = database("customer")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "customer", "migrate"],
        env=os.environ | {"CUSTOMER_DATABASE_URL": url},
    )
    assert done.returncode == 0
