"""The leaf of every explanation: one rule on one account in one month, rounded once."""

from dataclasses import dataclass
from datetime import date

from scoring.domain.account import Account
from scoring.domain.line import Line


@dataclass(frozen=True, slots=True)
class Input:
    """One number that went into a formula."""

    name: str
    value: int | str
    unit: str


@dataclass(frozen=True, slots=True)
class CapitalUse:
    """Economic capital that an exposure binds: minor units x days, and x years of a basis.

    The first gives the capital that is bound on average, the second what it must earn a year. Both
    in millionths, rounded once, half away from zero: so those of many add up.
    """

    days_e6: int
    years_e6: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one rule gives, with everything needed to compute it again by hand."""

    account: Account
    month: date
    line: Line
    rule: str
    amount_minor: int
    formula: str
    inputs: tuple[Input, ...]
    capital: CapitalUse | None = None
