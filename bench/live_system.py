"""A whole system for a benchmark: started on ports of its own, filled, watched, and ended."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
from sheaf import ports, state
from sheaf.issuer import gateway_key
from sheaf.running import Running, running, settled, token
from sheaf.state import State
from sheaf.system import owner_of

SHEAF = Path(sys.executable).with_name("sheaf")
INSTITUTION = "SHEAF"
SETTLE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class System:
    """A running system whose data are in `data_dir`, and the bank that was made for it."""

    data_dir: Path
    extract: Path

    @property
    def running(self) -> Running:
        """Say where its services are."""
        return running(self.data_dir)

    def bearer(self, role: str, institution: str = INSTITUTION) -> dict[str, str]:
        """Return the header that lets a caller of this role in."""
        made = token(self.data_dir, role, "system", institution)
        return {"authorization": f"Bearer {made}"}

    def asking(self, service: str, *scopes: str) -> dict[str, str]:
        """Return the header that one question to a service needs, as the gateway makes it."""
        now = int(time.time())
        said = {
            "iss": "sheaf-gateway", "aud": f"sheaf-{service}", "jti": uuid4().hex, "sub": "bench",
            "role": "teller", "channel": "counter", "institution": INSTITUTION,
            "reach": "institution", "scopes": list(scopes), "iat": now, "exp": now + 30,
        }  # fmt: skip
        return {"authorization": f"Bearer {gateway_key(self.data_dir).signed(said)}"}

    def sheaf(self, *words: str) -> None:
        """Run a command on this system; it must succeed."""
        subprocess.run(  # noqa: S603 - our own command
            [str(SHEAF), *words, "--data-dir", str(self.data_dir)],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        settled(self.running, SETTLE_SECONDS)

    async def database(self) -> asyncpg.Connection:
        """Connect to the scoring service's database as its owner, who is shown the one bank."""
        role = owner_of("scoring")
        word = json.loads((self.data_dir / "secrets" / "postgres.json").read_text())[role]
        return await asyncpg.connect(
            host="127.0.0.1",
            port=state.load(self.data_dir).ports["postgres"],
            user=role,
            password=word,
            database="scoring",
            server_settings={"sheaf.institution": INSTITUTION},
        )

    def busy(self) -> Mapping[str, float]:
        """Return the processor seconds that each program has used so far, with its children."""
        found = {}
        for name, one in state.load(self.data_dir).processes.items():
            process = one.pid.process() if one.pid else None
            found[name] = _busy(process) if process else 0.0
        return found


def _busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    seconds = float(times.user + times.system + times.children_user + times.children_system)
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            own = child.cpu_times()
            seconds += own.user + own.system
    return seconds


@contextmanager
def system(customers: int, folder: Path | None) -> Iterator[System]:
    """Start everything, import a made-up bank of so many customers, and leave nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="sheaf-live-", dir=folder))
    home.chmod(0o755)
    whole = System(home / "data", home / "bank")
    try:
        words = {"--customers": customers, "--months": 3, "--seed": 1, "--format": "csv"}
        arguments = [str(word) for pair in words.items() for word in pair]
        subprocess.run(  # noqa: S603 - our own command
            [str(SHEAF), "simulate", *arguments, "--out", str(whole.extract)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        chosen: dict[str, int] = {}
        while len(set(chosen.values())) < len(ports.WANTED):
            chosen = {name: ports.free() for name in ports.WANTED}
        state.save(whole.data_dir, State(chosen))
        whole.sheaf("up", "--detach")
        whole.sheaf("import", "extract", str(whole.extract))
        whole.settle()
        yield whole
    finally:
        if whole.data_dir.exists():
            with suppress(subprocess.CalledProcessError):
                whole.sheaf("down")
        shutil.rmtree(home, ignore_errors=True)
