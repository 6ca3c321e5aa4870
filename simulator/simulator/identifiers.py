"""Numbers valid in form that belong to nobody: their region or range was never given out."""

import numpy as np
import pyarrow as pa

from simulator.span import Days, Flags, Integers
from simulator.text import Text, compact, join, padded

PROVINCES = (43, 36, 42, 45, 52, 53, 51, 50, 41, 34, 35, 33, 32, 37, 13, 14, 61, 62, 22, 23)
"""Prefecture 99 does not exist in any of them, so no number of it is a real person's."""

ORDERS = 500
RANKS = 5
"""Persons of one block who may share district, day of birth and sex."""

_ID_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
_ID_CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_ORGANISATION_WEIGHTS = np.array((3, 7, 9, 10, 5, 8, 4, 2))
_ORGANISATION_CHECK = np.frombuffer(b"0X987654321", dtype=np.uint8)
_LETTER = np.frombuffer(_CODE_ALPHABET.encode(), dtype=np.uint8)
_VALUE = np.zeros(256, dtype=np.int64)
_VALUE[_LETTER] = np.arange(31)


def district(place: Integers) -> Integers:
    """Return the last two digits of a place's division code."""
    return place % 99 + 1


def spread_births(
    born: Days, place: Integers, female: Flags, taken: Flags
) -> tuple[Days, Integers]:
    """Move births by days until so few share a day that all get a number; return their ranks.

    Those who are not `taken` need none and keep their day.
    """
    born = born.copy()
    while True:
        rank = _ranks(born, place, female, taken)
        crowded = rank >= RANKS
        if not crowded.any():
            return born, rank
        born[crowded] -= 1


def _ranks(born: Days, place: Integers, female: Flags, taken: Flags) -> Integers:
    key = (born.astype(np.int64) * 100 + district(place)) * 2 + female
    key = np.where(taken, key, -np.arange(1, born.size + 1))
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    new = np.ones(ordered.size, dtype=np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    at = np.arange(ordered.size)
    rank = np.empty(ordered.size, dtype=np.int64)
    rank[order] = at - np.maximum.accumulate(np.where(new, at, 0))
    rank[~taken] = 0
    return rank


def resident_ids(block: int, place: Integers, born: Days, female: Flags, rank: Integers) -> Text:
    """Identity numbers after GB 11643; the block and the rank make each one different."""
    slot = block * RANKS + rank
    province = np.array(PROVINCES)[slot // ORDERS % len(PROVINCES)]
    order = slot % ORDERS * 2 + ~female
    region = join(padded(province, 2), "99", padded(district(place), 2))
    body = _letters(join(region, compact(born), padded(order, 3)), 17)
    check = _ID_CHECK[((body - 48) @ _ID_WEIGHTS) % 11]
    return _text(np.column_stack([body, check]))


def old_resident_ids(numbers: Text) -> Text:
    """Give the fifteen digits that the same persons had before 1999: no century, no check digit."""
    letters = _letters(numbers, 18)
    return _text(np.delete(letters[:, :17], (6, 7), axis=1))


def credit_codes(kinds: Text, place: Integers, serial: Integers) -> Text:
    """Unified social credit codes after GB 32100; `kinds` are the first two characters."""
    organisation = _letters(padded(serial, 8), 8)
    check = _ORGANISATION_CHECK[((organisation - 48) @ _ORGANISATION_WEIGHTS) % 11]
    head = _letters(join(kinds, "4399", padded(district(place), 2)), 8)
    body = np.column_stack([head, organisation, check])
    last = _LETTER[-(_VALUE[body] @ _CODE_WEIGHTS) % 31]
    return _text(np.column_stack([body, last]))


def mobile_numbers(serial: Integers) -> Text:
    """Eleven digits in the form of a mobile number, of a range that no operator has."""
    return join("154", padded(serial * 48_271 % 99_999_989, 8))


def _letters(text: Text, width: int) -> Integers:
    fixed = text.cast(pa.binary(width)) if len(text) else text
    if not len(text):
        return np.zeros((0, width), dtype=np.int64)
    raw = np.frombuffer(fixed.buffers()[1], dtype=np.uint8)
    whole: Integers = raw[: len(text) * width].reshape(-1, width).astype(np.int64)
    return whole


def _text(letters: Integers) -> Text:
    raw = np.ascontiguousarray(letters.astype(np.uint8)).tobytes()
    fixed = pa.Array.from_buffers(
        pa.binary(letters.shape[1]), len(letters), [None, pa.py_buffer(raw)]
    )
    return fixed.cast(pa.binary()).cast(pa.string())
