"""What each posting is to the scheme of its month: costs, savings and the entries that take it."""

from collections.abc import Callable, Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from scoring.domain.posting import NO_SERVICE, Channel
from scoring.domain.scheme import Condition, Scheme
from scoring.engine.calendar_months import Pricing, index_of

NONE = 0
"""The entry number of a posting that no entry takes; entries count from 1."""


def served(postings: ir.Table) -> ir.BooleanValue:
    """Tell whether somebody was served by the posting."""
    return postings.kind.notin([kind.value for kind in NO_SERVICE])


def cost_minor(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return what it costs to carry the posting out."""
    return _by_scheme(
        postings,
        pricing,
        lambda scheme: _by_channel(postings, scheme.cost_to_serve.channel_cost_minor),
    )


def saved_minor(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return what the counter is spared by the posting."""

    def saved(scheme: Scheme) -> ir.IntegerValue:
        counter = scheme.e_banking.counter_cost_minor
        costs = scheme.e_banking.channel_cost_minor
        return _by_channel(postings, {channel: counter - cost for channel, cost in costs.items()})

    return _by_scheme(postings, pricing, saved)


def away(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return 1 where the posting was made by a channel of e-banking, else 0."""
    return _by_scheme(
        postings,
        pricing,
        lambda scheme: _by_channel(postings, dict.fromkeys(scheme.e_banking.channel_cost_minor, 1)),
    )


def fee(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return the number of the fee entry that takes the posting."""
    return _by_scheme(
        postings, pricing, lambda scheme: _first_fit(postings, [one.when for one in scheme.fees])
    )


def unit(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return the number of the unit income entry that takes the posting."""
    return _by_scheme(
        postings,
        pricing,
        lambda scheme: _first_fit(postings, [one.when for one in scheme.unit_income]),
    )


def foreign(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return the number of the foreign business that the posting is."""
    return _by_scheme(
        postings,
        pricing,
        lambda scheme: _first_fit(postings, [Condition(kind) for kind in scheme.international_ppm]),
    )


def _by_scheme(
    postings: ir.Table, pricing: Pricing, of: Callable[[Scheme], ir.IntegerValue]
) -> ir.IntegerValue:
    """Choose by the posting's month; a month without scheme gives nothing."""
    found = [(last, of(scheme) if scheme else _number(0)) for last, scheme in pricing.segments]
    if not found:
        return _number(0)
    chosen = found.pop()[1]
    for last, value in reversed(found):
        chosen = ibis.ifelse(postings.index <= last, value, chosen)
    return chosen


def _by_channel(postings: ir.Table, prices: Mapping[Channel, int]) -> ir.IntegerValue:
    branches = [(postings.channel == c.value, _number(price)) for c, price in prices.items()]
    return ibis.cases(*branches, else_=_number(0)) if branches else _number(0)


def _first_fit(postings: ir.Table, entries: Sequence[Condition]) -> ir.IntegerValue:
    branches = [(_fits(postings, when), _number(n)) for n, when in enumerate(entries, 1)]
    return ibis.cases(*branches, else_=_number(NONE)) if branches else _number(NONE)


def _fits(postings: ir.Table, when: Condition) -> ir.BooleanValue:
    columns = {"kind": when.kind, "purpose": when.purpose, "channel": when.channel}
    asked = [postings[name] == str(word) for name, word in columns.items() if word is not None]
    return ibis.and_(*asked)


def _number(value: int) -> ir.IntegerScalar:
    return ibis.literal(value, type="int64")


def prices(pricing: Pricing, of: Callable[[Scheme], Sequence[Mapping[str, object]]]) -> ir.Table:
    """Return each month's entries, numbered from 1 in `taken`, as a relation.

    An entry tells `line`, `rule`, `entry` (its name), `ppm` and perhaps `per_item_minor`.
    """
    rows = [
        {
            "index": index_of(month),
            "month": month,
            "taken": number,
            "scheme_currency": scheme.currency,
            "per_item_minor": 0,
            **entry,
        }
        for month, scheme in pricing.months
        if scheme
        for number, entry in enumerate(of(scheme), 1)
    ]
    columns = pa.schema(
        [
            ("index", pa.int64()),
            ("month", pa.date32()),
            ("taken", pa.int64()),
            ("scheme_currency", pa.string()),
            ("line", pa.string()),
            ("entry", pa.string()),
            ("rule", pa.string()),
            ("per_item_minor", pa.int64()),
            ("ppm", pa.int64()),
        ]
    )
    return ibis.memtable(pa.Table.from_pylist(rows, schema=columns))
