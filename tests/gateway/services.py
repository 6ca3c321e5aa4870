"""The real services over real HTTP, for tests of what they answer to anybody."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.callers import Callers

START_SECONDS = 60


@contextmanager
def serving(name: str, database_url: str, folder: Path, callers: Callers) -> Iterator[str]:
    """Serve one service that trusts `callers` and follows no feed; give where it answers GraphQL.

    It is a process of its own: its work in the background must not mix with what other tests count.
    """
    token_file = folder / f"{name}.token"
    token_file.write_text(callers.credential("service", ""))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    settings = {"database_url": database_url, "port": port, **callers.settings}
    if name == "customer":
        settings |= {"master_key_file": callers.master_keys}
    else:
        settings |= {"token_file": token_file, "feeds": "{}"}
    told = {f"{name}_{key}".upper(): str(value) for key, value in settings.items()}
    log = folder / f"{name}.log"
    with log.open("w") as written:
        running = subprocess.Popen(
            [sys.executable, "-m", name, "serve"],
            env=os.environ | told,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/ready", running, log)
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        running.terminate()
        running.wait(30)


def _wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert running.poll() is None, f"the service ended:\n{log.read_text()}"
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()}")
