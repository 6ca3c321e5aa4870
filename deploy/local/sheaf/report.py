"""What `sheaf status` shows: processes, feeds, pending work, the databases' size."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from sheaf import place, state
from sheaf.postgres import SUPERUSER, Server
from sheaf.programs import base_url
from sheaf.running import running
from sheaf.state import SERVICES, ProcessState
from sheaf.system import passwords
from sheaf.trouble import Trouble

_COLOURS = {"ready": "green", "starting": "yellow", "not ready": "yellow", "ending": "yellow"}


@dataclass(frozen=True)
class Report:
    """One look at a running system."""

    data_dir: Path
    processes: list[dict[str, Any]]
    feeds: list[dict[str, Any]]
    databases: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain values; sizes are in bytes, times in seconds."""
        return {
            "data_dir": str(self.data_dir),
            "processes": self.processes,
            "feeds": self.feeds,
            "databases": self.databases,
        }

    def show(self, console: Console) -> None:
        """Print the report as tables."""
        console.print(self._processes())
        if self.feeds:
            console.print(self._feeds())
        size = "   ".join(f"{name} {_megabytes(size)}" for name, size in self.databases.items())
        console.print(f"Databases: {size or 'PostgreSQL does not answer'}", highlight=False)

    def _processes(self) -> Table:
        table = Table(title=f"Sheaf in {self.data_dir}", title_justify="left")
        table.add_column("process")
        for name in ("pid", "port", "restarts", "up for", "memory", "pending"):
            table.add_column(name, justify="right")
        table.add_column("state")
        for one in self.processes:
            colour = _COLOURS.get(one["state"], "red")
            table.add_row(
                one["name"],
                str(one["pid"] or "-"),
                str(one["port"]),
                str(one["restarts"]),
                _duration(one["uptime_seconds"]),
                _megabytes(one["memory_bytes"]),
                "-" if one["pending"] is None else f"{one['pending']:,}",
                f"[{colour}]{one['state']}[/]",
            )
        return table

    def _feeds(self) -> Table:
        table = Table(title="Event feeds", title_justify="left")
        table.add_column("consumer")
        table.add_column("producer")
        table.add_column("lag", justify="right")
        table.add_column("parked", justify="right")
        table.add_column("state")
        for one in self.feeds:
            caught_up = "[green]caught up[/]" if one["caught_up"] else "[yellow]reading[/]"
            lag = f"{one['lag_seconds']:.1f} s"
            table.add_row(one["consumer"], one["producer"], lag, f"{one['parked']:,}", caught_up)
        return table


def look(data_dir: Path) -> Report:
    """Look at the system that runs in a data directory."""
    running(data_dir)
    known = state.load(data_dir)
    health = {name: _health(known.ports[name]) for name in SERVICES}
    feeds = [
        {"consumer": consumer, "producer": producer} | feed
        for consumer, said in health.items()
        for producer, feed in said.get("feeds", {}).items()
    ]
    processes = [_process(one, health.get(one.name, {})) for one in known.processes.values()]
    return Report(data_dir, processes, feeds, _sizes(data_dir, known.ports["postgres"]))


def _health(port: int) -> dict[str, Any]:
    try:
        said: dict[str, Any] = httpx.get(f"{base_url(port)}/health/ready", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return {}
    return said


def _process(one: ProcessState, health: dict[str, Any]) -> dict[str, Any]:
    found = one.pid.process() if one.pid else None
    return {
        "name": one.name,
        "pid": one.pid.number if one.pid else None,
        "port": one.port,
        "state": one.state,
        "restarts": one.restarts,
        "uptime_seconds": round(time.time() - one.pid.started, 1) if one.pid else None,
        "memory_bytes": found.memory_info().rss if found else None,
        "pending": health.get("pending"),
    }


def _sizes(data_dir: Path, port: int) -> dict[str, int]:
    where = place.choose(data_dir)
    word = passwords(data_dir)[SUPERUSER]
    server = Server("127.0.0.1", port, SUPERUSER, word, where.program("psql"))
    try:
        said = server.sql("SELECT datname, pg_database_size(datname) FROM pg_database")
    except Trouble:
        return {}
    sizes = dict(line.split("|") for line in said.splitlines())
    return {name: int(sizes[name]) for name in SERVICES if name in sizes}


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    whole = int(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1_000_000:,.0f} MB"
