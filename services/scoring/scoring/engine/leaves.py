"""The pricing rules of `domain.rules`, one amount each, null for no leaf, and their sums."""

from collections.abc import Mapping, Sequence
from math import gcd

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.rules import MARGIN_LINES
from scoring.engine.acts import Entry
from scoring.engine.bank import small
from scoring.engine.exact import share

_WITH_MARGIN = (*MARGIN_LINES, Line.LOAN)
_LINE_OF = {
    "expected_loss": Line.LOAN,
    "e_banking": Line.E_BANKING,
    "cost_to_serve": Line.COST_TO_SERVE,
}


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
    amount = share(rows.balance_days, rows.spread_ppm, rows.year_ppm)
    return ibis.ifelse(rows.earns & (rows.balance_days != 0), amount, None)


def _expected_loss(rows: ir.Table) -> ir.IntegerValue:
    amount = share(ibis.least(rows.balance_days, 0), rows.loss_part, rows.loss_whole)
    return ibis.ifelse(rows.risks & (rows.balance_days != 0), amount, None)


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
    if entry.per_item_minor:
        amount += rows[entry.items] * entry.per_item_minor
    return ibis.ifelse(rows.priced, amount, None)


def leaves(rows: ir.Table, entries: Sequence[Entry]) -> ir.Table:
    """Return the amounts one by one."""
    own = [("margin", "", ""), *((rule, line, "") for rule, line in _LINE_OF.items())]
    names = [*own, *((e.rule, e.line, e.name) for e in entries)]
    columns = ["margin", *_LINE_OF, *(entry.column for entry in entries)]
    told = rows.select("account", "customer", "month", "line", **amounts(rows, entries))
    told = told.filter(ibis.or_(*(told[column].notnull() for column in columns)))
    each = told.cross_join(
        small(
            rows.get_backend(),
            pa.table(
                {
                    "number": range(len(names)),
                    "of_line": [str(line) for _, line, _ in names],
                    "rule": [rule for rule, _, _ in names],
                    "entry": [entry for _, _, entry in names],
                }
            ),
        )
    )
    of_margin = ibis.ifelse(each.line == Line.LOAN.value, "loan_margin", "deposit_margin")
    each = each.select(
        "account",
        "customer",
        "month",
        line=ibis.ifelse(each.of_line == "", each.line, each.of_line),
        rule=ibis.ifelse(each.of_line == "", of_margin, each.rule),
        entry=each.entry,
        amount_minor=_chosen(each, columns),
    )
    return each.filter(each.amount_minor.notnull())


def _chosen(rows: ir.Table, columns: Sequence[str]) -> ir.IntegerValue:
    """Return the value of the column whose number the row has."""
    return ibis.cases(*((rows.number == n, rows[column]) for n, column in enumerate(columns)))


def by_line(rows: ir.Table, entries: Sequence[Entry]) -> Mapping[str, ir.IntegerValue]:
    """Return the sum of the amounts by the line that they belong to; 0 where there is none."""
    return {line.value: _total(rows, entries, line) for line in Line}


def _total(rows: ir.Table, entries: Sequence[Entry], line: Line) -> ir.IntegerValue:
    parts = [rows[rule] for rule, its in _LINE_OF.items() if its is line]
    parts += [rows[entry.column] for entry in entries if entry.line is line]
    if line in _WITH_MARGIN:
        parts.append(ibis.ifelse(rows.line == line.value, rows.margin, None))
    total: ir.IntegerValue = ibis.literal(0, type="int64")
    for part in parts:
        total += part.fill_null(0)
    return total


def sums(rows: ir.Table) -> ir.Table:
    """Return the totals `by_line` one by one, as far as they are not 0."""
    lines = [line.value for line in Line]
    numbered = small(rows.get_backend(), pa.table({"number": range(len(lines)), "line": lines}))
    each = rows.cross_join(numbered)
    each = each.select("customer", "month", "account", "line", amount_minor=_chosen(each, lines))
    return each.filter(each.amount_minor != 0)
