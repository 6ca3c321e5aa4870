"""What a contribution earns on the bank's own money that it binds: of one, of many, by line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from scoring.domain.account import AccountId
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION, half_away

Key = tuple[date, Line]


@dataclass(frozen=True, slots=True)
class Return:
    """Capital bound, in millionths of minor units x days and x years, and what is earned on it.

    Returns add up: those of the months, lines and customers are that of them together.
    """

    days_e6: int = 0
    years_e6: int = 0
    net_minor: int = 0
    economic_minor: int = 0

    def __add__(self, other: "Return") -> "Return":
        return Return(
            self.days_e6 + other.days_e6,
            self.years_e6 + other.years_e6,
            self.net_minor + other.net_minor,
            self.economic_minor + other.economic_minor,
        )

    def capital_minor(self, days: int) -> int | None:
        """Return the capital bound on the mean of `days`, in minor units; None where none is."""
        return half_away(self.days_e6, days * MILLION) if self.days_e6 and days else None

    @property
    def raroc_ppm(self) -> int | None:
        """Return the net contribution a year over the capital it binds, in ppm; None without any.

        A yearly rate whatever the period, to be held against the hurdle: capital counts for the
        part of a year, by the day-count basis, that it is bound. So it passes the hurdle exactly
        where the economic view is more than nothing, but for the rounding of leaves.
        """
        if not self.years_e6:
            return None
        return half_away(self.net_minor * MILLION**2, self.years_e6)


def whole(leaves: Iterable[Leaf]) -> Return:
    """Return what all leaves earn, on the capital that any of them bind."""
    return sum((_of(leaf) for leaf in leaves), Return())


def by_month_and_line(leaves: Iterable[Leaf]) -> dict[Key, Return]:
    """Return what the accounts that bind capital earn on it, by month and the accounts' line.

    A month of an account counts with all that it contributes, or, where it binds none, not at all.
    """
    of_accounts: dict[tuple[date, AccountId], tuple[Line, Return]] = {}
    for leaf in leaves:
        key = leaf.month, leaf.account.id
        _, before = of_accounts.get(key, (leaf.account.line, Return()))
        of_accounts[key] = leaf.account.line, before + _of(leaf)
    found: dict[Key, Return] = {}
    for (month, _), (line, one) in of_accounts.items():
        if one.days_e6:
            found[month, line] = found.get((month, line), Return()) + one
    return found


def by_line(found: Mapping[Key, Return]) -> dict[Line, Return]:
    """Return those of all months together, in the order of lines."""
    sums: dict[Line, Return] = {}
    for line in Line:
        mine = [one for (_, of), one in found.items() if of is line]
        if mine:
            sums[line] = sum(mine, Return())
    return sums


def _of(leaf: Leaf) -> Return:
    used = leaf.capital
    return Return(
        used.days_e6 if used else 0,
        used.years_e6 if used else 0,
        leaf.amount_minor if leaf.line in View.NET.lines else 0,
        leaf.amount_minor if leaf.line in View.ECONOMIC.lines else 0,
    )
