"""The pricing rules of `domain.rules`, one amount each, null for no leaf, and their sums."""

from collections.abc import Mapping, Sequence
from math import gcd

import ibis
import ibis.expr.types as ir

from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.rules import MARGIN_LINES
from scoring.engine.acts import Entry
from scoring.engine.exact import half_away, minor, wide

_LOAN = Line.LOAN.value
_WITH_MARGIN = (*MARGIN_LINES, Line.LOAN)


def amounts(rows: ir.Table, entries: Sequence[Entry]) -> Mapping[str, ir.IntegerValue]:
    """Return what each rule gives in an account's month, by column; each is rounded once."""
    return {
        "margin": _margin(rows),
        "expected_loss": _expected_loss(rows),
        "e_banking": _e_banking(rows),
        "cost_to_serve": _cost_to_serve(rows),
        **{entry.column: _entry(rows, entry) for entry in entries},
    }


def _margin(rows: ir.Table) -> ir.IntegerValue:
    """Price what is left and what is owed: owed balance-days are negative, so one formula holds."""
    spread = rows.transfer_ppm - rows.customer_ppm
    return ibis.ifelse(
        rows.margin, half_away(rows.balance_days * spread, rows.basis * MILLION), None
    )


def _expected_loss(rows: ir.Table) -> ir.IntegerValue:
    has_rates = rows.transfer_ppm.notnull() & rows.customer_ppm.notnull()
    owed = ibis.greatest(-rows.balance_days, 0)
    amount = half_away(-owed * rows.loss, rows.basis * MILLION * MILLION)
    return ibis.ifelse(rows.margin & (rows.line == _LOAN) & has_rates, amount, None)


def _e_banking(rows: ir.Table) -> ir.IntegerValue:
    amount = half_away(rows.saved_minor * rows.credit_share_ppm, ibis.literal(MILLION))
    return ibis.ifelse(rows.priced & (rows.away > 0), amount, None)


def _cost_to_serve(rows: ir.Table) -> ir.IntegerValue:
    kept = ibis.ifelse(rows.open, rows.account_month_minor, 0)
    amount = minor(wide(-kept - rows.cost_minor))
    return ibis.ifelse(rows.priced & ((rows.served > 0) | rows.open), amount, None)


def _entry(rows: ir.Table, entry: Entry) -> ir.IntegerValue:
    """Price what an entry took; a fee is the customer's debit. The fraction is reduced first."""
    common = gcd(entry.ppm, MILLION)
    took = rows[entry.column]
    worth = (-took if entry.rule == "fee" else took.abs()) * (entry.ppm // common)
    if entry.per_item_minor:
        worth += rows[entry.items] * (entry.per_item_minor * (MILLION // common))
    whole = common == MILLION
    amount = minor(wide(worth)) if whole else half_away(worth, ibis.literal(MILLION // common))
    return ibis.ifelse(rows.priced, amount, None)


def leaves(rows: ir.Table, entries: Sequence[Entry]) -> ir.Table:
    """Return the amounts one by one."""

    def leaf(
        column: str, line: ir.StringValue, rule: ir.StringValue | str, entry: str = ""
    ) -> ir.Table:
        return rows.filter(rows[column].notnull()).select(
            "account",
            "customer",
            "month",
            line=line,
            rule=ibis.literal(rule) if isinstance(rule, str) else rule,
            entry=ibis.literal(entry),
            amount_minor=rows[column],
        )

    return ibis.union(
        leaf("margin", rows.line, ibis.ifelse(rows.line == _LOAN, "loan_margin", "deposit_margin")),
        *(leaf(rule, ibis.literal(line.value), rule) for rule, line in _LINE_OF.items()),
        *(leaf(e.column, ibis.literal(e.line.value), e.rule, e.name) for e in entries),
    )


_LINE_OF = {
    "expected_loss": Line.LOAN,
    "e_banking": Line.E_BANKING,
    "cost_to_serve": Line.COST_TO_SERVE,
}


def sums(rows: ir.Table, entries: Sequence[Entry]) -> ir.Table:
    """Return the amounts of each account's month added up by line."""

    def total(line: Line) -> ir.Table:
        parts = [rows[rule] for rule, its in _LINE_OF.items() if its is line]
        parts += [rows[entry.column] for entry in entries if entry.line is line]
        if line in _WITH_MARGIN:
            parts.append(ibis.ifelse(rows.line == line.value, rows.margin, None))
        if not parts:
            parts = [ibis.null("int64")]
        amount = sum((wide(part.fill_null(0)) for part in parts[1:]), wide(parts[0].fill_null(0)))
        return rows.filter(ibis.or_(*(part.notnull() for part in parts))).select(
            "customer",
            "month",
            "account",
            line=ibis.literal(line.value),
            amount_minor=minor(wide(amount)),
        )

    return ibis.union(*(total(line) for line in Line))
