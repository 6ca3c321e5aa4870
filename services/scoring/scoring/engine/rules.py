"""What each pricing rule of `domain` gives in an account's month; null is no leaf."""

import operator
from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from math import gcd

import ibis
import ibis.expr.types as ir

from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.rules import MARGIN_LINES
from scoring.engine.acts import Entry
from scoring.engine.exact import fine_share, share

WITH_MARGIN = (*MARGIN_LINES, Line.LOAN)


def amounts(
    rows: ir.Table, entries: Sequence[Entry], wanted: Collection[str]
) -> Mapping[str, ir.IntegerValue]:
    """Return what each `wanted` rule gives by column, but the taxes that need others' amounts."""
    days = rows.balance_days
    owed, some = ibis.least(days, 0), days != 0
    # owed balance-days are negative, so one margin holds for what is left and what is owed
    of_balance = {
        "margin": (days, some),
        "expected_loss": (owed, some),
        "balance_cost": (days.abs(), some),
        "interest_tax": (days, some),
        "capital_charge": (owed, days < 0),
    }
    return {
        **{
            rule: _share(rows, rule, *weighed)
            for rule, weighed in of_balance.items()
            if rule in wanted
        },
        "e_banking": _e_banking(rows),
        "cost_to_serve": _cost_to_serve(rows),
        **{entry.column: _entry(rows, entry) for entry in entries},
    }


def _share(
    rows: ir.Table, rule: str, days: ir.IntegerValue, when: ir.BooleanValue
) -> ir.IntegerValue:
    part, whole = rows[f"{rule}_part"], rows[f"{rule}_whole"]
    exact = fine_share if part.type().is_decimal() else share
    amount = ibis.ifelse(rows[f"has_{rule}"] & when, exact(days, part, whole), None)
    return _dated(rows, rule, amount)


def _dated(rows: ir.Table, column: str, amount: ir.IntegerValue) -> ir.IntegerValue:
    """Let what was found by day go before what is found from the whole month."""
    dated = f"dated_{column}"
    return ibis.coalesce(rows[dated], amount) if dated in rows.columns else amount


def _e_banking(rows: ir.Table) -> ir.IntegerValue:
    amount = share(rows.saved_minor, rows.credit_share_ppm, MILLION)
    return ibis.ifelse(rows.priced & (rows.away > 0), amount, None)


def _cost_to_serve(rows: ir.Table) -> ir.IntegerValue:
    kept = ibis.ifelse(rows.open, rows.account_month_minor, 0)
    amount = -kept - rows.cost_minor.fill_null(0)
    return ibis.ifelse(rows.priced & (rows.open | (rows.served > 0)), amount, None)


def _entry(rows: ir.Table, entry: Entry) -> ir.IntegerValue:
    """Price what an entry took; a fee is the customer's debit. The fraction is reduced first."""
    if not entry.ppm:
        amount = rows[entry.items] * entry.per_item_minor
        return ibis.ifelse(rows.priced & (rows[entry.items] > 0), amount, None)
    common = gcd(entry.ppm, MILLION)
    took = rows[entry.column]
    sized = -took if entry.rule == "fee" else took.abs()
    amount = sized if entry.ppm == MILLION else share(sized, entry.ppm // common, MILLION // common)
    amount = _dated(rows, entry.column, amount)
    if entry.per_item_minor:
        amount += rows[entry.items] * entry.per_item_minor
    return ibis.ifelse(rows.priced, amount, None)


def fee_taxes(
    rows: ir.Table, entries: Sequence[Entry], count: int
) -> Mapping[str, ir.IntegerValue]:
    """Return what each of `count` entries of turnover tax takes of the lines' fees."""
    lines = {entry.line for entry in entries}
    of_line = {line: [rows[e.column] for e in entries if e.line is line] for line in Line}
    found: dict[str, ir.IntegerValue] = {}
    for number in range(count):
        taxed, any_taxed, ppm = _ZERO, _NO, _ZERO
        for line in (line for line in Line if line in lines):
            mine = rows[f"fee_entry_{line}"] == number
            fees = total([fee.fill_null(0) for fee in of_line[line]])
            taxed += ibis.ifelse(mine, fees, 0)
            any_taxed |= mine & ibis.or_(*(fee.notnull() for fee in of_line[line]))
            ppm = ibis.ifelse(mine, rows[f"fee_ppm_{line}"], ppm)
        found[f"fee_tax_{number}"] = ibis.ifelse(any_taxed, share(-taxed, ppm, MILLION), None)
    return found


def income_tax(rows: ir.Table) -> ir.IntegerValue:
    """Tax what all leaves but that of capital come to; nothing where the month lacks anything."""
    taxed = (rows.before_tax > 0) | ((rows.before_tax < 0) & rows.loss_gives_back)
    amount = share(-rows.before_tax, rows.income_ppm, MILLION)
    return ibis.ifelse((rows.lacks == 0) & (rows.income_ppm > 0) & taxed, amount, None)


def total(parts: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    """Add up what is not null."""
    return reduce(operator.add, parts) if parts else _ZERO


_ZERO = ibis.literal(0, type="int64")
_NO = ibis.literal(value=False)
