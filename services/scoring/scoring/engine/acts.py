"""What each posting is to the scheme of its month: costs, savings and the entry that takes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from scoring.domain.condition import Condition
from scoring.domain.line import Line
from scoring.domain.posting import NO_SERVICE, Channel
from scoring.domain.scheme import Scheme
from scoring.engine.calendar_months import Pricing

FAMILIES = ("fee", "unit_income", "international")
"""Rules with entries, each of which takes what no earlier entry of the rule took."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a scheme in force in the period; `segment` says in which of its parts."""

    rule: str
    name: str
    segment: int
    number: int
    when: Condition
    line: Line
    ppm: int
    per_item_minor: int = 0

    @property
    def column(self) -> str:
        """Return the column of the amount that the entry takes, or of what that is worth."""
        return f"{self.rule}_{self.number}"

    @property
    def counts(self) -> bool:
        """Tell whether it matters how many postings the entry takes."""
        return bool(self.per_item_minor) or not self.ppm

    @property
    def items(self) -> str:
        """Return the column of how many postings the entry takes."""
        return f"{self.column}_items"


def entries(pricing: Pricing) -> list[Entry]:
    """Return the entries of all schemes in force, numbered from 1 within their rule."""
    found: list[Entry] = []
    for segment, (_, scheme) in enumerate(pricing.segments):
        for rule, name, when, line, ppm, per_item in _entries(scheme) if scheme else ():
            number = sum(one.rule == rule for one in found) + 1
            found.append(Entry(rule, name, segment, number, when, line, ppm, per_item))
    return found


def _entries(scheme: Scheme) -> list[tuple[str, str, Condition, Line, int, int]]:
    fees, units, foreign = FAMILIES
    return [
        *(
            (fees, f"fees.{n}", one.when, one.line, one.share_ppm, 0)
            for n, one in enumerate(scheme.fees)
        ),
        *(
            (
                units,
                f"unit_income.{n}",
                one.when,
                one.line,
                one.ppm_of_amount,
                one.per_item_minor,
            )
            for n, one in enumerate(scheme.unit_income)
        ),
        *(
            (foreign, kind.value, Condition(kind), Line.INTERNATIONAL, ppm, 0)
            for kind, ppm in scheme.international_ppm.items()
        ),
    ]


def served(postings: ir.Table) -> ir.BooleanValue:
    """Tell whether somebody was served by the posting."""
    return ~postings.kind.isin([kind.value for kind in NO_SERVICE])


def cost_minor(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return what it costs to carry the posting out, by the first fitting act or by channel."""

    def cost(_: int, scheme: Scheme) -> ir.IntegerValue:
        prices = scheme.cost_to_serve
        by_channel = _by_channel(postings, prices.channel_cost_minor)
        branches = [(_fits(postings, one.when), _number(one.minor)) for one in prices.acts]
        return ibis.cases(*branches, else_=by_channel) if branches else by_channel

    return _by_scheme(postings, pricing, cost)


def saved_minor(postings: ir.Table, pricing: Pricing) -> ir.IntegerValue:
    """Return what the counter is spared by the posting."""

    def saved(_: int, scheme: Scheme) -> ir.IntegerValue:
        counter = scheme.e_banking.counter_cost_minor
        costs = scheme.e_banking.channel_cost_minor
        return _by_channel(postings, {channel: counter - cost for channel, cost in costs.items()})

    return _by_scheme(postings, pricing, saved)


def away(postings: ir.Table, pricing: Pricing) -> ir.BooleanValue:
    """Tell whether the posting was made by a channel of e-banking."""
    by_channel = _by_scheme(
        postings,
        pricing,
        lambda _, scheme: _by_channel(
            postings, dict.fromkeys(scheme.e_banking.channel_cost_minor, 1)
        ),
    )
    return by_channel == 1


def taken(
    postings: ir.Table, pricing: Pricing, known: Sequence[Entry], rule: str
) -> ir.IntegerValue:
    """Return the number of the rule's entry that takes the posting, 0 for none."""

    def first_fit(segment: int, _: Scheme) -> ir.IntegerValue:
        fitting = [one for one in known if (one.rule, one.segment) == (rule, segment)]
        branches = [(_fits(postings, one.when), _number(one.number)) for one in fitting]
        return ibis.cases(*branches, else_=_number(0)) if branches else _number(0)

    return ibis.ifelse(served(postings), _by_scheme(postings, pricing, first_fit), _number(0))


def _by_scheme(
    postings: ir.Table, pricing: Pricing, of: Callable[[int, Scheme], ir.IntegerValue]
) -> ir.IntegerValue:
    """Choose by the posting's month; a month without scheme gives nothing."""
    found = [
        (last, of(segment, scheme) if scheme else _number(0))
        for segment, (last, scheme) in enumerate(pricing.segments)
    ]
    if not found:
        return _number(0)
    chosen = found.pop()[1]
    for last, value in reversed(found):
        chosen = ibis.ifelse(postings.index <= last, value, chosen)
    return chosen


def _by_channel(postings: ir.Table, prices: Mapping[Channel, int]) -> ir.IntegerValue:
    branches = [(postings.channel == c.value, _number(price)) for c, price in prices.items()]
    return ibis.cases(*branches, else_=_number(0)) if branches else _number(0)


def _fits(postings: ir.Table, when: Condition) -> ir.BooleanValue:
    columns = {"kind": when.kind, "purpose": when.purpose, "channel": when.channel}
    asked = [postings[name] == str(word) for name, word in columns.items() if word is not None]
    return ibis.and_(*asked) if asked else ibis.literal(value=True)


def _number(value: int) -> ir.IntegerScalar:
    return ibis.literal(value, type="int64")
