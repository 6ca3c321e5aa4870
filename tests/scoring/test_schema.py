"""The committed schema and the migrations say what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from scoring.app import sdl
from scoring.tables import METADATA

pytestmark = pytest.mark.anyio
HOME = Path(__file__).parents[2] / "services/scoring"


def test_the_committed_schema_is_that_of_the_code():
    assert (HOME / "schema.graphql").read_text() == sdl()


def test_the_command_prints_it():
    done = subprocess.run(
        [sys.executable, "-m", "scoring", "sdl"], capture_output=True, text=True, check=True
    )
    assert done.stdout == sdl()


def test_revisions_form_one_chain_in_the_order_of_their_names():
    found = []
    for path in sorted((HOME / "migrations/versions").glob("*.py")):
        said = dict(
            re.findall(r"^(revision|down_revision) = (.+)$", path.read_text(), re.MULTILINE)
        )
        assert said["revision"] == f'"{path.name[:4]}"', path.name
        found.append((said["down_revision"], said["revision"]))
    assert [before for before, _ in found] == ["None", *(own for _, own in found[:-1])]


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_migrations_make_exactly_the_tables_of_the_code(bank):
    async with bank.db.engine.connect() as connection:
        found = await connection.run_sync(
            lambda raw: compare_metadata(MigrationContext.configure(raw), METADATA)
        )
    assert found == []


async def test_every_table_of_the_bank_names_its_institution():
    plumbing = {"outbox", "inbox", "feed_cursor", "parked_event", "idempotency"}
    for table in METADATA.tables.values():
        assert table.name in plumbing or table.name == "institution" or "institution" in table.c


async def test_it_says_when_it_is_ready_and_what_waits(ready):
    answer = await ready.http.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "up", "pending": 2, "feeds": {}}
    await ready.settle()
    assert (await ready.http.get("/health/ready")).json()["pending"] == 0
