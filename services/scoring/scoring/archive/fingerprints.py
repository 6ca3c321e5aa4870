"""Which ids the archive holds: sorted fingerprints in a file that is mapped, not loaded.

A posting's fingerprint is two times 64 bits: the key of its id and the seal of its content. A
bitmap of about a byte and a half a key turns nearly every new id away before the sorted keys are
searched. Key and seal alike means the same posting: 128 bits say so.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scoring.domain.posting import Posting

Numbers: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
_MAGIC = 0x31736449_66616853
_HEAD = 3
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SEAL = (
    "concat_ws('|', account_id, amount_minor, value_date, epoch_us(booked_at), channel, kind, "
    "length(purpose), purpose, counterparty)"
)
FINGERPRINTS = f"md5_number_lower(id) as key, md5_number_lower({_SEAL}) as seal"
"""DuckDB's way to say `fingerprint`, over a relation of postings."""


def fingerprint(posting: Posting, account_id: UUID) -> tuple[int, int]:
    """Return key and seal of one posting."""
    content = "|".join(
        (
            str(account_id),
            str(posting.amount_minor),
            posting.value_date.isoformat(),
            str((posting.booked_at - _EPOCH) // _MICROSECOND),
            posting.channel,
            posting.kind,
            str(len(posting.purpose)),
            posting.purpose,
            posting.counterparty,
        )
    )
    return key_of(posting.id), _low(content)


def key_of(posting_id: str) -> int:
    """Return the key of an id."""
    return _low(posting_id)


def _low(text: str) -> int:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little")


def fingerprints_of(table: pa.Table) -> tuple[Numbers, Numbers]:
    """Return keys and seals of a table of postings, in its order."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("postings", table)
        found = connection.execute(f"select {FINGERPRINTS} from postings").fetchnumpy()  # noqa: S608  (a constant)
    return found["key"], found["seal"]


def write_ids(file: Path, keys: Numbers, seals: Numbers) -> None:
    """Write fingerprints, sorted here."""
    order = np.argsort(keys, kind="stable")
    keys, seals = keys[order], seals[order]
    bits = max(6, (8 * max(len(keys), 1) - 1).bit_length())
    slots = np.zeros(1 << bits, dtype=np.bool_)
    slots[keys >> np.uint64(64 - bits)] = True
    with file.open("wb") as stream:
        stream.write(np.array([_MAGIC, len(keys), bits], dtype="<u8").tobytes())
        stream.write(np.packbits(slots, bitorder="little").tobytes())
        stream.write(keys.astype("<u8", copy=False).tobytes())
        stream.write(seals.astype("<u8", copy=False).tobytes())


@dataclass(frozen=True, slots=True)
class Ids:
    """The fingerprints of one segment, mapped."""

    shift: int
    bitmap: npt.NDArray[np.uint8]
    keys: Numbers
    seals: Numbers

    @staticmethod
    def open(file: Path) -> "Ids":
        """Map a file; raise ValueError when it is none of ours."""
        words: Numbers = np.memmap(file, dtype="<u8", mode="r")
        if len(words) < _HEAD or words[0] != _MAGIC:
            raise ValueError("it is no file of ids")
        count, bits = int(words[1]), int(words[2])
        keys = _HEAD + (1 << bits) // 64
        if len(words) != keys + 2 * count:
            raise ValueError("it is cut off")
        bitmap = words[_HEAD:keys].view(np.uint8)
        return Ids(64 - bits, bitmap, words[keys : keys + count], words[keys + count :])

    def find(self, keys: Numbers, seals: Numbers) -> tuple[Flags, Flags]:
        """Tell of each posting whether its key is here, and whether its seal is the same.

        Keys in order are found fastest.
        """
        known = np.zeros(len(keys), dtype=np.bool_)
        same = np.zeros(len(keys), dtype=np.bool_)
        slots = keys >> np.uint64(self.shift)
        hit = (self.bitmap[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)) & 1
        [likely] = np.nonzero(hit)
        places = np.searchsorted(self.keys, keys[likely])
        while len(likely):
            inside = places < len(self.keys)
            likely, places = likely[inside], places[inside]
            found = self.keys[places] == keys[likely]
            likely, places = likely[found], places[found]
            known[likely] = True
            same[likely] |= self.seals[places] == seals[likely]
            places = places + 1
        return known, same
