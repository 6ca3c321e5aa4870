"""What a contribution earns on the bank's own money that it binds."""

from collections.abc import Iterable
from fractions import Fraction

from scoring.domain.leaf import Leaf
from scoring.domain.line import View
from scoring.domain.money import MILLION, half_away


def economic_capital(leaves: Iterable[Leaf], days: int) -> int | None:
    """Return the capital bound on the mean of `days`, in minor units; None where none is."""
    bound = sum((leaf.capital.days for leaf in leaves if leaf.capital), Fraction())
    return half_away(bound, days) if bound and days else None


def raroc_ppm(leaves: Iterable[Leaf]) -> int | None:
    """Return the net contribution a year over the capital it binds, in ppm; None without any.

    A yearly rate whatever the period, to be held against the hurdle: capital counts for the part
    of a year, by the day-count basis, that it is bound. So it passes the hurdle exactly where the
    economic view is more than nothing, but for the rounding of leaves.
    """
    found = list(leaves)
    years = sum((leaf.capital.years for leaf in found if leaf.capital), Fraction())
    if not years:
        return None
    net = sum(leaf.amount_minor for leaf in found if leaf.line in View.NET.lines)
    return half_away(net * MILLION * years.denominator, years.numerator)
