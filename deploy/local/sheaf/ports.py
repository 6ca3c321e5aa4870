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
    """Keep the ports of the last run where they are free, and choose the others.

    The gateway's is noted down by clients: it is never moved silently. The others are used by
    the system itself alone.
    """
    chosen: dict[str, int] = {}
    for name, usual in WANTED.items():
        wished = gateway or known.get(name) if name == "gateway" else None
        if wished and not is_free(wished):
            raise _taken(wished)
        first = wished or known.get(name, usual)
        while first in chosen.values() or not is_free(first):
            first = free()
        chosen[name] = first
    return chosen


def _taken(port: int) -> Trouble:
    return Trouble(
        f"Port {port}, which the gateway listens on, is in use{_holder(port)}.",
        "End that program, or choose another one with `--port PORT`.",
    )


def _holder(port: int) -> str:
    with suppress(psutil.Error):
        for found in psutil.net_connections("tcp"):
            listens = found.status == psutil.CONN_LISTEN and found.laddr[1:] == (port,)
            if listens and found.pid:
                return f" by {psutil.Process(found.pid).name()} (pid {found.pid})"
    return ""
