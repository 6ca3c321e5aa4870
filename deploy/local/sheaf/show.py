"""How the demonstration's answers look in a terminal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.panel import Panel
from rich.table import Table

Fields = Mapping[str, Any]


def money(value: Fields | None) -> str:
    """Write an amount with thousands apart; an amount that is unknown is a dash."""
    return "-" if value is None else f"{Decimal(value['amount']):,.2f}"


def percent(share: float | str | None) -> str:
    """Write a share of one as per cent."""
    return "-" if share is None else f"{float(share):.1%}"


def words(name: str) -> str:
    """Write a GraphQL name as words."""
    return name.replace("_", " ").lower()


def bank(found: Fields, period: str) -> Group:
    """Show the bank's contribution by line of business."""
    institution, whole = found["institution"], found["bankContribution"]
    counts = institution["counts"]
    title = (
        f"[bold]{institution['name']} on {institution['businessDate']}[/]\n"
        f"{counts['customers']:,} customers, {counts['accounts']:,} accounts, "
        f"{counts['loans']:,} loans, {counts['cards']:,} cards"
    )
    table = Table()
    table.add_column(f"contribution, {period}")
    table.add_column(institution["currency"], justify="right")
    for line in (whole or {}).get("lines", ()):
        table.add_row(words(line["line"]), money(line["amount"]))
    table.add_section()
    table.add_row("all", money(whole and whole["total"]), style="bold")
    return Group("", title, table)


def tiers(ladder: Sequence[Fields]) -> Table:
    """Show the tiers from the highest, whom they hold and what those bring over the window."""
    table = _table("Tiers")
    table.add_column("tier")
    for name in ("from", "customers", "of all", "contribution", "of the whole"):
        table.add_column(name, justify="right")
    everyone = sum(step["customers"] for step in ladder) or 1
    for step in reversed(ladder):
        lowest = step is ladder[0]
        table.add_row(
            step["name"],
            "-" if lowest else money(step["atLeast"]),
            f"{step['customers']:,}",
            percent(step["customers"] / everyone),
            money(step["contribution"]),
            percent(step["share"]),
        )
    return table


def concentration(found: Fields) -> Group:
    """Show how much of the whole comes from how few."""
    table = _table("Concentration")
    for name in ("the best", "bring"):
        table.add_column(name, justify="right")
    for point in found["topShares"]:
        table.add_row(percent(point["customers"]), percent(point["share"]))
    few = percent(found["smallestShareFor80"])
    return Group(
        table,
        f"{few} of the customers bring 80% of the contribution; "
        f"{found['lossMaking']:,} of {found['customers']:,} cost more than they bring.",
    )


def best(customers: Sequence[Fields]) -> Table:
    """Show the customers who bring most."""
    table = _table("Who brings most")
    for name in ("number", "name", "branch", "tier"):
        table.add_column(name)
    table.add_column("contribution", justify="right")
    for one in customers:
        who = one["customer"]
        tier = (who["tier"] or {}).get("name", "-")
        table.add_row(
            who["number"],
            who["name"],
            who["branch"]["name"],
            tier,
            money(one["contribution"]),
        )
    return table


def customer(found: Fields, period: str) -> Panel:
    """Show all of one customer on one page."""
    manager, tier, whole = found["manager"], found["tier"], found["contribution"]
    branch, phone = found["branch"]["name"], found["contacts"]["phone"] or "-"
    facts = [
        f"{words(found['kind'])}, customer since {found['since']} at {branch}, phone {phone}",
        f"cared for by {manager['name'] if manager else 'nobody'}",
        f"tier {tier['name']} since {tier['since']}" if tier else "no tier yet",
    ]
    accounts = Table(box=None, pad_edge=False)
    for name in ("account", "product"):
        accounts.add_column(name, overflow="fold")
    for name in ("balance", "daily average", "contribution"):
        accounts.add_column(name, justify="right")
    for one in found["accounts"]:
        brings = one["contribution"] and one["contribution"]["total"]
        amounts = (money(one["balance"]), money(one["averageDailyBalance"]), money(brings))
        accounts.add_row(one["number"], one["product"], *amounts)
    offers = [f"{one['title']} (until {one['expiresOn']})" for one in found["offers"] or ()]
    after = [
        f"contribution, {period}: {money(whole and whole['total'])} = {_sum(whole)}",
        f"to offer at the counter now: {'; '.join(offers) or 'nothing'}",
    ]
    content = Group(*facts, "", accounts, "", *after)
    title = f"Customer {found['number']}  {found['name']}"
    return Panel(content, title=title, title_align="left", expand=False)


def _sum(contribution: Fields | None) -> str:
    """Write a contribution as what its lines add and take away."""
    parts = []
    for line in (contribution or {}).get("lines", ()):
        if amount := Decimal(line["amount"]["amount"]):
            sign = "-" if amount < 0 else "+"
            parts.append(f"{sign} {abs(amount):,.2f} {words(line['line'])}")
    return " ".join(parts).removeprefix("+ ") or "0"


def campaign(found: Fields) -> str:
    """Say in a line whom the campaign reaches."""
    stats = found["stats"] or {}
    return (
        f'{found["name"]} "{found["title"]}", {found["startsOn"]} to {found["endsOn"]}: '
        f"{stats.get('members', 0):,} members, {stats.get('heldOut', 0):,} of them held out for "
        f"comparison, {stats.get('offered', 0):,} reachable by their consents"
    )


def _table(title: str) -> Table:
    return Table(title=f"\n{title}", title_justify="left", title_style="bold")
