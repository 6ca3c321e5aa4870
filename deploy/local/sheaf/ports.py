"""Which ports of the loopback interface are free."""

import socket
from collections.abc import Mapping
from contextlib import suppress

import psutil

from sheaf.trouble import Trouble

WANTED: Mapping[str, int] = {
    "gateway": 4000,
    "customer": 9101,
    "scoring": 9102,
    "campaign": 9103,
    "postgres": 9100,
}


def free() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(known: Mapping[str, int], gateway: int | None) -> dict[str, int]:
    """Keep the ports of the last run; choose others only at the first start.

    A port that clients may have noted is never moved silently: when it is taken, that is said.
    """
    chosen: dict[str, int] = {}
    for name, wanted in WANTED.items():
        port = gateway if name == "gateway" and gateway else known.get(name)
        if port is None:
            chosen[name] = wanted if is_free(wanted) else free()
            continue
        if not is_free(port):
            raise taken(name, port)
        chosen[name] = port
    return chosen


def taken(name: str, port: int) -> Trouble:
    """Say who holds a port and what to do."""
    holder = _holder(port)
    choose_other = "choose another one with `--port PORT`" if name == "gateway" else (
        f'change the number beside "{name}" in state.json in the data directory'
    )  # fmt: skip
    return Trouble(
        f"Port {port}, which {name} listens on, is in use{holder}.",
        f"End that program, or {choose_other}.",
    )


def _holder(port: int) -> str:
    with suppress(psutil.Error):
        for found in psutil.net_connections("tcp"):
            listens = found.status == psutil.CONN_LISTEN and found.laddr[1:] == (port,)
            if listens and found.pid:
                return f" by {psutil.Process(found.pid).name()} (pid {found.pid})"
    return ""
