"""One log file for each process, cut at a start when it has grown, shown and followed."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from sheaf.trouble import Trouble

LIMIT_BYTES = 10 * 1024 * 1024
KEPT = 2
_TAIL_BYTES = 64 * 1024
_PAUSE_SECONDS = 0.2


def path_of(data_dir: Path, name: str) -> Path:
    """Give a process's log file."""
    return data_dir / "logs" / f"{name}.log"


def opened(data_dir: Path, name: str) -> IO[bytes]:
    """Open a log to append to, moving a long one aside first."""
    path = path_of(data_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.stat().st_size > LIMIT_BYTES:
        for number in range(KEPT, 1, -1):
            older = path.with_name(f"{path.name}.{number - 1}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number}"))
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def tail(path: Path, lines: int) -> list[str]:
    """Read the last lines of a log, however long it is."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def names(data_dir: Path, name: str | None) -> list[str]:
    """Choose one log by name, or all of them."""
    known = sorted(found.stem for found in (data_dir / "logs").glob("*.log"))
    if name is None:
        return known
    if name not in known:
        there = ", ".join(known) or "none yet"
        raise Trouble(f"There is no log named {name!r}.", f"Logs in {data_dir}: {there}.")
    return [name]


def follow(
    paths: Iterable[Path], say: Callable[[Path, str], None], going_on: Callable[[], bool]
) -> None:
    """Say each line that is written from now on, until told to stop."""
    ends = {path: path.stat().st_size for path in paths if path.exists()}
    halves: dict[Path, bytes] = {}
    while going_on():
        for path, end in ends.items():
            size = path.stat().st_size if path.exists() else 0
            if size < end:
                end = 0  # noqa: PLW2901 - the file was moved aside; the new one is read whole
            if size > end:
                with path.open("rb") as file:
                    file.seek(end)
                    read = halves.pop(path, b"") + file.read(size - end)
                *whole, halves[path] = read.split(b"\n")
                for line in whole:
                    say(path, line.decode(errors="replace"))
            ends[path] = size
        time.sleep(_PAUSE_SECONDS)
