"""A whole bank's contribution: all leaves, what is missing, and the sums that can be kept."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from scoring.domain.line import Line
from scoring.domain.problems import (
    CurrencyNotPriced,
    LoanTermsMissing,
    RatesMissing,
    SchemeMissing,
)
from scoring.engine import leaves
from scoring.engine.account_months import account_months
from scoring.engine.atoms import atoms
from scoring.engine.bank import Bank
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import prepare


@dataclass(frozen=True, slots=True)
class Contribution:
    """Expressions over account-months that the backend has worked out and keeps meanwhile.

    leaves: account, customer, month, line, rule, entry ("fees.0", a kind, or ""), amount_minor
    missing: customer, month, code (of the refusal), what
    sums: customer, month, account, line, amount_minor; of each customer's months before the first
      that lacks anything
    """

    leaves: ir.Table
    missing: ir.Table
    sums: ir.Table


def contribution(bank: Bank, pricing: Pricing) -> Contribution:
    """Price every account of the bank in every month of the period, as `domain` does one.

    The account-months are worked out here and now, in the bank's backend, because every rule
    reads them.
    """
    prepare(bank.postings.get_backend())
    found = atoms(bank.postings, pricing)
    rows = account_months(bank, found.moments, pricing).cache()
    taken = found.taken.cache()
    every = ibis.union(*leaves.of_months(rows), *leaves.of_entries(bank.accounts, taken, pricing))
    missing = _missing(rows)
    return Contribution(every, missing, _sums(every, missing))


def _missing(rows: ir.Table) -> ir.Table:
    def lack(where: ir.BooleanValue, code: str, what: ir.StringValue | str) -> ir.Table:
        return rows.filter(where).select("customer", "month", code=ibis.literal(code), what=what)

    unscheduled = rows.scheme_currency.isnull()
    moved = (rows.balance_days != 0) | rows.active
    foreign = ibis.literal("a price in ") + rows.scheme_currency + " of " + rows.currency
    return ibis.union(
        lack(unscheduled, SchemeMissing.code, ibis.literal("a scheme")),
        lack(~unscheduled & ~rows.priced & moved, CurrencyNotPriced.code, foreign),
        lack(
            rows.margin & rows.customer_ppm.isnull(),
            RatesMissing.code,
            ibis.literal("customer rate of ") + rows.product,
        ),
        lack(
            rows.margin & rows.transfer_ppm.isnull(),
            RatesMissing.code,
            ibis.literal("transfer rate of ") + rows.product,
        ),
        lack(
            rows.margin & (rows.line == Line.LOAN.value) & rows.grade.isnull(),
            LoanTermsMissing.code,
            ibis.literal("the terms of a loan"),
        ),
    )


def _sums(every: ir.Table, missing: ir.Table) -> ir.Table:
    fails = missing.group_by("customer").aggregate(fails_from=missing.month.min())
    kept = every.left_join(fails, "customer")
    kept = kept.filter(kept.fails_from.isnull() | (kept.month < kept.fails_from))
    summed = kept.group_by("month", "account", "line").aggregate(
        customer=kept.customer.arbitrary(), amount_minor=kept.amount_minor.sum()
    )
    return summed.select("customer", "month", "account", "line", "amount_minor")
