"""The other sides of movements: merchants, accounts at other banks, accounts of the bank's own."""

import numpy as np
import pyarrow as pa

from simulator.holdings import Holdings, account_numbers
from simulator.manners import CATEGORIES
from simulator.span import Integers
from simulator.text import Text

TOWNS = 20
MERCHANTS = 30
BANKS = ("ICBC", "ABC", "BOC", "CCB", "PSBC", "BCM", "CMB", "CITIC")
ACCOUNTS_OF_A_BANK = 250
NOBODY = 0
_MERCHANT, _BANK = 1, 1 + TOWNS * len(CATEGORIES) * MERCHANTS
_OWN = _BANK + len(BANKS) * ACCOUNTS_OF_A_BANK


def merchant(place: Integers, category: Integers, number: Integers) -> Integers:
    """Return the party that is a merchant in the town of a place."""
    town = place // 4 % TOWNS
    return _MERCHANT + (town * len(CATEGORIES) + category) * MERCHANTS + number % MERCHANTS


def elsewhere(number: Integers) -> Integers:
    """Return a party that is an account at another bank."""
    return _BANK + number % (len(BANKS) * ACCOUNTS_OF_A_BANK)


def own(account: Integers) -> Integers:
    """Return the party that is an account of the block."""
    return _OWN + account


def names(held: Holdings) -> Text:
    """Name every party, by its number."""
    merchants = [
        f"M{town + 1:02}-{category}-{number + 1:02}"
        for town in range(TOWNS)
        for category in CATEGORIES
        for number in range(MERCHANTS)
    ]
    banks = [
        f"{bank}/6228{number * 48_271 % 99_999_989:08}"
        for bank in BANKS
        for number in range(1, ACCOUNTS_OF_A_BANK + 1)
    ]
    fixed = pa.array(["", *merchants, *banks], pa.string())
    accounts = account_numbers(held.block, np.arange(len(held)))
    return pa.concat_arrays([fixed, accounts])
