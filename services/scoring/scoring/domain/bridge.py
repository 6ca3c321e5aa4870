"""From what one period brought to what another brings: customers, volume, mix and price.

Customers who brought nothing before are gained, those who bring nothing now are lost, with all
that they bring. Of the others, each product of a line has a volume V and brings C, at a unit
price of C / V. By Bennet's indicators (1920; Diewert, "Index Number Theory Using Differences Rather
Than Ratios", 2005) the change of C falls into a quantity part, the change of V at the mean of both
unit prices, and a price part, the change of the unit price at the mean of both volumes. The
quantity part of all products together, as if they were one, is the volume; what the products'
own quantity parts come to beyond that is the mix. Looked at backwards every part changes its sign.

A quantity part is rounded half away from zero, once for a product and once for the line; price and
mix are what is left, so that the parts always make up the difference. Where one of the volumes is
nothing, or they have different signs, there is no unit price to compare: then the whole change is
quantity. Where both are nothing it is price.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.domain.line import Line
from scoring.domain.money import half_away
from scoring.domain.rules import MARGIN_LINES

BALANCE_LINES = MARGIN_LINES | {Line.LOAN}
"""Lines whose volume is balance-days; that of the others is how many months of accounts brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What a line and product brought and brings in one currency, and how much of it there is.

    Its customers `stayed`, or else were gained or lost; of gained ones `before` is 0, of lost ones
    `after`.
    """

    line: Line
    product: str
    currency: str
    stayed: bool
    before: int
    after: int
    volume_before: int = 0
    volume_after: int = 0


@dataclass(frozen=True, slots=True)
class Bridge:
    """The parts between two amounts; they add up to the difference exactly."""

    before: int = 0
    after: int = 0
    price: int = 0
    volume: int = 0
    mix: int = 0
    gained: int = 0
    lost: int = 0

    def __add__(self, other: "Bridge") -> "Bridge":
        return Bridge(
            self.before + other.before,
            self.after + other.after,
            self.price + other.price,
            self.volume + other.volume,
            self.mix + other.mix,
            self.gained + other.gained,
            self.lost + other.lost,
        )


def quantity(before: int, after: int, volume_before: int, volume_after: int) -> int:
    """Return the change of volume at the mean of both unit prices."""
    both = volume_before * volume_after
    if both <= 0:
        return 0 if volume_before == volume_after else after - before
    moved = before * (volume_after**2 - both) + after * (both - volume_before**2)
    return half_away(moved, 2 * both)


def bridge(slices: Iterable[Slice]) -> dict[Line, Bridge]:
    """Return the bridge of every line; volumes of different currencies are not added up."""
    found = dict.fromkeys(Line, Bridge())
    stayed: dict[tuple[Line, str], list[Slice]] = {}
    for one in slices:
        if one.stayed:
            stayed.setdefault((one.line, one.currency), []).append(one)
        else:
            moved = Bridge(one.before, one.after, gained=one.after, lost=-one.before)
            found[one.line] += moved
    for (line, _), products in stayed.items():
        found[line] += _of_line(products)
    return found


def _of_line(products: list[Slice]) -> Bridge:
    before, after = sum(one.before for one in products), sum(one.after for one in products)
    volume = quantity(
        before,
        after,
        sum(one.volume_before for one in products),
        sum(one.volume_after for one in products),
    )
    quantities = sum(
        quantity(one.before, one.after, one.volume_before, one.volume_after) for one in products
    )
    return Bridge(
        before,
        after,
        price=after - before - quantities,
        volume=volume,
        mix=quantities - volume,
    )
