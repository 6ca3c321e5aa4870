"""Child processes that cannot outlive their parent: own session, killed when it dies."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from sheaf.place import Account
from sheaf.trouble import Trouble

LOOK_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1


def spawn(  # noqa: PLR0913 - all that a process is started with
    argv: Sequence[str],
    *,
    log: IO[bytes],
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    account: Account | None = None,
    death: signal.Signals | None = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a process that gets the signal `death`, if any, when the calling process dies.

    Compiled Python is kept whatever the caller's environment says: one that fell is back sooner.
    To be called from the main thread: the kernel watches the thread, not the process.
    """
    if sys.platform != "linux":
        raise Trouble(
            "The sheaf command runs on Linux only.",
            "Elsewhere, run the services with the compose file or in a Linux container.",
        )
    told = dict(os.environ if env is None else env)
    told.pop("PYTHONDONTWRITEBYTECODE", None)
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        if death is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, int(death))
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 - our own programs
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=told,
        cwd=cwd,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=tie,  # noqa: PLW1509 - two system calls, both safe between fork and exec
    )


async def ended(*children: subprocess.Popen[bytes]) -> None:
    """Wait until all of these have ended."""
    while any(child.poll() is None for child in children):  # noqa: ASYNC110 - Popen has no event
        await asyncio.sleep(LOOK_SECONDS)


def end_group(child: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Send a signal to a process and to all it started."""
    try:
        os.killpg(child.pid, how)
    except ProcessLookupError:
        return
