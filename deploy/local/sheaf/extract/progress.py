"""What the person at the terminal sees while an import runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from sheaf.running import Running, settled
from sheaf.trouble import Trouble

SETTLE_SECONDS = 900.0
LOOK_SECONDS = 1.0


class Meter:
    """One bar a file, measured by its characters."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._before = 0
        self._rows = 0
        self._begun = 0.0

    def start(self, kind: str, file: Path, rows_before: int) -> None:
        """Begin a file of which some rows went in before."""
        self._before, self._rows = rows_before, 0
        self._begun = time.monotonic()
        measurable = file.suffix == ".csv"
        total = file.stat().st_size if measurable else None
        self._task = self._progress.add_task(kind, total=total, rows="", rate="")
        self._count(f"{rows_before:,} before" if rows_before else "", 0)

    def answered(self, rows: int, position: int) -> None:
        """Count rows that were answered; `position` is how far into the file they reach."""
        self._rows += rows
        seconds = max(time.monotonic() - self._begun, 1e-3)
        self._count(f"{self._rows / seconds:,.0f} rows/s", position)

    def waiting(self, service: str) -> None:
        """Say that a service is away and is being waited for."""
        if self._task is None:
            self._progress.console.print(f"Waiting for the {service} service ...")
        else:
            self._progress.update(self._task, rate=f"waiting for {service}")

    def finish(self) -> None:
        """Fill the bar: the file is done."""
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)

    def _count(self, rate: str, position: int) -> None:
        if self._task is not None:
            rows = f"{self._before + self._rows:,} rows"
            self._progress.update(self._task, completed=position, rows=rows, rate=rate)


@contextmanager
def meter(console: Console) -> Iterator[Meter]:
    """Show the bars until the block ends."""
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rows]:>16}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield Meter(progress)


def wait_until_settled(running: Running, console: Console) -> None:
    """Wait until every event is taken in and every calculation done, saying what is still open.

    Raises `Trouble` when that takes too long; the records are in all the same.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    with console.status("All rows are in; waiting for the calculations") as status:
        while True:
            try:
                settled(running, LOOK_SECONDS)
            except Trouble as open_work:
                if time.monotonic() > deadline:
                    raise
                status.update(f"All rows are in. {open_work.message.rstrip('.')}")
            else:
                return
