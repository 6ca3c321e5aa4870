"""Numbers that are valid in form and belong to nobody: their region was never assigned."""

from collections.abc import Sequence

REGION = "4399{:02}"
"""Prefecture 99 of a province does not exist, so no number here is a real person's."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = tuple(3**place % 31 for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def resident_id(region: str, born: str, order: int) -> str:
    """Identity number after GB 11643: `born` is YYYYMMDD, `order` 0..999, odd for men."""
    body = f"{region}{born}{order:03}"
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, body, strict=True))
    return body + _ID_CHECK[total % 11]


def credit_code(region: str, serial: int, *, cooperative: bool) -> str:
    """Unified social credit code after GB 32100, with an organisation code made of `serial`."""
    organisation = f"{serial:08}"
    total = _weighted(_ORGANISATION_WEIGHTS, organisation)
    organisation += "0123456789X0"[11 - total % 11]
    body = f"{'93' if cooperative else '91'}{region}{organisation}"
    return body + _CODE_ALPHABET[-_weighted(_CODE_WEIGHTS, body) % 31]


def mobile_number(serial: int) -> str:
    """Eleven digits in the form of a mobile number; scattered, and different for each serial."""
    return f"199{serial * 48_271 % 99_999_989:08}"


def _weighted(weights: Sequence[int], text: str) -> int:
    return sum(
        weight * _CODE_ALPHABET.index(letter) for weight, letter in zip(weights, text, strict=True)
    )
