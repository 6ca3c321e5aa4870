"""Which sums over a bank may be told outside it: none out of which a few customers can be read.

A figure of one to `FEWEST` - 1 customers is kept back. Where the whole is told, what was kept back
could be found by taking the rest away from it; so more is kept back until the parts that were make
up a figure of enough customers together.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TypeVar

from scoring.domain.concentration import MOST_PPM, TOP_PPM, Concentration
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION

FEWEST = 10
"""So many customers at least make a figure that may be told."""
Part = TypeVar("Part", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Alike:
    """Customers who have something on just these lines, and what they bring on each together."""

    lines: frozenset[Line]
    customers: int
    amounts: Mapping[Line, int]


@dataclass(frozen=True, slots=True)
class TierCount:
    """How many hold a tier; without a code, how many hold none."""

    code: str | None
    name: str | None
    customers: int


def few(customers: int) -> bool:
    """Tell whether a figure of so many customers says something of one of them."""
    return 0 < customers < FEWEST


def told(parts: Sequence[Part], count: Callable[[Collection[Part]], int]) -> set[Part]:
    """Return which parts of a whole that is told may be told too.

    `count` says how many customers several parts are of together. First those of few are kept
    back; and then, while all that is kept back is of few, the smallest of the others.
    """
    kept = [one for one in parts if few(count([one]))]
    rest = [one for one in parts if count([one]) >= FEWEST]
    for one in sorted(rest, key=lambda one: count([one])):
        if not few(count(kept)):
            break
        kept.append(one)
    return set(parts) - set(kept)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a bank's customers bring in a month, as far as it may be told; None where it may not."""

    views: Mapping[View, int | None]
    lines: Mapping[Line, int | None]

    @classmethod
    def of(cls, groups: Iterable[Alike]) -> "Sums":
        """Add up what may be told.

        The lines of the gross view are parts of it. Net less gross is the tax and economic less
        net the capital, so a view is told where all that it adds to the one before is.
        """
        there = list(groups)

        def count(lines: Collection[Line]) -> int:
            return sum(one.customers for one in there if not one.lines.isdisjoint(lines))

        gross = [line for line in Line if line in View.GROSS.lines]
        whole = not few(count(gross))
        shown = told(gross, count) if whole else set()
        shown |= {line for line in Line if line not in gross and not few(count([line]))}
        lines = {
            line: sum(one.amounts[line] for one in there) if line in shown else None
            for line in Line
        }
        beside = {view: view.lines - View.GROSS.lines for view in View}
        views = {
            view: sum(one.amounts[line] for one in there for line in view.lines)
            if whole and shown >= beside[view]
            else None
            for view in View
        }
        return cls(views, lines)


def told_tiers(counts: Sequence[TierCount]) -> list[tuple[TierCount, int | None]]:
    """Return each tier with how many hold it, as far as that may be told beside how many all are.

    Those who hold none are a part as well, though not one that is told.
    """
    everybody = sum(one.customers for one in counts)
    by_code = {one.code: one.customers for one in counts}

    def count(codes: Collection[str | None]) -> int:
        return sum(by_code[code] for code in codes)

    shown = set() if few(everybody) else told(list(by_code), count)
    held = [one for one in counts if one.code is not None]
    return [(one, one.customers if one.code in shown else None) for one in held]


@dataclass(frozen=True, slots=True)
class Tops:
    """What the best parts of a bank's customers bring, as far as it may be told."""

    shares: Sequence[tuple[int, Fraction | None]]
    gini: Fraction | None
    smallest_for_80: Fraction | None

    @classmethod
    def of(cls, found: Concentration) -> "Tops":
        """Tell of the best 1, 4, 10 and 20 percent, if between them nowhere few bring something.

        What the best bring less what fewer of them bring is a figure of those between the two.
        """
        everybody = len(found.values)
        bringing = [0, *accumulate(int(value != 0) for value in found.values)]
        cuts = [0, everybody]

        def may(cut: int) -> bool:
            before = max(one for one in cuts if one <= cut)
            after = min(one for one in cuts if one >= cut)
            parts = (bringing[cut] - bringing[before], bringing[after] - bringing[cut])
            return not any(few(part) for part in parts)

        shares: list[tuple[int, Fraction | None]] = []
        for ppm in TOP_PPM:
            cut = -(-everybody * ppm // MILLION)
            shown = not few(bringing[-1]) and may(cut)
            shares.append((ppm, found.top_share(ppm) if shown else None))
            if shown:
                cuts.append(cut)
        smallest = found.smallest_for(MOST_PPM)
        return cls(
            shares,
            None if few(bringing[-1]) else found.gini(),
            found.few(MOST_PPM) if smallest is not None and may(smallest) else None,
        )
