"""Postings to account-months: the moments, what the acts cost, and what the entries took."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from scoring.engine import acts
from scoring.engine.acts import Entry
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import month_index, narrow


def atoms(postings: ir.Table, pricing: Pricing, entries: Sequence[Entry]) -> ir.Table:
    """Add postings through the business date up, by account and month (`index`).

    Order does not matter, and all months before the period count as one. Each entry has a column
    of the amount that it took, null for none, where it prices amounts, and one of items where it
    prices them or nothing.
    """
    known = postings.filter(postings.value_date <= ibis.literal(pricing.business_date))
    known = known.mutate(index=ibis.greatest(month_index(known.value_date), pricing.before))
    serves = acts.served(known)
    known = known.select(
        "account",
        "index",
        s0=known.amount_minor,
        s1=known.amount_minor * known.value_date.day().cast("int64"),
        served=serves,
        away=serves & acts.away(known, pricing),
        cost_minor=ibis.ifelse(serves, acts.cost_minor(known, pricing), 0),
        saved_minor=ibis.ifelse(serves, acts.saved_minor(known, pricing), 0),
        **{rule: acts.taken(known, pricing, entries, rule) for rule in acts.FAMILIES},
    )
    took = {
        e.column: narrow(known.s0.sum(where=known[e.rule] == e.number)) for e in entries if e.ppm
    }
    items = {e.items: known.count(where=known[e.rule] == e.number) for e in entries if e.counts}
    return known.group_by("account", "index").aggregate(
        served=known.count(where=known.served),
        away=known.count(where=known.away),
        **{name: narrow(known[name].sum()) for name in ("s0", "s1", "cost_minor", "saved_minor")},
        **took,
        **items,
    )
