"""From a data directory to a running system: what must be there, then the supervisor."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from sheaf import logs, migrations, place, ports, programs, running, state
from sheaf.children import end_group, ended, spawn
from sheaf.issuer import Issuer, gateway_key
from sheaf.master import MasterKeys
from sheaf.postgres import SUPERUSER, Cluster
from sheaf.state import SERVICES, Pid, State, wait_until_ended
from sheaf.supervisor import Say, Supervisor
from sheaf.trouble import Trouble

SERVICE_TOKEN_LIFETIME = timedelta(days=30)
RENEWAL_SECONDS = 24 * 3600.0
NEEDED_MEGABYTES = 500
_NOTHING_VERIFIED = 3
"""What a service ends with that has no audit chain."""


@dataclass(frozen=True)
class System:
    """One data directory, and the wish for a gateway port."""

    data_dir: Path
    gateway_port: int | None = None

    def run(self, node: Path, say: Say) -> None:
        """Run until told to stop; refuse when it already runs."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "lock").open("w") as lock:
            hold(lock, self.data_dir)
            _enough_disk(self.data_dir)
            known = recover(state.load(self.data_dir))
            chosen = ports.choose(known.ports, self.gateway_port)
            where = place.choose(self.data_dir)
            known = State(chosen, str(where.cluster), Pid.of(psutil.Process().pid))
            state.save(self.data_dir, known)
            words = passwords(self.data_dir)
            cluster = Cluster(where, chosen["postgres"], words[SUPERUSER])
            self._try(known, cluster, words, node, say)

    def _try(
        self, known: State, cluster: Cluster, words: Mapping[str, str], node: Path, say: Say
    ) -> None:
        def database_url(service: str) -> str:
            return cluster.server.url(service, role=service, password=words[service])

        wanted = programs.services(self.data_dir, known.ports, database_url)

        async def prepare() -> None:
            for service in SERVICES:
                owner = owner_of(service)
                cluster.server.ensure_role(service, words[service])
                cluster.server.ensure_role(owner, words[owner])
                cluster.server.ensure_database(service, owner, service)
            urls = {
                service: cluster.server.url(
                    service, role=owner_of(service), password=words[owner_of(service)]
                )
                for service in SERVICES
                if not migrations.up_to_date(cluster.server, service)
            }
            await migrate(self.data_dir, urls)

        try:
            make_keys(self.data_dir)
            cluster.create()
            everything = [*wanted, programs.router(self.data_dir, known.ports, node)]
            keeper = Supervisor(self.data_dir, known, cluster, say=say)
            beside = partial(keep_tokens_fresh, self.data_dir)
            asyncio.run(keeper.run(prepare, everything, beside))
        finally:
            state.save(self.data_dir, State(ports=known.ports, cluster=known.cluster))


def hold(lock: IO[str], data_dir: Path) -> None:
    """Take the data directory for this process, as long as it lives."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Trouble(f"Sheaf already runs in {data_dir}.", "See `sheaf status`.") from None


def recover(known: State) -> State:
    """End what a killed supervisor left behind; its ports are kept."""
    left = [
        (name, found)
        for name, one in known.processes.items()
        if one.pid
        for found in _session(one.pid)
    ]
    for name, found in left:
        with suppress(psutil.NoSuchProcess):
            found.send_signal(signal.SIGINT if name == "postgres" else signal.SIGKILL)
    stubborn = wait_until_ended([found for _, found in left], 10)
    for found in stubborn:
        with suppress(psutil.NoSuchProcess):
            found.send_signal(signal.SIGQUIT)
    wait_until_ended(stubborn, 5)
    return replace(known, supervisor=None, processes={})


def _session(leader: Pid) -> list[psutil.Process]:
    """Find a program of ours and what it had started, by the session that it leads or led."""
    with suppress(psutil.NoSuchProcess):
        there = psutil.Process(leader.number)
        if there.status() != psutil.STATUS_ZOMBIE and leader.process() is None:
            return []  # the number was given to a stranger, so nothing of that session is left
    found = []
    for number in psutil.pids():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(number) == leader.number:
                found.append(psutil.Process(number))
    return found


def owner_of(service: str) -> str:
    """Name the role that owns a service's tables and migrates them; the service is another."""
    return f"{service}_owner"


def passwords(data_dir: Path) -> dict[str, str]:
    """Read the database passwords; make those that are missing."""
    path = data_dir / "secrets" / "postgres.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    roles = (SUPERUSER, *SERVICES, *map(owner_of, SERVICES))
    missing = [name for name in roles if name not in known]
    if missing:
        known |= {name: secrets.token_hex(24) for name in missing}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.write_private(path, json.dumps(known, indent=2) + "\n")
    return known


def make_keys(data_dir: Path) -> None:
    """Have every key that is kept, and write new credentials that services read feeds with."""
    Issuer(data_dir).ensure()
    gateway_key(data_dir).ensure()
    MasterKeys(data_dir).ensure()
    for service in programs.FEEDS:
        signed = running.token(
            data_dir, "service", "system", "", subject=service, lifetime=SERVICE_TOKEN_LIFETIME
        )
        file = programs.token_file(data_dir, service)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        state.write_private(file, signed)


def rotate_keys(data_dir: Path) -> int:
    """Add a master key and have the customer service bring everything under it and new keys."""
    told = services_running(data_dir)
    MasterKeys(data_dir).add()
    [customer] = [one for one in told if one.name == "customer"]
    argv = [sys.executable, "-m", "customer", "rotate-keys"]
    return subprocess.run(argv, env=dict(customer.env), check=False).returncode  # noqa: S603  (our own service, as a process)


def verify_audit(data_dir: Path, institution: str | None) -> int:
    """Have every service verify its audit chains, and sum up what they found."""
    found = []
    for one in services_running(data_dir):
        argv = [sys.executable, "-m", one.name, "audit", "verify"]
        argv += [institution] if institution else []
        done = subprocess.run(argv, env=dict(one.env), check=False)  # noqa: S603  (our own services, as processes)
        found.append(done.returncode)
    return summed_up(found)


def summed_up(found: Iterable[int]) -> int:
    """Give the exit code for several: a failure, or well where any chain was verified."""
    codes = {*found}
    failures = codes - {0, _NOTHING_VERIFIED}
    if failures:
        return min(failures)
    return 0 if 0 in codes else _NOTHING_VERIFIED


def services_running(data_dir: Path) -> list[programs.Program]:
    """Describe the services of the system that runs, as they were started."""
    known = state.load(data_dir)
    if not known.alive():
        raise Trouble("Sheaf is not running; start it with `sheaf up --detach`.")
    words = passwords(data_dir)
    server = Cluster(place.choose(data_dir), known.ports["postgres"], words[SUPERUSER]).server

    def database_url(service: str) -> str:
        return server.url(service, role=service, password=words[service])

    return programs.services(data_dir, known.ports, database_url)


async def keep_tokens_fresh(data_dir: Path, every_seconds: float = RENEWAL_SECONDS) -> None:
    """Renew the services' tokens long before they expire; services read them at each poll."""
    while True:
        await asyncio.sleep(every_seconds)
        make_keys(data_dir)


async def migrate(data_dir: Path, urls: Mapping[str, str]) -> None:
    """Bring these services' schemas up to date, side by side, at the owners' URLs."""
    begun: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        for name, url in urls.items():
            with logs.opened(data_dir, name) as log:
                argv = (sys.executable, "-m", name, "migrate")
                env = os.environ | {f"{name.upper()}_DATABASE_URL": url}
                begun.append((name, spawn(argv, log=log, env=env)))
        await ended(*(child for _, child in begun))
    finally:
        for _, child in begun:
            if child.poll() is None:
                end_group(child, signal.SIGKILL)
                child.wait()
    for name, child in begun:
        if child.returncode:
            path = logs.path_of(data_dir, name)
            said = "\n".join(logs.tail(path, 15))
            raise Trouble(
                f"The database of {name} could not be migrated. It last said:\n{said}",
                f"All it said is in {path}.",
            )


def _enough_disk(data_dir: Path) -> None:
    megabytes = shutil.disk_usage(data_dir).free // 1_000_000
    if megabytes < NEEDED_MEGABYTES:
        raise Trouble(
            f"The disk that holds {data_dir} has only {megabytes:,} MB free; "
            f"Sheaf needs at least {NEEDED_MEGABYTES} MB to start.",
            "Free some space, or choose another place with `--data-dir`.",
        )
