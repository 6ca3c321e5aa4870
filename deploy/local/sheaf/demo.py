"""`sheaf demo`: a bank that never existed, loaded, calculated, approached and shown."""

import json
import shutil
import signal
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

import simulator
from sheaf import first_campaign, node, show, start, state
from sheaf.client import Client
from sheaf.extract.importer import import_extract
from sheaf.running import Running, parked, running, settled, token
from sheaf.trouble import Trouble

CUSTOMERS = 10_000
MONTHS = 18
SEED = 7
AS_OF = date(2026, 6, 30)
SETTLE_SECONDS = 600.0
DAY = timedelta(days=1)


def run(data_dir: Path, console: Console, *, port: int | None, once: bool) -> None:
    """Show the system at work, then wait for Ctrl-C unless it is to end at once."""
    bank = made_bank(data_dir / "demo-bank", console)
    mine = not state.load(data_dir).alive()
    if mine:
        data_dir.mkdir(parents=True, exist_ok=True)
        node.ensure(console)
        start.detached(start.Wish(data_dir, port, tied=True), console)
    try:
        system = running(data_dir)
        load(system, bank, console)
        _nothing_parked(system)
        show_all(system, bank, console)
        if not once:
            console.print("Ctrl-C ends it." if mine else "Sheaf goes on running; `sheaf down`.")
            while mine and state.load(data_dir).alive():
                time.sleep(1)
    except KeyboardInterrupt:
        console.print()
    finally:
        if mine:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            start.down(data_dir, console)
            console.print("Sheaf has ended; the next demo reuses its data.")


def made_bank(folder: Path, console: Console) -> Path:
    """Have the demonstration bank's extract; it is made once."""
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(half, ignore_errors=True)
    with console.status(f"Making up a bank of {CUSTOMERS:,} customers"):
        simulator.write_bank(
            half,
            customers=CUSTOMERS,
            months=MONTHS,
            seed=SEED,
            as_of=AS_OF,
            format="parquet",
            processes=2,
        )
    half.rename(folder)
    return folder


def load(system: Running, bank: Path, console: Console) -> None:
    """Import the bank; an import that was done before is looked at again without a word."""
    done = system.data_dir / "demo-loaded"
    report = import_extract(system, bank, Console(quiet=True) if done.exists() else console)
    if not done.exists():
        report.show(console)
    done.touch()


def _nothing_parked(system: Running) -> None:
    """Refuse to show figures that miss something."""
    for consumer, count in parked(system).items():
        raise Trouble(
            f"{consumer} has set aside {count:,} events that it could not take in.",
            f"Its figures would be wrong. See `sheaf logs {consumer}`.",
        )


def show_all(system: Running, bank: Path, console: Console) -> None:
    """Ask the gateway for what a manager wants to see, and print it."""
    code = json.loads((bank / "extract.json").read_text())["institution"]
    developer = Client(system, "developer", "console", code, "demo")
    day = date.fromisoformat(developer.document("business-date")["institution"]["businessDate"])
    months = _year_to(day)
    period = f"{months['from']} to {months['to']}"
    ladder = developer.document("ladder")["tiers"]
    campaign = first_campaign.launched(system, code, day, ladder[min(1, len(ladder) - 1)]["code"])
    settled(system, SETTLE_SECONDS)
    found = developer.document("bank", **months)
    console.print(show.bank(found, period))
    console.print(show.tiers(found["tiers"]))
    console.print(show.concentration(found["concentration"]), soft_wrap=True)
    console.print(show.best(found["topCustomers"]))
    console.print(show.campaign(campaign), soft_wrap=True)
    best = [one["customer"] for one in found["topCustomers"]]
    number = next((who for who in best if who["offers"]), best[0])["number"]
    teller = Client(system, "teller", "counter", code, "demo")
    one = teller.document("customer", number=number, **months)
    console.print(show.customer(one["customerByNumber"], period))
    _invite(system, code, number, months, console)


def _year_to(day: date) -> dict[str, str]:
    """Give the twelve months of which the last is this day's."""
    first = day.replace(year=day.year - 1, day=1) + timedelta(days=31)
    return {"from": f"{first:%Y-%m}", "to": f"{day:%Y-%m}"}


def _invite(
    system: Running, code: str, number: str, months: Mapping[str, Any], console: Console
) -> None:
    """Say where to try GraphQL, with a token that is ready to paste."""
    signed = token(system.data_dir, "developer", "console", code, subject="demo", lifetime=DAY)
    variables = json.dumps({"number": number, **months})
    console.rule("Try it", align="left")
    lines = (
        f"GraphQL   {system.urls['gateway']}/graphql",
        f"Browser   {system.urls['gateway']}/  (a page to type queries in)",
        "Header    (a token of role developer, valid for a day)",
        json.dumps({"Authorization": f"Bearer {signed}"}),
        "Or        .venv/bin/sheaf query gateway/documents/counter/customer360.graphql \\",
        f"            --channel counter --institution {code} --variables '{variables}'",
    )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
