"""The `sheaf` command: the whole system on one machine, started, asked and looked at."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console

from sheaf import institutions, node, report, scheme, simulate, start, state
from sheaf import logs as log_files
from sheaf.client import Client
from sheaf.extract.cli import app as import_app
from sheaf.running import running, settled
from sheaf.running import token as signed_token
from sheaf.system import System, make_keys, rotate_keys, verify_audit
from sheaf.telling import told
from sheaf.trouble import Trouble

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Sheaf on one machine: PostgreSQL, three services and a gateway, nothing to set up.",
)
app.add_typer(import_app, name="import")
app.add_typer(scheme.app, name="scheme")
console = Console()
FEED_READER = "service"  # reads every institution's events, and nothing else

DataDir = Annotated[
    Path,
    typer.Option(envvar="SHEAF_DATA_DIR", help="Where the system keeps its data, keys and logs."),
]
Institution = Annotated[
    str | None,
    typer.Option(help="Code of the caller's institution; by default the only one loaded."),
]
Role = Annotated[str, typer.Option(help="Role of the caller, such as teller or developer.")]
Staff = Annotated[str | None, typer.Option(help="Staff number, for an own book.")]
Branches = Annotated[list[str] | None, typer.Option(help="Code of a branch; repeatable.")]
Customer = Annotated[str | None, typer.Option(help="Customer number, for who banks.")]
Channel = Annotated[str, typer.Option(help="Where the caller sits: counter, phone, online, ...")]


@app.command()
@told
def up(
    data_dir: DataDir = Path(".sheaf"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the gateway.")] = None,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return once all is ready.")] = False,
) -> None:
    """Start the system; Ctrl-C ends it, unless it was detached."""
    known = state.load(data_dir)
    if known.alive():
        console.print(f"Sheaf already runs: {_address(known)}", highlight=False, soft_wrap=True)
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    found = node.ensure(console)
    if detach:
        known = start.detached(start.Wish(data_dir.resolve(), port), console)
        console.print(f"Sheaf runs: {_address(known)}", highlight=False, soft_wrap=True)
        console.print("`sheaf status` shows it, `sheaf down` ends it.", highlight=False)
        return

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"Sheaf starts in {data_dir.resolve()}")
    System(data_dir.resolve(), port).run(found.node, say)
    console.print("Sheaf has ended.")


@app.command()
@told
def down(data_dir: DataDir = Path(".sheaf")) -> None:
    """End the system that runs in the data directory; its data stay."""
    ended = start.down(data_dir, console)
    console.print("Sheaf has ended." if ended else f"Nothing runs in {data_dir}.")


@app.command()
@told
def status(
    data_dir: DataDir = Path(".sheaf"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show processes, event feeds, pending work and the databases' size."""
    found = report.look(data_dir)
    if as_json:
        _print_json(found.as_json())
    else:
        found.show(console)


@app.command()
@told
def demo(
    data_dir: DataDir = Path(".sheaf"),
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the gateway.")] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="End when all is shown.")] = False,
) -> None:
    """Show the system at work on a bank that never existed; Ctrl-C ends it."""
    from sheaf import demo as demonstration  # noqa: PLC0415  (a second others need not spend)

    demonstration.run(data_dir.resolve(), console, port=port, once=once)


app.command()(told(simulate.simulate))


@app.command()
@told
def recompute(
    institution: Institution = None,
    data_dir: DataDir = Path(".sheaf"),
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the end.")] = 3600,
) -> None:
    """Calculate every customer's contribution again, and wait until that is done."""
    system = running(data_dir)
    code = institution or institutions.only(data_dir)
    client = Client(system, "ops", "console", code, "sheaf")
    client.document("recompute", key=str(uuid4()))
    with console.status("Calculating"):
        settled(system, timeout)
    console.print("All contributions are calculated and every event is taken in.")


@app.command()
@told
def contribution(
    folder: Annotated[Path, typer.Argument(help="A bank extract's folder, of Parquet files.")],
    first: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    last: Annotated[str, typer.Option("--to", help="Last month, YYYY-MM.")],
    engine: Annotated[str, typer.Option(help="duckdb, or spark where it is installed.")] = "duckdb",
    out: Annotated[Path | None, typer.Option(help="Where to write the sums, as Parquet.")] = None,
) -> None:
    """Price a whole bank from its extract; nothing has to run for it."""
    asked = ["price", str(folder), "--from", first, "--to", last, "--engine", engine]
    asked += ["--out", str(out)] if out else []
    done = subprocess.run([sys.executable, "-m", "scoring", *asked], check=False)  # noqa: S603 - our own service, as a process
    raise typer.Exit(done.returncode)


@app.command()
@told
def token(  # noqa: PLR0913, PLR0917 - a command has as many options as there are claims
    role: Role,
    channel: Channel,
    institution: Institution = None,
    subject: Annotated[str | None, typer.Option(help="The user; else the role's name.")] = None,
    staff: Staff = None,
    branch: Branches = None,
    customer: Customer = None,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 1,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Print a development token for the header `Authorization: Bearer ...`.

    It is for the gateway; a `loader` or `service` gets a credential for the services instead.
    """
    signed = signed_token(
        data_dir,
        role,
        channel,
        "" if role == FEED_READER else institution or institutions.only(data_dir),
        subject=subject,
        lifetime=timedelta(hours=hours),
        branches=branch or (),
        staff_number=staff,
        customer_number=customer,
    )
    sys.stdout.write(f"{signed}\n")


audit_app = typer.Typer(no_args_is_help=True, help="Look after the record of who did what.")
app.add_typer(audit_app, name="audit")


@audit_app.callback()
def audit() -> None:
    """Look after the record of who did what."""


@audit_app.command()
@told
def verify(
    institution: Annotated[
        str | None, typer.Option(help="Code of the only institution to verify; else every one.")
    ] = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Find entries that were altered, deleted, reordered or cut off; exit code 1 for any.

    Exit code 3 where there is no chain to verify.
    """
    raise typer.Exit(verify_audit(data_dir, institution))


keys_app = typer.Typer(help="Make or replace the system's keys; without a verb, make them.")
app.add_typer(keys_app, name="keys")


@keys_app.callback(invoke_without_command=True)
@told
def keys(context: typer.Context, data_dir: DataDir = Path(".sheaf")) -> None:
    """Make the development keys, the master key and the services' feed tokens; start nothing."""
    if context.invoked_subcommand is None:
        make_keys(data_dir)
        console.print(f"Keys and tokens are in {data_dir / 'secrets'}.", highlight=False)


@keys_app.command()
@told
def rotate(data_dir: DataDir = Path(".sheaf")) -> None:
    """Replace the master key and every institution's key while the system runs."""
    raise typer.Exit(rotate_keys(data_dir))


@app.command()
@told
def query(  # noqa: PLR0913, PLR0917 - a command has as many options as there are claims
    file: Annotated[Path, typer.Argument(help="A GraphQL document, or - to read it.")] = Path("-"),
    variables: Annotated[str, typer.Option(help="Variables as JSON.")] = "{}",
    channel: Channel = "console",
    role: Role = "developer",
    institution: Institution = None,
    staff: Staff = None,
    branch: Branches = None,
    customer: Customer = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Ask the gateway and print its JSON; exit code 1 when it has errors and no data."""
    document, values = _document(file), _json(variables)
    system = running(data_dir)
    code = institution or institutions.only(data_dir)
    caller = Client(system, role, channel, code, None, branch or (), staff, customer)
    answer = caller.ask(document, values)
    _print_json(answer.body)
    if answer.errors and not answer.data:
        raise typer.Exit(1)


@app.command()
@told
def logs(
    name: Annotated[str | None, typer.Argument(help="One process; without it, all.")] = None,
    data_dir: DataDir = Path(".sheaf"),
    lines: Annotated[int, typer.Option(help="How many last lines to show.")] = 20,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show what the processes said."""
    if not (data_dir / "logs").is_dir():
        raise Trouble(f"There are no logs in {data_dir}.", "`sheaf up` writes them.")
    paths = [log_files.path_of(data_dir, one) for one in log_files.names(data_dir, name)]

    def say(path: Path, line: str) -> None:
        sys.stdout.write(f"{line}\n" if name else f"{path.stem:<10} {line}\n")
        sys.stdout.flush()

    for path in paths:
        for line in log_files.tail(path, lines):
            say(path, line)
    if follow:
        log_files.follow(paths, say, lambda: True)


def _address(known: state.State) -> str:
    gateway = f"http://127.0.0.1:{known.ports['gateway']}"
    return f"GraphQL is at {gateway}/graphql, a page to try it at {gateway}/"


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _document(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode()
    except OSError as unreadable:
        raise Trouble(f"{file} cannot be read: {unreadable.strerror}.") from None
    except UnicodeDecodeError:
        raise Trouble(f"{file} is no GraphQL document: it is not UTF-8 text.") from None


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise Trouble(f"--variables is not JSON: {wrong}.") from None
    if not isinstance(value, dict):
        raise Trouble("--variables must be a JSON object.")
    return value
