"""The pricing rules of `domain.rules` as relations of leaves, each rounded once."""

from collections.abc import Callable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.scheme import Scheme
from scoring.engine import acts
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import half_away, minor, month_index

_LOAN = Line.LOAN.value
Entries = Callable[[Scheme], Sequence[Mapping[str, object]]]


def of_months(rows: ir.Table) -> list[ir.Table]:
    """Return the leaves that an account has once a month."""
    return [_margin(rows), _expected_loss(rows), _e_banking(rows), _cost_to_serve(rows)]


def of_entries(accounts: ir.Table, taken: ir.Table, pricing: Pricing) -> list[ir.Table]:
    """Return the leaves of what the scheme's entries took."""
    return [
        _of_entries(accounts, taken, pricing, "fee", _fees),
        _of_entries(accounts, taken, pricing, "unit", _unit_incomes),
        _of_entries(accounts, taken, pricing, "foreign", _internationals),
    ]


def _leaf(
    rows: ir.Table, line: ir.StringValue | Line, rule: ir.StringValue | str, amount: ir.IntegerValue
) -> ir.Table:
    entry = rows.entry if "entry" in rows.columns else ibis.literal("")
    return rows.select(
        "account",
        "customer",
        "month",
        line=ibis.literal(line.value) if isinstance(line, Line) else line,
        rule=ibis.literal(rule) if isinstance(rule, str) else rule,
        entry=entry,
        amount_minor=amount,
    )


def _margin(rows: ir.Table) -> ir.Table:
    """Price what is left and what is owed: owed balance-days are negative, so one formula holds."""
    rows = rows.filter(rows.margin, rows.customer_ppm.notnull(), rows.transfer_ppm.notnull())
    rule = ibis.ifelse(rows.line == _LOAN, "loan_margin", "deposit_margin")
    spread = rows.transfer_ppm - rows.customer_ppm
    amount = half_away(rows.balance_days * spread, rows.basis * MILLION)
    return _leaf(rows, rows.line, rule, amount)


def _expected_loss(rows: ir.Table) -> ir.Table:
    rows = rows.filter(
        rows.margin,
        rows.line == _LOAN,
        rows.grade.notnull(),
        rows.customer_ppm.notnull(),
        rows.transfer_ppm.notnull(),
    )
    owed = ibis.greatest(-rows.balance_days, 0)
    amount = half_away(-owed * rows.loss, rows.basis * MILLION * MILLION)
    return _leaf(rows, Line.LOAN, "expected_loss", amount)


def _e_banking(rows: ir.Table) -> ir.Table:
    rows = rows.filter(rows.priced, rows.away > 0)
    amount = half_away(rows.saved_minor * rows.credit_share_ppm, ibis.literal(MILLION))
    return _leaf(rows, Line.E_BANKING, "e_banking", amount)


def _cost_to_serve(rows: ir.Table) -> ir.Table:
    rows = rows.filter(rows.priced, (rows.served > 0) | rows.open)
    kept = ibis.ifelse(rows.open, rows.account_month_minor, 0)
    return _leaf(rows, Line.COST_TO_SERVE, "cost_to_serve", minor(-kept - rows.cost_minor))


def _fees(scheme: Scheme) -> list[dict[str, object]]:
    return [
        {"line": fee.line, "entry": f"fees.{number}", "rule": "fee", "ppm": fee.share_ppm}
        for number, fee in enumerate(scheme.fees)
    ]


def _unit_incomes(scheme: Scheme) -> list[dict[str, object]]:
    return [
        {
            "line": unit.line,
            "entry": f"unit_income.{number}",
            "rule": "unit_income",
            "per_item_minor": unit.per_item_minor,
            "ppm": unit.ppm_of_amount,
        }
        for number, unit in enumerate(scheme.unit_income)
    ]


def _internationals(scheme: Scheme) -> list[dict[str, object]]:
    return [
        {"line": Line.INTERNATIONAL, "entry": kind, "rule": "international", "ppm": spread}
        for kind, spread in scheme.international_ppm.items()
    ]


def _of_entries(
    accounts: ir.Table, taken: ir.Table, pricing: Pricing, family: str, entries: Entries
) -> ir.Table:
    """Price each entry's items and amount; a fee's amount is the customer's debit."""
    items = (
        taken.filter(taken[family] != acts.NONE)
        .group_by("account", "index", taken=family)
        .aggregate(items=lambda t: t["items"].sum(), amount_minor=lambda t: t.amount_minor.sum())
    )
    held = accounts.select(
        "account", "customer", "currency", opened=month_index(accounts.opened_on)
    )
    rows = items.inner_join(acts.prices(pricing, entries), ["index", "taken"])
    rows = rows.inner_join(
        held, [rows.account == held.account, rows.scheme_currency == held.currency]
    )
    rows = rows.filter(rows.opened <= rows.index)
    amount = -rows.amount_minor if family == "fee" else rows.amount_minor.abs()
    priced = rows["items"] * rows.per_item_minor * MILLION + amount * rows.ppm
    return _leaf(rows, rows.line, rows.rule, half_away(priced, ibis.literal(MILLION)))
