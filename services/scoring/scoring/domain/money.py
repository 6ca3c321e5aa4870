"""Exact money: integers in minor units inside, decimal text at the edge, one way to round."""

from fractions import Fraction

_NO_MINOR = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_FOUR = frozenset(["CLF", "UYW"])
MILLION = 1_000_000


def half_away(numerator: Fraction | int, denominator: int) -> int:
    """Divide exactly and round half away from zero; `denominator` must be positive."""
    size = (2 * max(numerator, -numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency has (ISO 4217)."""
    if currency in _NO_MINOR:
        return 0
    if currency in _THREE:
        return 3
    return 4 if currency in _FOUR else 2


def decimal_text(minor: int, digits: int) -> str:
    """Write an integer of `digits` decimals as a decimal number: (-5, 2) is "-0.05"."""
    size = str(abs(minor)).rjust(digits + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{size[:-digits]}.{size[-digits:]}" if digits else f"{sign}{size}"


def share_text(part: int, whole: int) -> str:
    """Write `part` of `whole` as a decimal number of six digits; `whole` must be positive."""
    return decimal_text(half_away(part * MILLION, whole), 6)
