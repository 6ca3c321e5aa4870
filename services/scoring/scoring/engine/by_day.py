"""Months for which no one price holds, or whose money is foreign: their amounts, by day.

What that needs is read for these months alone, so the others cost no more.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from scoring.domain.money import MILLION
from scoring.engine import acts
from scoring.engine.acts import Entry
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import WIDE, converted, month_index, narrow, rounded, weighed
from scoring.engine.prices import ByDay
from scoring.engine.said import EXCHANGE, OF_RUNS, UNPRICED
from scoring.engine.stages import Stages

_MONTH = ("account", "index")
_NOTHING = ibis.literal(0, type="int64")


def with_days(  # noqa: PLR0913, PLR0917  (what is said, of whom, and what of it is wanted)
    stages: Stages,
    rows: ir.Table,
    postings: ir.Table,
    said: ByDay | None,
    pricing: Pricing,
    entries: Sequence[Entry],
    wanted: Collection[str],
) -> ir.Table:
    """Add what the months priced by day lack, and as `dated_...` the amounts that they have.

    Those of entries are worth what foreign money was, without what each item earns. A balance or
    an act on a day without exchange rate leaves a month without any price.
    """
    if said is None:
        return rows
    months = rows.filter(rows.by_day).select(
        *_MONTH, "kind", "opening", "s0", "followed", "followed_day"
    )
    months = stages.kept(months.inner_join(said.months, ["kind", "index"]))
    days = stages.kept(_postings(postings, months, pricing))
    found = _beside(months, _balances(months, said.runs, _moves(months, days)))
    if said.fx is not None:
        found = _beside(found, _worth(days, said.fx, pricing, entries))
    found = stages.settled(found)
    lacks = found.run_lacks.fill_null(0)
    if said.fx is not None:
        lacks |= found.act_lacks.fill_null(0)
    found = found.mutate(
        dated_lacks=ibis.ifelse((lacks & EXCHANGE) != 0, EXCHANGE, lacks).cast("int64")
    )
    amounts = {
        f"dated_{rule}": ibis.ifelse(when & ((found.dated_lacks & UNPRICED) == 0), amount, None)
        for rule, when, amount in _of_balance(found)
        if rule in wanted
    }
    if said.fx is not None:
        amounts |= {f"dated_{one.column}": _of_entry(found, one) for one in entries if one.ppm}
    rows = _beside(rows, stages.kept(found.select(*_MONTH, "dated_lacks", **amounts)))
    rows = rows.mutate(lacks=rows.lacks + rows.dated_lacks.fill_null(0))
    return rows.mutate(priced=rows.priced & ((rows.lacks & EXCHANGE) == 0))


def _beside(rows: ir.Table, more: ir.Table) -> ir.Table:
    return rows.left_join(more, _MONTH).drop(*(f"{name}_right" for name in _MONTH))


def _postings(postings: ir.Table, months: ir.Table, pricing: Pricing) -> ir.Table:
    """Return the postings of these months through the business date."""
    known = postings.filter(postings.value_date <= ibis.literal(pricing.business_date))
    known = known.select(
        "account",
        "amount_minor",
        "channel",
        "kind",
        "purpose",
        index=month_index(known.value_date),
        day=known.value_date.day().cast("int64"),
    )
    return known.inner_join(months.select(*_MONTH, "followed", "exchange"), _MONTH)


def _moves(months: ir.Table, days: ir.Table) -> ir.Table:
    """Return what moved each balance on which day: postings, or what a loan's terms say."""
    posted = days.filter(~days.followed).select(*_MONTH, "day", "amount_minor")
    paid = months.filter(months.followed & (months.s0 != 0))
    return ibis.union(posted, paid.select(*_MONTH, day="followed_day", amount_minor="s0"))


def _balances(months: ir.Table, runs: ir.Table, moves: ir.Table) -> ir.Table:
    """Weigh the balance-days of each run; runs without any count for nothing.

    Of days a..b with the balance B before them they are B x n + (b + 1) x s0 - s1, n = b - a + 1.
    """
    each = months.select(*_MONTH, "kind", "opening").inner_join(runs, ["kind", "index"])
    moved = moves.inner_join(each.select(*_MONTH, "from_day", "to_day"), _MONTH)
    moved = moved.filter((moved.day >= moved.from_day) & (moved.day <= moved.to_day))
    moved = moved.group_by(*_MONTH, "from_day").aggregate(
        s0=narrow(moved.amount_minor.sum()), s1=narrow((moved.amount_minor * moved.day).sum())
    )
    run = (*_MONTH, "from_day")
    each = each.left_join(moved, run).drop(*(f"{name}_right" for name in run))
    each = each.mutate(s0=each.s0.fill_null(0), s1=each.s1.fill_null(0))
    through = ibis.cumulative_window(group_by=_MONTH, order_by="from_day")
    each = each.mutate(before=each.opening + narrow(each.s0.sum().over(through)) - each.s0)
    length = each.to_day - each.from_day + 1
    each = each.mutate(days=each.before * length + (each.to_day + 1) * each.s0 - each.s1)
    each = each.filter(each.days != 0)
    return each.group_by(*_MONTH).aggregate(
        run_lacks=reduce(add, ((each.run_lacks & bit).max() for bit in OF_RUNS)),
        value=weighed(each.days, each.fx_part).sum(),
        margin=weighed(each.days, each.margin_part).sum(),
        interest=weighed(each.days, each.interest_part).sum(),
    )


def _of_balance(found: ir.Table) -> Iterator[tuple[str, ir.BooleanValue, ir.IntegerValue]]:
    """Tell of each rule when it gives what."""

    def amount(rule: str, total: ir.DecimalValue, divisor: ir.NumericValue) -> ir.IntegerValue:
        return converted(total, divisor, found[f"{rule}_part"], found[f"{rule}_whole"])

    of_value = {
        rule: amount(rule, found.value, found.fx_whole)
        for rule in ("expected_loss", "balance_cost", "capital_charge")
    }
    some, owes = found.value.notnull(), found.value < 0
    yield "margin", some & found.has_margin, rounded(found.margin, found.margin_whole)
    loss = ibis.ifelse(owes, of_value["expected_loss"], _NOTHING)
    yield "expected_loss", some & found.has_expected_loss, loss
    cost = of_value["balance_cost"]
    yield "balance_cost", some & found.has_balance_cost, ibis.ifelse(owes, -cost, cost)
    interest = amount("interest_tax", found.interest, found.fx_whole)
    yield "interest_tax", some & found.has_interest_tax, interest
    yield "capital_charge", owes & found.has_capital_charge, of_value["capital_charge"]


def _worth(days: ir.Table, fx: ir.Table, pricing: Pricing, entries: Sequence[Entry]) -> ir.Table:
    """Add up what the acts in foreign money that each entry took were worth on their days."""
    abroad = days.filter(days.exchange >= 0)
    abroad = abroad.filter(acts.served(abroad))
    taken = {f"by_{rule}": acts.taken(abroad, pricing, entries, rule) for rule in acts.FAMILIES}
    abroad = abroad.mutate(**taken)
    abroad = abroad.left_join(fx, ["exchange", "day"])
    worth = weighed(abroad.amount_minor, abroad.fx_part)
    return abroad.group_by(*_MONTH).aggregate(
        act_lacks=ibis.ifelse(abroad.fx_part.isnull(), EXCHANGE, 0).max(),
        **{
            f"{one.column}_worth": worth.sum(where=abroad[f"by_{one.rule}"] == one.number)
            for one in entries
            if one.ppm
        },
    )


def _of_entry(found: ir.Table, entry: Entry) -> ir.IntegerValue:
    """Price what an entry took; a fee is the customer's debit."""
    worth = found[f"{entry.column}_worth"] * ibis.literal(entry.ppm, WIDE)
    amount = rounded(worth, found.fx_whole.cast(WIDE) * MILLION)
    return -amount if entry.rule == "fee" else amount.abs()
