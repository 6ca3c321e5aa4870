"""Weights from judgements in pairs (AHP): the principal eigenvector, and how consistent it is.

Decimal arithmetic of fixed precision: the same matrix gives the same weights everywhere.
CI = (lambda - n) / (n - 1), CR = CI / RI (Saaty).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Final

from scoring.domain.money import MILLION

RANDOM_INDEX: Final = {
    3: Decimal("0.58"),
    4: Decimal("0.90"),
    5: Decimal("1.12"),
    6: Decimal("1.24"),
    7: Decimal("1.32"),
    8: Decimal("1.41"),
    9: Decimal("1.45"),
}
"""The mean CI of judgements made at random, by the number of things judged."""
MOST_MEASURES: Final = 9
ACCEPTED: Final = Decimal("0.1")
_DIGITS, _CLOSE, _ROUNDS = 50, Decimal("1e-40"), 10_000


@dataclass(frozen=True, slots=True)
class Priorities:
    """Weights that sum to a million, and the consistency ratio of the judgements."""

    weights_ppm: Sequence[int]
    consistency: Decimal


def priorities(matrix: Sequence[Sequence[Fraction]]) -> Priorities:
    """Return what a reciprocal matrix of positive judgements says of its rows."""
    size = len(matrix)
    with localcontext(prec=_DIGITS):
        judged = [[Decimal(a.numerator) / Decimal(a.denominator) for a in row] for row in matrix]
        vector = [Decimal(1) / size] * size
        for _ in range(_ROUNDS):
            product = [
                sum((a * v for a, v in zip(row, vector, strict=True)), Decimal(0)) for row in judged
            ]
            whole = sum(product, Decimal(0))
            following = [one / whole for one in product]
            moved = max(abs(a - b) for a, b in zip(following, vector, strict=True))
            vector = following
            if moved < _CLOSE:
                break
        largest = sum(product, Decimal(0))
        consistency = Decimal(0)
        if size in RANDOM_INDEX:
            consistency = (largest - size) / (size - 1) / RANDOM_INDEX[size]
        return Priorities(_million(vector), max(consistency, Decimal(0)))


def _million(vector: Sequence[Decimal]) -> list[int]:
    """Cut each share to the ppm and give what is left to the largest rests, in order."""
    shares = [one * MILLION for one in vector]
    whole = [int(one.to_integral_value(ROUND_FLOOR)) for one in shares]
    rests = sorted(range(len(shares)), key=lambda n: (whole[n] - shares[n], n))
    for n in rests[: MILLION - sum(whole)]:
        whole[n] += 1
    return whole
