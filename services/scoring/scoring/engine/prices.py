"""What the policy says of every kind of account in every month, as small relations.

It is worked out by the domain's own functions, so no price is found here a second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.account import Account
from scoring.domain.exchange import FxBook, FxRate, conversion
from scoring.domain.line import Line
from scoring.domain.months import days_in
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.engine.bank import Bank, small
from scoring.engine.calendar_months import Pricing, index_of
from scoring.engine.said import OF_BALANCE, Exchange, Said, said

_MOST = 2**63 - 1
_KEYS = ("kind", "index", "month")
_NUMBERS, _WIDE = pa.int64(), pa.decimal128(38)
_OF_SHARES = [(f"has_{rule}", pa.bool_()) for rule in OF_BALANCE]
_COLUMNS = [
    ("kind", _NUMBERS),
    ("index", _NUMBERS),
    ("month", pa.date32()),
    ("days", _NUMBERS),
    ("through", _NUMBERS),
    ("may_lack", _NUMBERS),
    ("priced", pa.bool_()),
    ("by_day", pa.bool_()),
    ("account_month_minor", _NUMBERS),
    ("credit_share_ppm", _NUMBERS),
    ("interest_entry", pa.string()),
    ("income_ppm", _NUMBERS),
    ("loss_gives_back", pa.bool_()),
    *_OF_SHARES,
    *((f"fee_entry_{line}", _NUMBERS) for line in Line),
    *((f"fee_ppm_{line}", _NUMBERS) for line in Line),
]
_REASONS = [
    ("kind", _NUMBERS),
    ("month", pa.date32()),
    ("bit", _NUMBERS),
    ("code", pa.string()),
    ("what", pa.string()),
]
_DATED = [
    ("kind", _NUMBERS),
    ("index", _NUMBERS),
    ("exchange", _NUMBERS),
    ("fx_whole", _NUMBERS),
    *_OF_SHARES,
    *((f"{rule}_{half}", _WIDE) for rule in OF_BALANCE for half in ("part", "whole")),
]
_RUNS = [
    *((name, _NUMBERS) for name in ("kind", "index", "from_day", "to_day", "run_lacks", "fx_part")),
    ("margin_part", _WIDE),
    ("interest_part", _WIDE),
]
_FX = [(name, _NUMBERS) for name in ("exchange", "day", "fx_part")]


@dataclass(frozen=True, slots=True)
class ByDay:
    """What is said of the kinds' months that are priced by day.

    months: kind, index, exchange (a number, below 0 for own money), fx_whole, and the shares
    runs: kind, index, from_day, to_day, run_lacks, and what each day's balance is weighed with:
      fx_part, margin_part and interest_part
    fx: exchange, day, fx_part: what a minor unit of a day is worth, in parts of fx_whole; None
      where no kind's money is foreign
    """

    months: ir.Table
    runs: ir.Table
    fx: ir.Table | None


@dataclass(frozen=True, slots=True)
class Prices:
    """`rows` for every kind and month; `reasons` say what a kind's month lacks, and when.

    What is the same in all rows is not in them but `everywhere`.
    """

    rows: ir.Table
    everywhere: Mapping[str, ir.Scalar]
    reasons: ir.Table
    by_day: ByDay | None


@dataclass(slots=True)
class _Found:
    """Rows of the relations, as they are found."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    dated: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    money: dict[tuple[str, str, date], Exchange] = field(default_factory=dict)

    def exchange(self, currency: str, policy: Policy, month: date, through: int) -> Exchange:
        """Return what a month's money of the currency is worth in the scheme's."""
        scheme = policy.scheme(month)
        if scheme is None or currency == scheme.currency:
            return Exchange()
        key = currency, scheme.currency, month
        if key not in self.money:
            turn = conversion(policy.fx, *key, through)
            self.money[key] = Exchange.of(turn, len(self.money))
        return self.money[key]

    def add(self, kind: int, month: date, through: int, told: Said) -> None:
        """Take down what is said of a kind's month."""
        of_month = {"kind": kind, "index": index_of(month)}
        may_lack = 0
        for bit, problem, what in told.lacks:
            may_lack |= bit
            reason = {"kind": kind, "month": month, "bit": bit}
            self.reasons.append(reason | {"code": problem.code, "what": what})
        row = {"month": month, "days": days_in(month), "through": through}
        row["may_lack"] = 0 if told.dated else may_lack
        self.rows.append(of_month | row | told.row)
        if told.dated:
            self.dated.append(of_month | told.dated)
            self.runs += (of_month | run for run in told.runs)


def prices(bank: Bank, kinds: Sequence[Account], pricing: Pricing) -> Prices:
    """Return what is said of each kind of account in each month of the period.

    `may_lack` has the bits of what the month may lack. Of each rule of `OF_BALANCE` there is
    the share of the balance-days that it gives: part, whole, and whether there is any. Nothing is
    null: on the way to Spark such numbers would become floats.
    """
    backend = bank.rates.get_backend()
    policy = _policy(bank, pricing)
    found = _Found()
    for number, account in enumerate(kinds):
        for month, _ in pricing.months:
            through = pricing.through(month)
            money = found.exchange(account.currency, policy, month, through)
            found.add(number, month, through, said(account, month, policy, money, through))

    def relation(
        columns: Iterable[tuple[str, pa.DataType]], rows: list[dict[str, Any]]
    ) -> ir.Table:
        return small(backend, pa.Table.from_pylist(rows, schema=pa.schema(columns)))

    worth = [
        {"exchange": money.number, "day": day, "fx_part": part}
        for money in found.money.values()
        for day, part in enumerate(money.parts, 1)
        if part is not None
    ]
    by_day = ByDay(
        relation(_DATED, found.dated),
        relation(_RUNS, found.runs),
        relation(_FX, worth) if found.money else None,
    )
    columns = [*_COLUMNS, *_shares(found.rows)]
    everywhere = {
        name: ibis.literal(found.rows[0][name], type=kind)
        for name, kind in ibis.Schema.from_pyarrow(pa.schema(columns)).items()
        if name not in _KEYS and len({row[name] for row in found.rows}) == 1
    }
    varying = [(name, kind) for name, kind in columns if name not in everywhere]
    return Prices(
        relation(varying, found.rows),
        everywhere,
        relation(_REASONS, found.reasons),
        by_day if found.dated else None,
    )


def _shares(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, pa.DataType]]:
    """Return the columns of shares, wide where 64 bits do not hold them all."""
    columns: list[tuple[str, pa.DataType]] = []
    for rule in OF_BALANCE:
        names = f"{rule}_part", f"{rule}_whole"
        fits = all(abs(row[name]) <= _MOST for row in rows for name in names)
        columns += ((name, _NUMBERS if fits else _WIDE) for name in names)
    return columns


def _policy(bank: Bank, pricing: Pricing) -> Policy:
    """Return the bank's policy."""
    backend = bank.rates.get_backend()

    def rows(relation: ir.Table | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if relation is not None:
            found = backend.to_pyarrow(relation).to_pylist()
        return found

    rates = [
        Rate(row["product"], RateKind(row["rate_kind"]), row["effective_from"], row["rate_ppm"])
        for row in rows(bank.rates)
    ]
    exchange = [FxRate(row["currency"], row["day"], row["rate_e8"]) for row in rows(bank.fx_rates)]
    return Policy(
        institution="",
        currency="",
        time_zone="",
        business_date=pricing.business_date,
        schemes=pricing.schemes,
        rates=RateBook.of(rates),
        fx=FxBook.of(exchange),
    )
