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
class Leaf:
    """What one rule gives, with everything needed to compute it again by hand."""

    account: Account
    month: date
    line: Line
    rule: str
    amount_minor: int
    formula: str
    inputs: tuple[Input, ...]
