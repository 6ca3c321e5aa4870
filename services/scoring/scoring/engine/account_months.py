"""Every account in every month: its balance-days, its acts, its rates, and whether it is priced."""

import ibis
import ibis.expr.types as ir

from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.policy import RateKind
from scoring.domain.rules import MARGIN_LINES
from scoring.engine.atoms import SUMMED
from scoring.engine.bank import Bank
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import month_index, wide
from scoring.engine.loans import with_schedule

_WITH_MARGIN = [line.value for line in (*MARGIN_LINES, Line.LOAN)]


def account_months(bank: Bank, atoms: ir.Table, pricing: Pricing) -> ir.Table:
    """Return the months that count for something, from each account's opening on.

    `priced` tells those whose scheme prices the account's currency, `margin` those whose
    balance-days need rates; `customer_ppm` and `transfer_ppm` are null where there is no rate.
    """
    calendar = pricing.calendar()
    held = bank.accounts.left_join(bank.loans, "account").drop("account_right")
    grid = held.cross_join(calendar.select("index", "month", "days", "through"))
    rows = grid.left_join(atoms, ["account", "index"]).drop("account_right", "index_right")
    rows = rows.mutate(
        active=rows.served.notnull(),
        **{name: rows[name].fill_null(0) for name in SUMMED},
    )
    window = ibis.window(group_by="account", order_by="index", preceding=(None, 1))
    rows = rows.mutate(opening=wide(rows.s0.sum().over(window)).fill_null(0))
    rows = with_schedule(rows)
    rows = rows.filter(
        rows.index > pricing.before, month_index(rows.opened_on) <= rows.index
    ).mutate(
        balance_days=wide(rows.opening * rows.through + (rows.through + 1) * rows.s0 - rows.s1),
        open=rows.closed_on.isnull() | (rows.closed_on >= rows.month),
    )
    rows = rows.filter((rows.balance_days != 0) | rows.active | rows.open)
    rows = rows.inner_join(calendar.drop("month", "days", "through"), "index")
    priced = (rows.currency == rows.scheme_currency).fill_null(False)  # noqa: FBT003
    rows = rows.mutate(
        priced=priced,
        margin=priced & (rows.balance_days != 0) & rows.line.isin(_WITH_MARGIN),
        loss=ibis.cases(*((rows.grade == grade.value, rows[f"loss_{grade}"]) for grade in Grade)),
    )
    rates = _rates(bank.rates, calendar)
    return rows.left_join(rates, ["product", "index"]).drop("product_right", "index_right")


def _rates(rates: ir.Table, calendar: ir.Table) -> ir.Table:
    """Return each product's rates by month: the latest that are effective by then."""
    months = calendar.select("index", "month")
    known = rates.join(months, rates.effective_from <= months.month)

    def latest(kind: RateKind) -> ir.IntegerValue:
        return known.rate_ppm.argmax(known.effective_from, where=known.rate_kind == kind.value)

    return known.group_by("product", "index").aggregate(
        customer_ppm=latest(RateKind.CUSTOMER), transfer_ppm=latest(RateKind.TRANSFER)
    )
