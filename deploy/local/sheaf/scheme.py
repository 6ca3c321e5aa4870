"""`sheaf scheme`: check, draft, simulate and approve schemes; print as CSV what a run found."""

import csv
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console

from sheaf import institutions
from sheaf.client import Client
from sheaf.running import running
from sheaf.telling import told
from sheaf.trouble import Trouble

app = typer.Typer(no_args_is_help=True, help="Contribution schemes, from draft to force.")
console = Console()
LOOK_AGAIN_SECONDS = 0.5
COLUMNS = (
    "customer", "branch", "manager", "gross_before", "gross_after", "gross_change", "net_change",
    "economic_change", "tier_before", "tier_after", "movement", "pay_before", "pay_after",
    "failure_before", "failure_after", "why",
)  # fmt: skip

DataDir = Annotated[
    Path,
    typer.Option(envvar="SHEAF_DATA_DIR", help="Where the system keeps its data, keys and logs."),
]
Institution = Annotated[
    str | None,
    typer.Option(help="Code of the caller's institution; by default the only one loaded."),
]
File = Annotated[Path, typer.Argument(help="The scheme, YAML or JSON.")]
Version = Annotated[int, typer.Argument(help="The scheme's version.")]
Revision = Annotated[int, typer.Option(help="The revision that is meant.")]
As = Annotated[str, typer.Option("--as", help="Staff number of the caller.")]


@app.command()
@told
def schema() -> None:
    """Print the JSON Schema of a scheme's document."""
    sys.stdout.write(_scoring("scheme-schema").stdout)


@app.command()
@told
def check(file: File) -> None:
    """Say everything that is wrong with a scheme; exit code 1 when anything is."""
    done = _scoring("check-scheme", str(file))
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    raise typer.Exit(done.returncode)


def _scoring(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own service, as a process
        [sys.executable, "-m", "scoring", *arguments], capture_output=True, text=True, check=False
    )


@app.command()
@told
def draft(
    file: File,
    by: As = "finance",
    institution: Institution = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Write down a scheme as a draft; it prices nothing yet."""
    try:
        content = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Trouble(f"{file} cannot be read as UTF-8 text.") from None
    client = _client(data_dir, institution, "finance", by)
    said = _done(client.document("scheme-draft", content=content, key=str(uuid4()))["draftScheme"])
    console.print(
        f"Version {said['version']} is a draft, revision {said['revision']}, "
        f"for {said['effectiveFrom']} on.",
        highlight=False,
    )


@app.command()
@told
def simulate(  # noqa: PLR0913, PLR0917 - a command's options
    version: Version,
    revision: Revision = 1,
    first: Annotated[str | None, typer.Option("--from", help="First month, as 2026-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month.")] = None,
    by: As = "finance",
    institution: Institution = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Price everyone under a draft beside what is in force, and wait until that is done."""
    client = _client(data_dir, institution, "finance", by)
    asked = {"version": version, "revision": revision, "from": first, "to": last}
    said = client.document("scheme-simulate", **asked, key=str(uuid4()))["simulateScheme"]
    run = _done(said)
    with console.status("Simulating") as status:
        while (page := _page(client, run["id"], None))["state"] in {"QUEUED", "RUNNING"}:
            doing = "Ranking" if page["phase"] == "RANKING" else "Simulating"
            status.update(f"{doing}: {page['done']:,} of {page['total']:,} customers")
            time.sleep(LOOK_AGAIN_SECONDS)
    if page["state"] == "FAILED":
        raise Trouble(f"Run {run['id']} failed: {page['failure']}; trace {page['traceId']}.")
    console.print(f"Run {run['id']}: {page['state'].lower()}.", highlight=False, soft_wrap=True)
    console.print(f"`sheaf scheme shadow {run['id']}` prints who would change.", soft_wrap=True)


@app.command()
@told
def shadow(
    run: Annotated[str, typer.Argument(help="The run's id.")],
    by: As = "finance",
    institution: Institution = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Print who would change as CSV, the largest change first."""
    client = _client(data_dir, institution, "finance", by)
    out = csv.writer(sys.stdout)
    out.writerow(COLUMNS)
    for one in _customers(client, run):
        out.writerow(row_of(one))


@app.command()
@told
def approve(
    version: Version,
    revision: Revision = 1,
    by: As = "approver",
    institution: Institution = None,
    data_dir: DataDir = Path(".sheaf"),
) -> None:
    """Agree to a simulated draft that others wrote; it prices its months from now on."""
    client = _client(data_dir, institution, "approver", by)
    answer = client.document("scheme-approve", version=version, revision=revision, key=str(uuid4()))
    said = _done(answer["approveScheme"])
    console.print(
        f"Version {said['version']} is {said['state'].lower().replace('_', ' ')} "
        f"from {said['effectiveFrom']} on, approved by {said['approver']}.",
        highlight=False,
    )


def _client(data_dir: Path, institution: str | None, role: str, by: str) -> Client:
    system = running(data_dir)
    return Client(system, role, "console", institution or institutions.only(data_dir), by)


def _done(said: Mapping[str, Any]) -> Mapping[str, Any]:
    if "code" in said:
        found = [f"{one['path']}: {one['reason']}" for one in said.get("findings") or ()]
        raise Trouble(f"{said['code']}: {said['message']}", "\n".join(found[1:]))
    return said


def _page(client: Client, run: str, after: str | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = client.document("shadow-page", id=run, after=after)[
        "shadowRun"
    ]
    if found is None:
        raise Trouble(f"There is no run {run}.", "`schemes` lists the last runs of each version.")
    return found


def _customers(client: Client, run: str) -> Iterator[Mapping[str, Any]]:
    after = None
    while True:
        page = _page(client, run, after)["customers"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def row_of(one: Mapping[str, Any]) -> list[object]:
    """Return the CSV line of a customer that would change."""

    def amount(value: Mapping[str, Any] | None) -> str:
        return value["amount"] if value else ""

    why = [
        f"{rule['line']} {rule['rule']} {rule['entry']} {rule['amount']['change']['amount']} "
        + ", ".join(f"{i['name']} {i['before']} -> {i['after']}" for i in rule["inputs"])
        for rule in one["rules"]
    ]
    gross = one["gross"]
    return [
        one["customer"]["number"] if one["customer"] else "",
        one["branch"],
        one["manager"],
        *(amount(gross[name]) for name in ("before", "after", "change")),
        amount(one["net"]["change"]),
        amount(one["economic"]["change"]),
        *((one[name] or {}).get("code", "") for name in ("tierBefore", "tierAfter")),
        one["movement"],
        amount(one["pay"]["before"]),
        amount(one["pay"]["after"]),
        one["failureBefore"],
        one["failureAfter"],
        "; ".join(" ".join(part.split()) for part in why),
    ]
