"""What a campaign's two arms tell: whether the split was fair, and what the offer changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, sqrt

from campaign.domain.arms import PPM
from campaign.domain.offer import Outcome

_SUSPICIOUS = 0.001
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a campaign's members did so far; those who took it hold the product now.

    `offered` counts the treated members whom an offer can reach (consent for a channel of the
    campaign is in force) or who answered while one could.
    """

    offered: int
    outcomes: Mapping[Outcome, int]
    took_treated: int
    took_held_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Sample-ratio check: how likely arms this uneven are if the split is as planned."""

    expected_held_out: float
    p_value: float
    suspicious: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """The difference between the arms' take-up rates, with its 95 % interval."""

    treated_rate: float
    held_out_rate: float
    difference: float
    low: float
    high: float


def split(*, treated: int, held_out: int, hold_out_ppm: int) -> Split | None:
    """Test the arms' sizes with chi-squared (one degree of freedom); None where nothing varies."""
    members = treated + held_out
    expected = members * hold_out_ppm / PPM
    if not 0 < expected < members:
        return None
    chi2 = (held_out - expected) ** 2 * (1 / expected + 1 / (members - expected))
    p_value = erfc(sqrt(chi2 / 2))
    return Split(expected_held_out=expected, p_value=p_value, suspicious=p_value < _SUSPICIOUS)


def lift(*, treated: int, held_out: int, took_treated: int, took_held_out: int) -> Lift | None:
    """Return p1 - p0 with +-1.96 sqrt(p1 q1 / n1 + p0 q0 / n0); None where an arm is empty.

    The interval is a normal approximation: with a handful of take-ups it is too narrow.
    """
    if not treated or not held_out:
        return None
    p1, p0 = took_treated / treated, took_held_out / held_out
    spread = _Z95 * sqrt(p1 * (1 - p1) / treated + p0 * (1 - p0) / held_out)
    return Lift(
        treated_rate=p1,
        held_out_rate=p0,
        difference=p1 - p0,
        low=p1 - p0 - spread,
        high=p1 - p0 + spread,
    )
