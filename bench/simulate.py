"""How fast banks are made up, and in how much memory: a table, and JSON in bench/results/."""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
SHEAF = Path(sys.executable).with_name("sheaf")
SIZES = (
    (10_000, 18, "parquet"),
    (10_000, 18, "csv"),
    (100_000, 12, "parquet"),
)
FULL = ((1_000_000, 12, "parquet"),)
LOOK_SECONDS = 0.1
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """One bank that was made; memory is of all processes together, at its highest."""

    customers: int
    months: int
    format: str
    processes: int
    postings: int
    seconds: float
    processor_seconds: float
    postings_per_second: int
    memory_megabytes: int
    disk_megabytes: int


def run(customers: int, months: int, form: str, processes: int, folder: Path) -> Run:
    """Make one bank in processes of its own, watch it and remove it."""
    out = folder / f"{customers}-{months}-{form}"
    words = {
        "--customers": customers, "--months": months, "--seed": 1, "--format": form,
        "--processes": processes, "--out": out,
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    arguments = [str(word) for pair in words.items() for word in pair]
    with subprocess.Popen(  # noqa: S603 - our own command
        [str(SHEAF), "simulate", *arguments], stdout=subprocess.PIPE, text=True
    ) as making:
        highest = [0]
        watcher = threading.Thread(target=_watch, args=(making.pid, highest))
        watcher.start()
        said = making.communicate()[0]
        seconds = time.monotonic() - begun
        watcher.join()
    if making.returncode:
        raise SystemExit(making.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    shutil.rmtree(out)
    postings = int(said.split(" postings")[0].rsplit(" ", 1)[1].replace(",", ""))
    return Run(
        customers,
        months,
        form,
        processes,
        postings,
        round(seconds, 2),
        round(busy, 2),
        round(postings / seconds),
        highest[0] // MEGABYTE,
        size // MEGABYTE,
    )


def _watch(pid: int, highest: list[int]) -> None:
    """Add up the memory of a process and its children until it ends."""
    try:
        parent = psutil.Process(pid)
        while parent.status() != psutil.STATUS_ZOMBIE:
            resident = 0
            for one in (parent, *parent.children(recursive=True)):
                try:
                    resident += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            highest[0] = max(highest[0], resident)
            time.sleep(LOOK_SECONDS)
    except psutil.NoSuchProcess:
        return


def main() -> None:
    """Make banks of several sizes and report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--full", action="store_true", help="a million customers too")
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked.add_argument("--folder", type=Path, help="where to write the banks for the while")
    wishes = asked.parse_args()
    runs = []
    with tempfile.TemporaryDirectory(dir=wishes.folder, prefix="sheaf-bench-") as folder:
        for customers, months, form in (*SIZES, *(FULL if wishes.full else ())):
            runs.append(run(customers, months, form, wishes.processes, Path(folder)))
    RESULTS.mkdir(exist_ok=True)
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    document = {"benchmark": "simulate", **machine, "runs": [asdict(one) for one in runs]}
    (RESULTS / "simulate.json").write_text(json.dumps(document, indent=2) + "\n")
    table = Table("customers", "months", "format", "postings", "s", "postings/s", "MB memory", "MB")
    for one in runs:
        table.add_row(
            f"{one.customers:,}", str(one.months), one.format, f"{one.postings:,}",
            f"{one.seconds:.1f}", f"{one.postings_per_second:,}", f"{one.memory_megabytes:,}",
            f"{one.disk_megabytes:,}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
