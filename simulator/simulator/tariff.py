"""The bank's scheme turned into prices by manner, so that a column of movements can be priced."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from simulator.catalogue import GRADES, LINES, scheme
from simulator.manners import MANNERS, Manner
from simulator.span import Flags, Integers

MILLION = 1_000_000
UNSERVED = ("opening_balance", "adjustment")


@dataclass(frozen=True, slots=True)
class Entry:
    """One price: the manners it takes, the line it counts for, and its two parts."""

    takes: Flags
    line: int
    per_item: int
    ppm: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """All prices; `fees` count the negative sum of amounts, the others its size."""

    basis: int
    served: Flags
    cost: Integers
    account_month: int
    fees: tuple[Entry, ...]
    units: tuple[Entry, ...]
    foreign: tuple[Entry, ...]
    saved: Integers
    electronic: Flags
    credit_ppm: int
    loss_ppm: Integers


@lru_cache(maxsize=1)
def tariff() -> Tariff:
    """Read the scheme."""
    document: Any = scheme()
    served = np.array([one.kind not in UNSERVED for one in MANNERS])
    costs = document["cost_to_serve"]
    electronic = document["e_banking"]
    return Tariff(
        int(document["day_count_basis"]),
        served,
        np.array([costs["channels"].get(one.channel, 0) for one in MANNERS]) * served,
        costs["account_month_minor"],
        _entries(document["fees"], served),
        _entries(document["unit_income"], served),
        tuple(
            Entry(
                np.array([one.kind == kind for one in MANNERS]),
                LINES.index("international"),
                0,
                ppm,
            )
            for kind, ppm in document["international"].items()
        ),
        np.array(
            [
                electronic["counter_cost_minor"] - electronic["channels"].get(one.channel, 0)
                for one in MANNERS
            ]
        ),
        np.array([one.channel in electronic["channels"] for one in MANNERS]) & served,
        electronic["credit_share_ppm"],
        np.array(
            [
                loss["pd_ppm"] * loss["lgd_ppm"] // MILLION
                for loss in (document["expected_loss"][grade] for grade in GRADES)
            ]
        ),
    )


def _entries(listed: list[dict[str, Any]], served: Flags) -> tuple[Entry, ...]:
    """Give every manner to the first entry that fits it."""
    free = served.copy()
    found = []
    for one in listed:
        takes = free & np.array([_fits(one, manner) for manner in MANNERS])
        free &= ~takes
        ppm = one.get("share_ppm", one.get("ppm_of_amount", 0))
        found.append(Entry(takes, LINES.index(one["line"]), one.get("per_item_minor", 0), ppm))
    return tuple(found)


def _fits(entry: dict[str, Any], manner: Manner) -> bool:
    return all(
        entry.get(field) in (None, value)
        for field, value in (
            ("kind", manner.kind), ("purpose", manner.purpose), ("channel", manner.channel),
        )
    )  # fmt: skip
