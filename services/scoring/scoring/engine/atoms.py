"""Postings to account-months: the moments, what the acts cost, and what the entries took."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from scoring.engine import acts
from scoring.engine.acts import Entry
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import month_index, wide

SUMMED = ("s0", "s1", "served", "away", "cost_minor", "saved_minor")


def atoms(postings: ir.Table, pricing: Pricing, entries: Sequence[Entry]) -> ir.Table:
    """Add postings through the business date up, by account and month (`index`).

    Order does not matter, and all months before the period count as one. Each entry has a column
    of the amount that it took, null for none, and one of items where it prices them.
    """
    known = postings.filter(postings.value_date <= ibis.literal(pricing.business_date))
    known = known.mutate(
        index=ibis.greatest(month_index(known.value_date), pricing.before),
        day=known.value_date.day().cast("int64"),
    )
    serves = acts.served(known)
    known = known.select(
        "account",
        "index",
        s0=known.amount_minor,
        s1=known.amount_minor * known.day,
        served=ibis.ifelse(serves, 1, 0),
        away=ibis.ifelse(serves, acts.away(known, pricing), 0),
        cost_minor=ibis.ifelse(serves, acts.cost_minor(known, pricing), 0),
        saved_minor=ibis.ifelse(serves, acts.saved_minor(known, pricing), 0),
        **{rule: acts.taken(known, pricing, entries, rule) for rule in acts.FAMILIES},
    )
    took = {e.column: wide(known.s0.sum(where=known[e.rule] == e.number)) for e in entries}
    items = {e.items: (known[e.rule] == e.number).sum() for e in entries if e.per_item_minor}
    sums = {name: wide(known[name].sum()) for name in SUMMED}
    return known.group_by("account", "index").aggregate(**sums, **took, **items)
