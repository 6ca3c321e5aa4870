"""What the policy says of every kind of account in every month, as a small relation.

It is worked out by the domain's own functions, so no rule is said here a second time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.money import MILLION
from scoring.domain.months import days_in
from scoring.domain.policy import Rate, RateBook, RateKind
from scoring.domain.problems import (
    CurrencyNotPriced,
    LoanTermsMissing,
    NotComputable,
    RatesMissing,
    SchemeMissing,
)
from scoring.domain.rules import MARGIN_LINES
from scoring.domain.scheme import Scheme, in_force
from scoring.engine.bank import Bank, small
from scoring.engine.calendar_months import Pricing, index_of

NO_SCHEME, NO_PRICE, NO_CUSTOMER_RATE, NO_TRANSFER_RATE, NO_TERMS = (1 << n for n in range(5))
"""What a month may lack, as bits."""

_COLUMNS = pa.schema(
    [
        ("product", pa.string()),
        ("line", pa.string()),
        ("currency", pa.string()),
        ("grade", pa.string()),
        ("index", pa.int64()),
        ("month", pa.date32()),
        ("days", pa.int64()),
        ("through", pa.int64()),
        ("priced", pa.bool_()),
        ("lacks_always", pa.int64()),
        ("lacks_moved", pa.int64()),
        ("lacks_balance", pa.int64()),
        ("earns", pa.bool_()),
        ("risks", pa.bool_()),
        ("spread_ppm", pa.int64()),
        ("year_ppm", pa.int64()),
        ("loss_part", pa.int64()),
        ("loss_whole", pa.int64()),
        ("account_month_minor", pa.int64()),
        ("credit_share_ppm", pa.int64()),
    ]
)
_REASONS = pa.schema(
    [
        ("product", pa.string()),
        ("currency", pa.string()),
        ("month", pa.date32()),
        ("bit", pa.int64()),
        ("code", pa.string()),
        ("what", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Accounts that the policy treats alike; `grade` is "" where there are no loan terms."""

    product: str
    line: str
    currency: str
    grade: str


@dataclass(frozen=True, slots=True)
class Prices:
    """`rows` for every kind and month; `reasons` name the bits: what a product's month lacks."""

    rows: ir.Table
    reasons: ir.Table


def prices(bank: Bank, held: ir.Table, pricing: Pricing) -> Prices:
    """Return what is said of each kind of account among `held` in each month of the period.

    lacks_always: bits of what every month of the kind lacks that counts for something;
    lacks_moved: likewise of those with balance-days or postings, lacks_balance: with balance-days.
    A margin is balance-days x spread_ppm / year_ppm where the kind `earns` one, a loss
    balance-days x loss_part / loss_whole where it `risks` one. Nothing is null: on the way to
    Spark such numbers would become floats.
    """
    backend = held.get_backend()
    kinds = backend.to_pyarrow(held.select("product", "line", "currency", "grade").distinct())
    rates = RateBook.of(
        [
            Rate(row["product"], RateKind(row["rate_kind"]), row["effective_from"], row["rate_ppm"])
            for row in backend.to_pyarrow(bank.rates).to_pylist()
        ]
    )
    rows = [row for one in kinds.to_pylist() for row in _rows(Kind(**one), pricing, rates)]
    reasons = {tuple(reason.items()) for row in rows for reason in _reasons(row, pricing)}
    return Prices(
        small(backend, pa.Table.from_pylist(rows, schema=_COLUMNS)),
        small(
            backend, pa.Table.from_pylist([dict(one) for one in sorted(reasons)], schema=_REASONS)
        ),
    )


def _reasons(row: Mapping[str, Any], pricing: Pricing) -> Iterator[dict[str, object]]:
    lacks = row["lacks_always"] | row["lacks_moved"] | row["lacks_balance"]
    if not lacks:
        return
    product, currency, month = row["product"], row["currency"], row["month"]
    scheme = in_force(pricing.schemes, month)
    told: dict[int, tuple[type[NotComputable], str]] = {
        NO_SCHEME: (SchemeMissing, "a scheme"),
        NO_PRICE: (CurrencyNotPriced, f"a price in {scheme and scheme.currency} of {currency}"),
        NO_CUSTOMER_RATE: (RatesMissing, f"customer rate of {product}"),
        NO_TRANSFER_RATE: (RatesMissing, f"transfer rate of {product}"),
        NO_TERMS: (LoanTermsMissing, "the terms of a loan"),
    }
    for bit, (problem, what) in told.items():
        if lacks & bit:
            key = {"product": product, "currency": currency, "month": month, "bit": bit}
            yield key | {"code": problem.code, "what": what}


def _rows(kind: Kind, pricing: Pricing, rates: RateBook) -> Iterator[dict[str, object]]:
    for month, scheme in pricing.months:
        row: dict[str, object] = {
            "product": kind.product,
            "line": kind.line,
            "currency": kind.currency,
            "grade": kind.grade,
            "index": index_of(month),
            "month": month,
            "days": days_in(month),
            "through": pricing.through(month),
            "priced": False,
            "lacks_always": 0,
            "lacks_moved": 0,
            "lacks_balance": 0,
            "earns": False,
            "risks": False,
            "spread_ppm": 0,
            "year_ppm": 1,
            "loss_part": 0,
            "loss_whole": 1,
            "account_month_minor": 0,
            "credit_share_ppm": 0,
        }
        if scheme is None:
            yield row | {"lacks_always": NO_SCHEME}
        elif scheme.currency != kind.currency:
            yield row | {"lacks_moved": NO_PRICE}
        else:
            yield row | _priced(kind, month, scheme, rates)


def _priced(kind: Kind, month: date, scheme: Scheme, rates: RateBook) -> dict[str, object]:
    row: dict[str, object] = {
        "priced": True,
        "account_month_minor": scheme.cost_to_serve.account_month_minor,
        "credit_share_ppm": scheme.e_banking.credit_share_ppm,
    }
    borrowed = kind.line == Line.LOAN
    if not borrowed and kind.line not in MARGIN_LINES:
        return row
    customer = rates.find(kind.product, RateKind.CUSTOMER, month)
    transfer = rates.find(kind.product, RateKind.TRANSFER, month)
    lacks = NO_CUSTOMER_RATE * (customer is None) | NO_TRANSFER_RATE * (transfer is None)
    row["lacks_balance"] = lacks | NO_TERMS * (borrowed and not kind.grade)
    if customer is None or transfer is None:
        return row
    year_ppm = scheme.basis(month) * MILLION
    row |= {"earns": True, "spread_ppm": transfer - customer, "year_ppm": year_ppm}
    if borrowed and kind.grade:
        loss = scheme.expected_loss[Grade(kind.grade)]
        part, whole = loss.pd_ppm * loss.lgd_ppm, MILLION * MILLION
        common = gcd(part, whole)
        row |= {"risks": True, "loss_part": part // common}
        row["loss_whole"] = whole // common * scheme.basis(month)
    return row
