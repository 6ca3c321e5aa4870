"""What is running in a data directory: one JSON file, replaced atomically."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from sheaf.trouble import Trouble

FILE = "state.json"
_PAUSE_SECONDS = 0.05
SERVICES = ("customer", "scoring", "campaign")


@dataclass(frozen=True)
class Pid:
    """A process that cannot be mistaken for a later one with the same number."""

    number: int
    started: float

    @classmethod
    def of(cls, number: int) -> "Pid":
        """Name the process that has this number now."""
        return cls(number, psutil.Process(number).create_time())

    def process(self) -> psutil.Process | None:
        """Find the process, or nothing when it is gone or its number was given away."""
        try:
            found = psutil.Process(self.number)
            if abs(found.create_time() - self.started) > 1 or found.status() == "zombie":
                return None
        except psutil.NoSuchProcess:
            return None
        return found


@dataclass(frozen=True)
class ProcessState:
    """One supervised process as last seen by the supervisor."""

    name: str
    state: str
    port: int
    pid: Pid | None = None
    restarts: int = 0


@dataclass(frozen=True)
class State:
    """Ports outlive a stop, so that URLs stay the same; the rest is of this run."""

    ports: dict[str, int] = field(default_factory=dict)
    cluster: str = ""
    supervisor: Pid | None = None
    processes: dict[str, ProcessState] = field(default_factory=dict)

    def ready(self) -> bool:
        """Tell whether PostgreSQL and every program of this run have become ready."""
        known = self.processes.values()
        return 0 < len(known) == len(self.ports) and all(one.state == "ready" for one in known)

    def alive(self) -> bool:
        """Tell whether the supervisor that wrote this is still there."""
        return self.supervisor is not None and self.supervisor.process() is not None


def wait_until_ended(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes that are no children of ours; give those that are still there.

    One that has ended but that nobody collects counts as ended: in a container it may stay so.
    """
    deadline = time.monotonic() + seconds
    left = [one for one in processes if not _has_ended(one)]
    while left and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        left = [one for one in left if not _has_ended(one)]
    return left


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file atomically, never readable by others in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.chmod(mode)
    half.replace(path)


def load(data_dir: Path) -> State:
    """Read the state; a data directory without one has nothing running."""
    try:
        text = (data_dir / FILE).read_text()
    except FileNotFoundError:
        return State()
    try:
        raw = json.loads(text)
        supervisor = raw["supervisor"]
        return State(
            ports=raw["ports"],
            cluster=raw["cluster"],
            supervisor=Pid(**supervisor) if supervisor else None,
            processes={name: _process(one) for name, one in raw["processes"].items()},
        )
    except (ValueError, KeyError, TypeError) as broken:
        raise Trouble(
            f"{data_dir / FILE} cannot be read: {broken!r}.",
            "Move that file away; ports are chosen anew and data are kept.",
        ) from broken


def save(data_dir: Path, state: State) -> None:
    """Write the state in one step, so that a reader never meets half of it."""
    write_private(data_dir / FILE, json.dumps(asdict(state), indent=2) + "\n")


def _process(raw: dict[str, object]) -> ProcessState:
    pid = raw.pop("pid")
    return ProcessState(**raw, pid=Pid(**pid) if isinstance(pid, dict) else None)  # type: ignore[arg-type] # fields are those asdict wrote
