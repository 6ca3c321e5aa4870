"""Postings to account-months: the moments, what the acts cost, and what the entries took."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from scoring.engine import acts
from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import month_index, wide


@dataclass(frozen=True, slots=True)
class Atoms:
    """Sums over postings through the business date, by account and month (`index`).

    moments: s0, s1, served, away, cost_minor, saved_minor; all earlier months count as one.
    taken: fee, unit, foreign (numbers of the entries that took the postings), items, amount_minor.
    """

    moments: ir.Table
    taken: ir.Table


def atoms(postings: ir.Table, pricing: Pricing) -> Atoms:
    """Add postings up; order does not matter, and those valued ahead do not count yet."""
    known = postings.filter(postings.value_date <= ibis.literal(pricing.business_date))
    known = known.mutate(
        index=ibis.greatest(month_index(known.value_date), pricing.before),
        day=known.value_date.day().cast("int64"),
    )
    return Atoms(_moments(known, pricing), _taken(known, pricing))


def _moments(known: ir.Table, pricing: Pricing) -> ir.Table:
    serves = acts.served(known)

    def where_served(value: ir.IntegerValue) -> ir.IntegerValue:
        return ibis.ifelse(serves, value, 0).sum()

    return known.group_by("account", "index").aggregate(
        s0=wide(known.amount_minor.sum()),
        s1=wide((known.amount_minor * known.day).sum()),
        served=where_served(ibis.literal(1)),
        away=where_served(acts.away(known, pricing)),
        cost_minor=wide(where_served(acts.cost_minor(known, pricing))),
        saved_minor=wide(where_served(acts.saved_minor(known, pricing))),
    )


def _taken(known: ir.Table, pricing: Pricing) -> ir.Table:
    inside = known.filter(known.index > pricing.before, acts.served(known))
    told = inside.mutate(
        fee=acts.fee(inside, pricing),
        unit=acts.unit(inside, pricing),
        foreign=acts.foreign(inside, pricing),
    )
    return (
        told.filter(
            (told.fee != acts.NONE) | (told.unit != acts.NONE) | (told.foreign != acts.NONE)
        )
        .group_by("account", "index", "fee", "unit", "foreign")
        .aggregate(items=lambda t: t.count(), amount_minor=lambda t: wide(t.amount_minor.sum()))
    )
