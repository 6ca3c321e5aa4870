"""Starting in the background and ending again, seen from the terminal."""

import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sheaf import logs, state
from sheaf.children import spawn
from sheaf.state import State
from sheaf.trouble import Trouble

STOP_SECONDS = 120.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Wish:
    """What a start is asked for."""

    data_dir: Path
    port: int | None = None
    tied: bool = False

    @property
    def argv(self) -> list[str]:
        """The command line of the supervisor in the background."""
        port = ["--port", str(self.port)] if self.port else []
        return [sys.executable, "-m", "sheaf", "up", "--data-dir", str(self.data_dir), *port]


def detached(wish: Wish, console: Console) -> State:
    """Start a supervisor in the background and wait until all is ready, showing its progress."""
    with logs.opened(wish.data_dir, "supervisor") as log:
        at = Path(log.name).stat().st_size
        death = signal.SIGTERM if wish.tied else None
        child = spawn(wish.argv, log=log, death=death)
        path = Path(log.name)
    while True:
        ended = child.poll()
        written = path.read_bytes()[at:]
        whole = written[: written.rfind(b"\n") + 1]
        at += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if ended is not None:
            raise Trouble("Sheaf did not start; the reason is above.")
        known = state.load(wish.data_dir)
        if known.supervisor and known.supervisor.number == child.pid and known.ready():
            return known
        time.sleep(_PAUSE_SECONDS)


def down(data_dir: Path, console: Console) -> bool:
    """End the system that runs in a data directory; tell whether there was one."""
    known = state.load(data_dir)
    supervisor = known.supervisor.process() if known.supervisor else None
    if supervisor is None:
        return False
    with console.status("Ending: the gateway first, PostgreSQL last"):
        supervisor.send_signal(signal.SIGTERM)
        if state.wait_until_ended([supervisor], STOP_SECONDS):
            supervisor.kill()
            state.wait_until_ended([supervisor], 10)
    return True
