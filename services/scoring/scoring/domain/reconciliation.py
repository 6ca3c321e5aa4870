"""The ledger's totals beside what the accounts come to: what agrees, what differs, what is missing.

Signs are those of the ledger's usual side: what customers have in deposits, what they owe on
loans, interest paid to them, interest charged to them and fees taken from them are positive.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scoring.domain.line import Line
from scoring.domain.money import half_away
from scoring.domain.tolerance import EXACT, Tolerance


class Measure(StrEnum):
    """What a total of the ledger counts; deposits are whatever is no loan."""

    DEPOSIT_BALANCE = "deposit_balance"
    DEPOSIT_AVERAGE = "deposit_average"
    LOAN_BALANCE = "loan_balance"
    LOAN_AVERAGE = "loan_average"
    INTEREST_PAID = "interest_paid"
    INTEREST_CHARGED = "interest_charged"
    FEE_INCOME = "fee_income"


LOANS = frozenset([Measure.LOAN_BALANCE, Measure.LOAN_AVERAGE])
DEPOSITS = frozenset([Measure.DEPOSIT_BALANCE, Measure.DEPOSIT_AVERAGE])


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTotal:
    """One total of the general ledger; empty line, product or branch: whichever."""

    month: date
    gl_account: str
    name: str
    measure: Measure
    currency: str
    amount_minor: int
    line: str = ""
    product: str = ""
    branch: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Return what tells it from the other totals of its month, in their order."""
        return (
            self.gl_account,
            self.measure.value,
            self.currency,
            self.line,
            self.product,
            self.branch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a product's accounts at a branch come to in a month; signs as customers see them."""

    line: Line
    product: str
    branch: str
    currency: str
    closing: int = 0
    balance_days: int = 0
    interest_paid: int = 0
    interest_charged: int = 0
    fees: int = 0


_FIGURES: Mapping[Measure, Callable[[Cell], int]] = {
    Measure.DEPOSIT_BALANCE: lambda cell: cell.closing,
    Measure.DEPOSIT_AVERAGE: lambda cell: cell.balance_days,
    Measure.LOAN_BALANCE: lambda cell: -cell.closing,
    Measure.LOAN_AVERAGE: lambda cell: -cell.balance_days,
    Measure.INTEREST_PAID: lambda cell: cell.interest_paid,
    Measure.INTEREST_CHARGED: lambda cell: -cell.interest_charged,
    Measure.FEE_INCOME: lambda cell: -cell.fees,
}


def covers(total: LedgerTotal, cell: Cell) -> bool:
    """Tell whether the cell's accounts are among those that the total is of."""
    return (
        total.currency == cell.currency
        and counts(total.measure, cell.line)
        and total.line in {"", cell.line}
        and total.product in {"", cell.product}
        and total.branch in {"", cell.branch}
    )


def counts(measure: Measure, line: Line) -> bool:
    """Tell whether accounts of a line have the measure."""
    if measure in LOANS:
        return line is Line.LOAN
    return measure not in DEPOSITS or line is not Line.LOAN


def figure(measure: Measure, cells: Iterable[Cell], days: int) -> int:
    """Return what cells come to; a mean over the month's days, rounded half away from zero."""
    found = sum(_FIGURES[measure](cell) for cell in cells)
    mean = measure in {Measure.DEPOSIT_AVERAGE, Measure.LOAN_AVERAGE}
    return half_away(found, days) if mean else found


@dataclass(frozen=True, slots=True)
class Compared:
    """A total of the ledger beside what its accounts come to, and how far they may differ."""

    total: LedgerTotal
    computed_minor: int
    tolerance_minor: int = 0

    @property
    def difference_minor(self) -> int:
        """Return the ledger's figure less the computed one."""
        return self.total.amount_minor - self.computed_minor

    @property
    def within(self) -> bool:
        """Tell whether the two differ by no more than the tolerance."""
        return abs(self.difference_minor) <= self.tolerance_minor


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Accounts that no total of a measure counts, though the ledger has the measure."""

    measure: Measure
    cell: Cell
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A month of the ledger against the accounts."""

    compared: Sequence[Compared]
    uncovered: Sequence[Uncovered]


def reconcile(
    totals: Sequence[LedgerTotal],
    cells: Sequence[Cell],
    days: int,
    tolerance: Tolerance = EXACT,
) -> Reconciliation:
    """Compare every total with its accounts, and find accounts that belong to none.

    A measure of which the ledger gives no total is not looked at.
    """
    compared = [
        Compared(
            total,
            figure(total.measure, (cell for cell in cells if covers(total, cell)), days),
            tolerance.of(total.amount_minor),
        )
        for total in sorted(totals, key=lambda one: one.key)
    ]
    measures = sorted({total.measure for total in totals})
    uncovered = [
        Uncovered(measure, cell, amount)
        for measure in measures
        for cell in cells
        if counts(measure, cell.line)
        and (amount := figure(measure, [cell], days))
        and not any(total.measure is measure and covers(total, cell) for total in totals)
    ]
    return Reconciliation(compared, uncovered)
