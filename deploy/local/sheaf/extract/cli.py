"""The commands `sheaf import extract` and `sheaf import berka`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sheaf.extract.berka import convert
from sheaf.extract.importer import import_extract
from sheaf.running import running
from sheaf.telling import told

SOME_ROWS_REJECTED = 3

app = typer.Typer(no_args_is_help=True, help="Bring a bank's own data into the running system.")

DataDir = Annotated[
    Path, typer.Option(envvar="SHEAF_DATA_DIR", help="Where the running system keeps its data.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Send every row again; what is known stays unchanged.")
]
RejectsLimit = Annotated[
    int | None,
    typer.Option(min=0, help="Stop once more rows than this were rejected; default: no limit."),
]


@app.command()
@told
def extract(
    path: Annotated[Path, typer.Argument(help="Folder with extract.json and its files.")],
    data_dir: DataDir = Path(".sheaf"),
    *,
    again: Again = False,
    rejects_limit: RejectsLimit = None,
) -> None:
    """Import a bank extract (see docs/bank-extract.md).

    Exit code 0: every row went in; 3: some rows were rejected, the rest went in; 1: it stopped.
    """
    _import(path, data_dir, again=again, rejects_limit=rejects_limit)


@app.command()
@told
def berka(
    path: Annotated[Path, typer.Argument(help="Folder with the .asc files of the Berka bank.")],
    data_dir: DataDir = Path(".sheaf"),
    *,
    again: Again = False,
    rejects_limit: RejectsLimit = None,
) -> None:
    """Convert the PKDD'99 Czech bank to an extract, then import it. Exit codes as for `extract`."""
    with tempfile.TemporaryDirectory(prefix="sheaf-berka-") as folder:
        out = Path(folder) / "berka"
        convert(path, out)
        _import(out, data_dir, again=again, rejects_limit=rejects_limit)


def _import(path: Path, data_dir: Path, *, again: bool, rejects_limit: int | None) -> None:
    console = Console()
    report = import_extract(
        running(data_dir), path, console, again=again, rejects_limit=rejects_limit
    )
    report.show(console)
    if report.rejected:
        raise typer.Exit(SOME_ROWS_REJECTED)
