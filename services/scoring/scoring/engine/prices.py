"""What the policy says of every kind of account in every month, as a small relation.

It is worked out by the domain's own functions, so no price is found here a second time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.account import Account
from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.months import days_in, last_day
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.problems import (
    CurrencyNotPriced,
    LoanTermsMissing,
    NotComputable,
    RatesMissing,
    SchemeMissing,
)
from scoring.domain.rules import MARGIN_LINES
from scoring.domain.scheme import Scheme
from scoring.domain.tax import Base, OnLoss
from scoring.domain.transfer_price import Lacks, adjusted, base_price
from scoring.domain.weighing import customer_rate
from scoring.engine.bank import Bank, small
from scoring.engine.calendar_months import NotPricedHereError, Pricing, index_of

ALWAYS, MOVED, BALANCE = 1, 2, 4
"""When a month lacks something: if it counts at all, if it moved, if it has balance-days."""

OF_BALANCE = ("margin", "expected_loss", "balance_cost", "interest_tax", "capital_charge")
"""Rules that give a share of the balance-days."""

_MOST = 2**63 - 1
_COLUMNS = [
    ("kind", pa.int64()),
    ("index", pa.int64()),
    ("month", pa.date32()),
    ("days", pa.int64()),
    ("through", pa.int64()),
    ("may_lack", pa.int64()),
    ("priced", pa.bool_()),
    ("account_month_minor", pa.int64()),
    ("credit_share_ppm", pa.int64()),
    ("interest_entry", pa.string()),
    ("income_ppm", pa.int64()),
    ("loss_gives_back", pa.bool_()),
    *((f"has_{rule}", pa.bool_()) for rule in OF_BALANCE),
    *((f"fee_entry_{line}", pa.int64()) for line in Line),
    *((f"fee_ppm_{line}", pa.int64()) for line in Line),
]
_REASONS = pa.schema(
    [
        ("kind", pa.int64()),
        ("month", pa.date32()),
        ("bit", pa.int64()),
        ("code", pa.string()),
        ("what", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Prices:
    """`rows` for every kind and month; `reasons` say what a kind's month lacks, and when."""

    rows: ir.Table
    reasons: ir.Table


def prices(bank: Bank, kinds: Sequence[Account], pricing: Pricing) -> Prices:
    """Return what is said of each kind of account in each month of the period.

    `lacks` has the bits of when the month lacks something. Of each rule of `OF_BALANCE` there is
    the share of the balance-days that it gives: part, whole, and whether there is any. Nothing is
    null: on the way to Spark such numbers would become floats.
    """
    backend = bank.rates.get_backend()
    policy = _policy(bank, pricing)
    rows: list[dict[str, Any]] = []
    reasons: list[dict[str, Any]] = []
    for number, account in enumerate(kinds):
        for month, scheme in pricing.months:
            said = _said(account, month, scheme, policy)
            bits = 0
            for bit, problem, what in said.lacks:
                bits |= bit
                reason = {"kind": number, "month": month, "bit": bit}
                reasons.append(reason | {"code": problem.code, "what": what})
            of_month = {
                "kind": number,
                "index": index_of(month),
                "month": month,
                "days": days_in(month),
                "through": pricing.through(month),
                "may_lack": bits,
            }
            rows.append(of_month | said.row)
    return Prices(
        small(backend, pa.Table.from_pylist(rows, schema=_schema(rows))),
        small(backend, pa.Table.from_pylist(reasons, schema=_REASONS)),
    )


def _schema(rows: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """Return the columns; the numbers of a share are wide where 64 bits do not hold them all."""
    columns = list(_COLUMNS)
    for rule in OF_BALANCE:
        names = f"{rule}_part", f"{rule}_whole"
        fits = all(abs(row[name]) <= _MOST for row in rows for name in names)
        columns += ((name, pa.int64() if fits else pa.decimal128(38)) for name in names)
    return pa.schema(columns)


def _policy(bank: Bank, pricing: Pricing) -> Policy:
    """Return the bank's policy; a rate that begins inside a month of the period is refused."""
    backend = bank.rates.get_backend()
    rates = [
        Rate(row["product"], RateKind(row["rate_kind"]), row["effective_from"], row["rate_ppm"])
        for row in backend.to_pyarrow(bank.rates).to_pylist()
    ]
    for month, _ in pricing.months:
        if any(month < rate.effective_from <= last_day(month) for rate in rates):
            what = "The engine prices no rates yet that begin inside a month"
            raise NotPricedHereError(f"{what}, as some do in {month:%Y-%m}.")
    return Policy(
        institution="",
        currency="",
        time_zone="",
        business_date=pricing.business_date,
        schemes=pricing.schemes,
        rates=RateBook.of(rates),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """The columns of one kind and month, and what it lacks when."""

    row: dict[str, Any]
    lacks: Sequence[tuple[int, type[NotComputable], str]] = ()


def _said(account: Account, month: date, scheme: Scheme | None, policy: Policy) -> _Said:
    row: dict[str, Any] = {
        "priced": False,
        "account_month_minor": 0,
        "credit_share_ppm": 0,
        "interest_entry": "",
        "income_ppm": 0,
        "loss_gives_back": False,
    }
    for rule in OF_BALANCE:
        row |= {f"{rule}_part": 0, f"{rule}_whole": 1, f"has_{rule}": False}
    for line in Line:
        row |= {f"fee_entry_{line}": -1, f"fee_ppm_{line}": 0}
    if scheme is None:
        return _Said(row, [(ALWAYS, SchemeMissing, "a scheme")])
    if scheme.currency != account.currency:
        what = f"a price in {scheme.currency} of {account.currency}"
        return _Said(row, [(MOVED, CurrencyNotPriced, what)])
    row |= {
        "priced": True,
        "account_month_minor": scheme.cost_to_serve.account_month_minor,
        "credit_share_ppm": scheme.e_banking.credit_share_ppm,
        "income_ppm": scheme.tax.income_ppm,
        "loss_gives_back": scheme.tax.on_loss is OnLoss.CREDIT,
    }
    for line in Line:
        if found := scheme.tax.entry(Base.FEES, line, account.product):
            row |= {f"fee_entry_{line}": found[0], f"fee_ppm_{line}": found[1].ppm}
    if account.line is not Line.LOAN and account.line not in MARGIN_LINES:
        return _Said(row)
    return _of_balance(_Said(row), account, month, scheme, policy)


def _of_balance(
    said: _Said, account: Account, month: date, scheme: Scheme, policy: Policy
) -> _Said:
    customer = customer_rate(account, policy, month)
    transfer = _transfer(account, month, scheme, policy)
    lacks: list[tuple[int, type[NotComputable], str]] = []
    if customer is None:
        lacks.append((BALANCE, RatesMissing, f"customer rate of {account.product}"))
    if isinstance(transfer, Lacks):
        lacks.append((BALANCE, transfer.problem, transfer.what))
    if account.line is Line.LOAN and account.loan is None:
        lacks.append((BALANCE, LoanTermsMissing, "the terms of a loan"))
    if customer is not None and not isinstance(transfer, Lacks):
        basis = scheme.basis(month, account.currency)
        for rule, part in _shares(account, scheme, customer, transfer, basis):
            said.row[f"{rule}_part"] = part.numerator
            said.row[f"{rule}_whole"] = part.denominator
            said.row[f"has_{rule}"] = True
        entry = scheme.tax.entry(Base.INTEREST, account.line, account.product)
        said.row["interest_entry"] = f"tax.turnover.{entry[0]}" if entry else ""
    return replace(said, lacks=lacks)


def _shares(
    account: Account, scheme: Scheme, customer: int, transfer: Fraction | int, basis: int
) -> Iterator[tuple[str, Fraction]]:
    """Tell what share of the balance-days each rule gives that prices them."""
    yield "margin", Fraction(transfer - customer) / (basis * MILLION)
    if account.loan:
        loss = scheme.expected_loss[account.loan.grade]
        yield "expected_loss", Fraction(loss.pd_ppm * loss.lgd_ppm, basis * MILLION**2)
    opex = scheme.cost_to_serve.balance_ppm.get(account.product)
    if opex is not None:
        yield "balance_cost", Fraction(-opex, basis * MILLION)
    entry = scheme.tax.entry(Base.INTEREST, account.line, account.product)
    if entry and account.line is Line.LOAN:
        yield "interest_tax", Fraction(customer * entry[1].ppm, basis * MILLION**2)
    weight, capital = scheme.capital.weights.of(account), scheme.capital
    if weight is not None:
        charged = weight * capital.ratio_ppm * capital.hurdle_ppm
        yield "capital_charge", Fraction(charged, basis * MILLION**3)


def _transfer(
    account: Account, month: date, scheme: Scheme, policy: Policy
) -> Fraction | int | Lacks:
    base = base_price(account, month, policy)
    if isinstance(base, Lacks):
        return base
    ppm = base.ppm if base else policy.rates.find(account.product, RateKind.TRANSFER, month)
    if ppm is None:
        return Lacks(RatesMissing, f"transfer rate of {account.product}")
    return adjusted(ppm, scheme.transfer.of(account.product), account.line)
