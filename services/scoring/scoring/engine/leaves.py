"""The pricing rules of `domain`, one amount each, null for no leaf, and their sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.line import Line
from scoring.engine import rules
from scoring.engine.acts import Entry
from scoring.engine.bank import small
from scoring.engine.calendar_months import Pricing
from scoring.engine.joint import divided


@dataclass(frozen=True, slots=True)
class _Rule:
    """A column of `amounts`: its line or "" for the account's own, its rule, its entry."""

    column: str
    line: str
    rule: str
    entry: str = ""


def _rules(entries: Sequence[Entry], pricing: Pricing) -> list[_Rule]:
    found = [
        _Rule("margin", "", "margin"),
        _Rule("expected_loss", Line.LOAN, "expected_loss"),
        _Rule("e_banking", Line.E_BANKING, "e_banking"),
        _Rule("cost_to_serve", Line.COST_TO_SERVE, "cost_to_serve"),
        *(_Rule(one.column, one.line, one.rule, one.name) for one in entries),
    ]
    if pricing.charges_balances:
        found.append(_Rule("balance_cost", Line.COST_TO_SERVE, "balance_cost"))
    if pricing.charges_capital:
        found.append(_Rule("capital_charge", Line.CAPITAL, "capital_charge"))
    if pricing.turnover_entries:
        found.append(_Rule("interest_tax", Line.TAX, "turnover_tax", "interest"))
    for number in range(pricing.turnover_entries):
        entry = f"tax.turnover.{number}"
        found.append(_Rule(f"fee_tax_{number}", Line.TAX, "turnover_tax", entry))
    if pricing.taxes_income:
        found.append(_Rule("income_tax", Line.TAX, "income_tax"))
    return found


def wanted(entries: Sequence[Entry], pricing: Pricing) -> frozenset[str]:
    """Return the columns of amounts that the schemes in force give."""
    return frozenset(one.column for one in _rules(entries, pricing))


def with_amounts(
    rows: ir.Table, entries: Sequence[Entry], pricing: Pricing, holders: ir.Table | None
) -> ir.Table:
    """Add what each rule gives in an account's month, by column; each is rounded once.

    Afterwards it is divided among `holders`, each of whom has a row then.
    """
    columns = wanted(entries, pricing)
    rows = rows.mutate(**rules.amounts(rows, entries, columns))
    if pricing.turnover_entries:
        rows = rows.mutate(**rules.fee_taxes(rows, entries, pricing.turnover_entries))
    if pricing.taxes_income:
        before = [
            rows[one.column].fill_null(0)
            for one in _rules(entries, pricing)
            if one.line != Line.CAPITAL and one.column != "income_tax"
        ]
        rows = rows.mutate(before_tax=rules.total(before))
        rows = rows.mutate(income_tax=rules.income_tax(rows))
    return divided(rows, holders, pricing, sorted(columns))


def leaves(rows: ir.Table, entries: Sequence[Entry], pricing: Pricing) -> ir.Table:
    """Return the amounts of `with_amounts` one by one."""
    known = _rules(entries, pricing)
    columns = [one.column for one in known]
    each = rows.cross_join(
        small(
            rows.get_backend(),
            pa.table(
                {
                    "number": range(len(known)),
                    "of_line": [str(one.line) for one in known],
                    "rule": [one.rule for one in known],
                    "entry": [one.entry for one in known],
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
        entry=ibis.ifelse(each.entry == "interest", each.interest_entry, each.entry),
        amount_minor=_chosen(each, columns),
    )
    return each.filter(each.amount_minor.notnull())


def _chosen(rows: ir.Table, columns: Sequence[str]) -> ir.IntegerValue:
    """Return the value of the column whose number the row has."""
    return ibis.cases(*((rows.number == n, rows[column]) for n, column in enumerate(columns)))


def by_line(
    rows: ir.Table, entries: Sequence[Entry], pricing: Pricing
) -> Mapping[str, ir.IntegerValue]:
    """Return the sum of the amounts by the line that they belong to; 0 where there is none."""
    known = _rules(entries, pricing)

    def amount(one: _Rule, line: Line) -> ir.IntegerValue:
        own = rows[one.column]
        return own if one.line else ibis.ifelse(rows.line == line.value, own, None)

    return {
        line.value: rules.total(
            [
                amount(one, line).fill_null(0)
                for one in known
                if one.line == line or (not one.line and line in rules.WITH_MARGIN)
            ]
        )
        for line in Line
    }


def sums(rows: ir.Table) -> ir.Table:
    """Return the totals `by_line` one by one, as far as they are not 0."""
    lines = [line.value for line in Line]
    numbered = pa.table({"number": range(len(lines)), "line": lines})
    each = rows.cross_join(small(rows.get_backend(), numbered))
    each = each.select("customer", "month", "account", "line", amount_minor=_chosen(each, lines))
    return each.filter(each.amount_minor != 0)
