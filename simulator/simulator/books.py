"""The bank's own books: the general ledger's totals, from the movements and the loans' terms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator.catalogue import CODES, PRODUCTS
from simulator.contract import SCHEMAS
from simulator.history import Past
from simulator.holdings import Holdings
from simulator.lending import BY_SCHEDULE
from simulator.manners import MANNERS
from simulator.organisation import CURRENCY, Organisation
from simulator.people import People
from simulator.span import Integers, Month, Span
from simulator.valuation import Sums, half_away, left_on_schedule, on_schedule

FIGURES = ("closing", "balance_days", "interest_paid", "interest_charged", "fee")
"""What is summed up by product, place and month; signs as customers see them."""

POSTED = FIGURES[2:]
LOANS, DEPOSITS, PAID, CHARGED, FEES = "1303", "2011", "6411", "6011", "6021"
"""Accounts of the general ledger; those of balances have one beneath them for each product."""

MISTAKES = pa.schema([
    ("file", pa.string()), ("line", pa.int64()), ("gl_account", pa.string()),
    ("month", pa.date32()), ("measure", pa.string()), ("product_code", pa.string()),
    ("branch_code", pa.string()), ("difference_minor", pa.int64()),
])  # fmt: skip
MISTAKE_MINOR = 1_000_000
"""A wrong total is off by less than this."""


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the general ledger; None for product or branch: whichever."""

    gl_account: str
    name: str
    month: Month
    measure: str
    amount: int
    product: str | None = None
    branch: str | None = None

    def row(self) -> tuple[object, ...]:
        """Return it as the kind `general_ledger` has it."""
        first = self.month.first.astype("datetime64[D]").item()
        return (
            self.gl_account, self.name, first, self.measure, CURRENCY, self.amount, None,
            self.product, self.branch,
        )  # fmt: skip


def kept_by(past: Past, held: Holdings, people: People, bank: Organisation, when: Span) -> pa.Table:
    """Sum up a block's accounts by product, place and month; only what is not nothing."""
    sums = Sums(past.ledger, held, when)
    closing, balance_days = sums.closing(), sums.balance_days(when)
    agreed = past.terms[BY_SCHEDULE]
    closing[agreed.lot.account] = left_on_schedule(agreed, when)
    balance_days[agreed.lot.account] = on_schedule(agreed, when)
    posted = [
        sums.over(past.ledger.amount, np.array([one.kind == kind for one in MANNERS]))
        for kind in POSTED
    ]
    product = np.repeat(
        [CODES.index(lot.product) for lot in held.lots], [len(lot) for lot in held.lots]
    )
    shape = _shape(bank, when)
    cell = product * shape[2] + people.place[held.owner]
    columns: dict[str, Integers] = {}
    for name, figure in zip(FIGURES, (closing, balance_days, *posted), strict=True):
        found = np.zeros((shape[1] * shape[2], shape[3]), dtype=np.int64)
        np.add.at(found, cell, figure)
        columns[name] = found.ravel()
    some = np.flatnonzero(np.any(list(columns.values()), axis=0))
    return pa.table({"cell": some} | {name: column[some] for name, column in columns.items()})


def totals(parts: Iterable[pa.Table], bank: Organisation, when: Span) -> list[Total]:
    """Close the books of every month that has ended."""
    shape = _shape(bank, when)
    whole = np.zeros((shape[0], shape[1] * shape[2] * shape[3]), dtype=np.int64)
    for part in parts:
        for place, name in enumerate(FIGURES):
            whole[place, part["cell"].to_numpy()] += part[name].to_numpy()
    figures = whole.reshape(shape)
    found: list[Total] = []
    for place, month in enumerate(when.months):
        if month.days == month.whole:
            found += _balances(figures[:2, :, :, place], bank, month)
            found += _posted(figures[2:, :, :, place], bank, month)
    return found


def table(found: Iterable[Total]) -> pa.Table:
    """Write the totals as rows of the kind `general_ledger`."""
    schema = SCHEMAS["general_ledger"]
    rows = [one.row() for one in found]
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    return pa.table(
        [pa.array(list(column), one.type) for column, one in zip(columns, schema, strict=True)],
        schema,
    )


def misled(
    ledger: pa.Table, share: float, rng: np.random.Generator, file: str, first_line: int
) -> tuple[pa.Table, pa.Table]:
    """Put `share` of the totals wrong; return the books and what is wrong in them."""
    wanted = int(np.ceil(share * ledger.num_rows))
    rows = np.sort(rng.choice(ledger.num_rows, wanted, replace=False))
    off = rng.integers(1, MISTAKE_MINOR, wanted) * rng.choice((-1, 1), wanted)
    amount = ledger["amount_minor"].to_numpy().copy()
    amount[rows] += off
    place = ledger.schema.get_field_index("amount_minor")
    wrong = ledger.set_column(place, ledger.schema.field(place), pa.array(amount))
    named = ledger.take(pa.array(rows))
    columns = {name: named[name] for name in MISTAKES.names if name in named.schema.names}
    columns |= {
        "file": pa.repeat(pa.scalar(file), wanted),
        "line": pa.array(rows + first_line),
        "difference_minor": pa.array(off),
    }
    return wrong, pa.table([columns[name] for name in MISTAKES.names], MISTAKES)


def _shape(bank: Organisation, when: Span) -> tuple[int, int, int, int]:
    return len(FIGURES), len(CODES), len(bank.serving), len(when.months)


def _balances(figures: Integers, bank: Organisation, month: Month) -> Iterator[Total]:
    """Give the balance at the month's end and the mean of its days, by product and branch."""
    for place, (product, name, line) in enumerate(PRODUCTS):
        word, sign = ("loan", -1) if line == "loan" else ("deposit", 1)
        account = f"{LOANS if line == 'loan' else DEPOSITS}.{place + 1:02}"
        closing = sign * figures[0, place]
        mean = half_away(sign * figures[1, place], month.days)
        for measure, amounts in ((f"{word}_balance", closing), (f"{word}_average", mean)):
            for at in np.flatnonzero(amounts):
                yield Total(
                    account, name, month, measure, int(amounts[at]), product, bank.serving[at].code
                )


def _posted(figures: Integers, bank: Organisation, month: Month) -> Iterator[Total]:
    """Give interest by product, and fees by branch."""
    paid, charged, fees = figures.sum(axis=2)[0], -figures.sum(axis=2)[1], -figures[2].sum(axis=0)
    for account, name, measure, amounts in (
        (PAID, "利息支出", "interest_paid", paid),
        (CHARGED, "利息收入", "interest_charged", charged),
    ):
        for place in np.flatnonzero(amounts):
            yield Total(account, name, month, measure, int(amounts[place]), product=CODES[place])
    for at in np.flatnonzero(fees):
        yield Total(
            FEES, "手续费及佣金收入", month, "fee_income", int(fees[at]),
            branch=bank.serving[at].code,
        )  # fmt: skip
