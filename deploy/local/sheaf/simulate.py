"""`sheaf simulate`: a bank that never existed as a bank extract, with its truth beside it."""

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import simulator
from sheaf.trouble import Trouble

AS_OF = datetime(2026, 6, 30)  # noqa: DTZ001 - a business day, and a fixed one: same seed, same bank


class Form(StrEnum):
    """How the files are written."""

    PARQUET = "parquet"
    CSV = "csv"


def simulate(  # noqa: PLR0913 - the command's options
    out: Annotated[Path, typer.Option(help="New or empty folder to write to.")],
    customers: Annotated[int, typer.Option(help="How many customers each bank has.")] = 10_000,
    months: Annotated[int, typer.Option(help="How many calendar months of history.")] = 18,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    as_of: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last business day.")
    ] = AS_OF,
    *,
    form: Annotated[Form, typer.Option("--format", help="Form of the files.")] = Form.PARQUET,
    institutions: Annotated[int, typer.Option(help="More than one: a folder for each.")] = 1,
    defects: Annotated[float, typer.Option(help="Share of rows to damage, such as 0.02.")] = 0.0,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html, a page to look at.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(help="How many to work in; default: one for each processor.")
    ] = None,
) -> None:
    """Make up a cooperative bank and write its extract, with the truth in `truth/`."""
    console = Console()
    begun = time.monotonic()
    bar = Progress(
        TextColumn("Making up"), BarColumn(), TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("bank", total=None)
        with _plainly(out):
            figures = simulator.write_bank(
                out,
                customers=customers,
                months=months,
                seed=seed,
                as_of=as_of.date(),
                format=form.value,
                institutions=institutions,
                defects=defects,
                processes=processes or os.cpu_count() or 1,
                with_report=report,
                told=lambda done, of: bar.update(task, completed=done, total=of),
            )
    postings = sum(one.postings for one in figures)
    seconds = time.monotonic() - begun
    banks = f"{institutions} banks of {customers:,}" if institutions > 1 else f"{customers:,}"
    for line in (
        f"{banks} customers, {months} months, {postings:,} postings in {seconds:.1f} s: {out}",
        *(f"Look at {page}" for page in sorted(out.rglob("report.html"))),
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _plainly(out: Path) -> Iterator[None]:
    """Say in a line why a bank cannot be written."""
    try:
        yield
    except FileExistsError:
        raise Trouble(f"{out} is not empty.", "Name a new folder with --out.") from None
    except ValueError as nonsense:
        raise Trouble(str(nonsense)) from None
    except BrokenProcessPool:
        raise Trouble(
            "A process of the simulation was killed, perhaps for lack of memory.",
            "What was begun has been removed. Try --processes 1.",
        ) from None
    except OSError as error:
        raise Trouble(
            f"{out} cannot be written: {error.strerror or error}.",
            "What was begun has been removed. Make room, or name another place with --out.",
        ) from None
