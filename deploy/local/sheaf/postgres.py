"""An embedded PostgreSQL: made once, started on loopback, recovered after a crash."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from sheaf import place, ports
from sheaf.children import spawn
from sheaf.place import Place
from sheaf.state import wait_until_ended, write_private
from sheaf.trouble import Trouble

SUPERUSER = "postgres"
START_SECONDS = 10.0
_PAUSE_SECONDS = 0.02
_READY_LINE = 7
_DISK_FULL = "No space left on device"

_SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '128MB'
max_wal_size = '512MB'
idle_in_transaction_session_timeout = '30s'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
lc_messages = 'C'
jit = off
"""
_NOT_DURABLE = """\
fsync = off
full_page_writes = off
file_copy_method = clone
scram_iterations = 1
"""
"""Survives our crash, not the machine's; its passwords are as short-lived, and quickly checked."""
_RIGHTS = """\
BEGIN;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_database WHERE datname = '{name}' AND datdba = '"{user}"'::regrole) THEN
    REASSIGN OWNED BY "{user}" TO "{owner}";
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{user}";
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{user}";
    IF to_regclass('public.audit_entry') IS NOT NULL THEN
      REVOKE INSERT, UPDATE, DELETE ON public.audit_entry FROM "{user}";
    END IF;
  END IF;
END $$;
REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;
GRANT CONNECT ON DATABASE "{name}" TO "{owner}";
GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{user}";
ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA public GRANT USAGE ON SEQUENCES TO "{user}";
ALTER FUNCTION pg_catalog.lower(text) LEAKPROOF;
ALTER FUNCTION pg_catalog.textlike(text, text) LEAKPROOF;
ALTER FUNCTION pg_catalog.arraycontains(anyarray, anyarray) LEAKPROOF;
COMMIT;
"""
"""What a release before this one had its service own goes to the owner. These functions show no
value in an error, so an index that needs them may be used beneath row policies."""
_WHO_MAY = "host all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that answers, and the right to make databases on it."""

    host: str
    port: int
    user: str
    password: str
    psql: str

    def url(self, database: str, *, role: str | None = None, password: str | None = None) -> str:
        """Give the asyncpg URL of a database, for a role or else for the administrator."""
        user, word = (role, password or "") if role else (self.user, self.password)
        word = f":{word}" if word else ""
        return f"postgresql+asyncpg://{user}{word}@{self.host}:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the administrator; rows come back as lines, columns parted by |."""
        door = ["-h", self.host, "-p", str(self.port), "-U", self.user, "-d", database]
        done = subprocess.run(  # noqa: S603 - our own program and statement
            [self.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", *door, "-f", "-"],
            input=statement,
            env=os.environ | {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Trouble(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout.strip()

    def ensure_role(self, role: str, password: str) -> None:
        """Make a login role that may do nothing but what its own databases allow."""
        known = role in self.sql("SELECT rolname FROM pg_roles").splitlines()
        verb = "ALTER" if known else "CREATE"
        self.sql(
            f'{verb} ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS '
            f"PASSWORD '{password}'"
        )

    def ensure_database(self, name: str, owner: str, user: str) -> None:
        """Make a database that its owner may change and its user may use; nobody else enters."""
        if name not in self.sql("SELECT datname FROM pg_database").splitlines():
            self.sql(f'CREATE DATABASE "{name}" OWNER "{owner}"')
        self.sql(_RIGHTS.format(name=name, owner=owner, user=user), name)


class Cluster:
    """One directory of databases and the server process over it."""

    def __init__(self, where: Place, port: int, password: str, *, durable: bool = True) -> None:
        self.where = where
        self.port = port
        self._password = password
        self._durable = durable
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> Server:
        """The door to the running server."""
        return Server("127.0.0.1", self.port, SUPERUSER, self._password, self.where.program("psql"))

    def url(self, database: str = "postgres") -> str:
        """Give the administrator's asyncpg URL of a database."""
        return self.server.url(database)

    @classmethod
    @contextmanager
    def temporary(cls, base: Path | None = None, *, durable: bool = False) -> Iterator["Cluster"]:
        """Run a throw-away server in `base`, gone at the end; fast unless durable meanwhile."""
        account = place.unprivileged()
        base = base or Path(tempfile.gettempdir())
        if account and not account.reaches(base):
            base = Path("/tmp")  # noqa: S108 - mkdtemp below makes a private directory in it
        home = Path(tempfile.mkdtemp(prefix="sheaf-postgres-", dir=base))
        if account:
            os.chown(home, account.uid, account.gid)
        cluster = cls(place.choose(home), ports.free(), secrets.token_hex(16), durable=durable)
        try:
            cluster.create()
            with (home / "postgres.log").open("ab") as log:
                cluster.start(log)
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)
            shutil.rmtree(home, ignore_errors=True)

    def create(self) -> None:
        """Make the cluster's directory, unless an earlier start did."""
        directory = self.where.cluster
        if (directory / "PG_VERSION").exists():
            self._same_version()
            return
        directory.parent.mkdir(parents=True, exist_ok=True)
        half = directory.with_name(f"{directory.name}.making")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        word = directory.with_name(f"{directory.name}.word")
        write_private(word, self._password)
        try:
            self.where.own(half)
            self.where.own(word)
            done = self._run(
                "initdb", "-D", str(half), "-U", SUPERUSER, f"--pwfile={word}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                "--locale=C.UTF-8", *([] if self._durable else ["--no-sync"]),
            )  # fmt: skip
        finally:
            word.unlink()
        if done.returncode:
            shutil.rmtree(half, ignore_errors=True)
            raise _not_started("The database could not be made", done.stderr, directory)
        half.rename(directory)

    def start(self, log: IO[bytes]) -> None:
        """Start the server and wait until it answers."""
        for _ in self.starting(log):
            time.sleep(_PAUSE_SECONDS)

    def starting(self, log: IO[bytes]) -> Iterator[None]:
        """Start the server; between two looks at it the caller waits in its own way.

        After a crash the old server's children hold its memory for a moment, so a refused start
        is tried again for some seconds. A start that replays its journal may take what it needs.
        """
        self.clear()
        self._configure()
        deadline = time.monotonic() + START_SECONDS
        while True:
            at = Path(log.name).stat().st_size
            self.child = spawn(
                [self.where.program("postgres"), "-D", str(self.where.cluster)],
                log=log,
                account=self.where.account,
                death=signal.SIGINT,
            )
            while self.child.poll() is None:
                if self._answers():
                    return
                yield
            said = Path(log.name).read_bytes()[at:].decode(errors="replace")
            if time.monotonic() > deadline or _DISK_FULL in said:
                raise _not_started("PostgreSQL did not start", said, self.where.cluster)
            yield

    def stop(self, how: signal.Signals = signal.SIGINT, grace: float = 20.0) -> None:
        """Stop the server: SIGINT lets it write a checkpoint, SIGQUIT does not wait."""
        if self.child is None or self.child.poll() is not None:
            return
        for signal_, seconds in ((how, grace), (signal.SIGQUIT, 3.0)):
            self.child.send_signal(signal_)
            with suppress(subprocess.TimeoutExpired):
                self.child.wait(seconds)
                return
        self.child.kill()
        self.child.wait()

    def clear(self) -> None:
        """End a server that outlived its supervisor, and forget a lock file nobody holds."""
        lock = self.where.cluster / "postmaster.pid"
        try:
            number = int(lock.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        left = _postmaster(number, self.where.cluster)
        if left is None:
            lock.unlink(missing_ok=True)
            return
        for how in (signal.SIGINT, signal.SIGQUIT):
            left.send_signal(how)
            if not wait_until_ended([left], START_SECONDS):
                return

    def _answers(self) -> bool:
        """Tell whether the child has written into its lock file that it takes connections."""
        try:
            lines = (self.where.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            self.child is not None
            and len(lines) > _READY_LINE
            and lines[0] == str(self.child.pid)
            and lines[_READY_LINE].strip() == "ready"
        )

    def _configure(self) -> None:
        settings = _SETTINGS.format(port=self.port) + ("" if self._durable else _NOT_DURABLE)
        for name, text in (("postgresql.conf", settings), ("pg_hba.conf", _WHO_MAY)):
            path = self.where.cluster / name
            path.write_text(text)
            self.where.own(path)

    def _same_version(self) -> None:
        made_by = (self.where.cluster / "PG_VERSION").read_text().strip()
        said = self._run("postgres", "--version").stdout.split()
        major = said[-1].split(".")[0] if said else ""
        if made_by != major:
            raise Trouble(
                f"The database in {self.where.cluster} was made by PostgreSQL {made_by}; "
                f"this Sheaf brings PostgreSQL {major}.",
                f"Start it with the Sheaf that made it, or write it out with pg_dumpall "
                f"{made_by}, move that directory away, start again and read it in.",
            )

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self.where.account
        return subprocess.run(  # noqa: S603 - our own program
            [self.where.program(program), *arguments],
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            check=False,
        )


def _postmaster(number: int, directory: Path) -> psutil.Process | None:
    with suppress(psutil.Error):
        found = psutil.Process(number)
        if found.status() != psutil.STATUS_ZOMBIE and str(directory) in found.cmdline():
            return found
    return None


def _not_started(what: str, said: str, directory: Path) -> Trouble:
    if _DISK_FULL in said:
        return Trouble(
            f"{what}: the disk that holds {directory} is full.",
            "Free some space and start again; nothing was lost.",
        )
    return Trouble(f"{what} ({directory}). It said:\n{said.strip()[-2000:]}")
