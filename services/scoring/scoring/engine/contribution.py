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
from scoring.engine import acts, leaves
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
    entries = acts.entries(pricing)
    rows = account_months(bank, atoms(bank.postings, pricing, entries), pricing)
    amounts = leaves.amounts(rows, entries)
    lacking = _lacking(rows)
    kept = rows.select("account", "customer", "month", "line", **amounts, **lacking).cache()
    missing = _missing(kept)
    fails = missing.group_by("customer").aggregate(fails_from=missing.month.min())
    whole = kept.left_join(fails, "customer")
    whole = whole.filter(whole.fails_from.isnull() | (whole.month < whole.fails_from))
    return Contribution(leaves.leaves(kept, entries), missing, leaves.sums(whole, entries))


def _lacking(rows: ir.Table) -> dict[str, ir.StringValue]:
    """Return what an account's month lacks by the code of the refusal, null for nothing."""
    unscheduled = rows.scheme_currency.isnull()
    moved = (rows.balance_days != 0) | rows.active
    price = ibis.literal("a price in ") + rows.scheme_currency + " of " + rows.currency
    customer = ibis.literal("customer rate of ") + rows.product
    transfer = ibis.literal("transfer rate of ") + rows.product
    loan = rows.margin & (rows.line == Line.LOAN.value)

    def lack(where: ir.BooleanValue, what: ir.StringValue) -> ir.StringValue:
        return ibis.ifelse(where, what, None)

    return {
        "lacks_scheme": lack(unscheduled, ibis.literal("a scheme")),
        "lacks_currency": lack(~unscheduled & ~rows.priced & moved, price),
        "lacks_customer": lack(rows.margin & rows.customer_ppm.isnull(), customer),
        "lacks_transfer": lack(rows.margin & rows.transfer_ppm.isnull(), transfer),
        "lacks_terms": lack(loan & rows.grade.isnull(), ibis.literal("the terms of a loan")),
    }


_CODE_OF = {
    "lacks_scheme": SchemeMissing.code,
    "lacks_currency": CurrencyNotPriced.code,
    "lacks_customer": RatesMissing.code,
    "lacks_transfer": RatesMissing.code,
    "lacks_terms": LoanTermsMissing.code,
}


def _missing(kept: ir.Table) -> ir.Table:
    return ibis.union(
        *(
            kept.filter(kept[name].notnull()).select(
                "customer", "month", code=ibis.literal(code), what=kept[name]
            )
            for name, code in _CODE_OF.items()
        )
    )
