"""Random streams by counter: each block of customers and purpose has its own, whoever draws it."""

from zlib import crc32

import numpy as np

BLOCK = 5_000
"""Customers that are drawn together; fixed, so that no number of processes changes a byte."""


def stream(seed: int, institution: int, block: int, purpose: str) -> np.random.Generator:
    """Return the stream of one purpose in one block; -1 is the bank as a whole."""
    key = (seed, institution, block + 1, crc32(purpose.encode()))
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
