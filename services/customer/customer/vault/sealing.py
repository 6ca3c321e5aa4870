"""Values sealed for one row and column; the marks by which equal values are found again."""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from customer.vault.master import KEY_BYTES, seal, unseal

SEALED = ("id_number", "phone", "email", "address")
"""The columns that are kept sealed."""
LOOKED_UP = ("id_number", "phone")
"""Those of them that customers are looked for by, in the compared form."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the database keeps of one row: its data key, wrapped, and what that sealed."""

    key_version: int
    data_key: bytes
    sealed: Mapping[str, bytes | None]
    marks: Mapping[str, bytes | None]


class InstitutionKey:
    """One version of an institution's key: it wraps data keys and makes marks."""

    def __init__(self, version: int, secret: bytes) -> None:
        self.version = version
        self._wrap = AESGCM(_derived(secret, "wrap"))
        self._marks = {column: _derived(secret, f"mark/{column}") for column in LOOKED_UP}

    def envelope(self, row: UUID, values: Mapping[str, str | None]) -> Envelope:
        """Seal a row's values under a data key of their own."""
        secret = os.urandom(KEY_BYTES)
        key = AESGCM(secret)
        sealed = {
            column: None if value is None else seal(key, value.encode(), _place(column, row))
            for column, value in values.items()
        }
        return Envelope(
            self.version, seal(self._wrap, secret, _place("data_key", row)), sealed,
            self.marks(values),
        )  # fmt: skip

    def opened(
        self, row: UUID, data_key: bytes, sealed: Mapping[str, Any]
    ) -> dict[str, str | None]:
        """Open a row's values; `InvalidTag` when any of them is not what was sealed there."""
        key = AESGCM(unseal(self._wrap, data_key, _place("data_key", row)))
        return {
            column: None if kept is None else unseal(key, kept, _place(column, row)).decode()
            for column, kept in sealed.items()
        }

    def wrapped_again(self, row: UUID, data_key: bytes, by: "InstitutionKey") -> bytes:
        """Wrap a data key that `by` wrapped; what it sealed stays as it is."""
        secret = unseal(by._wrap, data_key, _place("data_key", row))  # noqa: SLF001  (another version of this class)
        return seal(self._wrap, secret, _place("data_key", row))

    def mark(self, column: str, value: str) -> bytes:
        """Return a value's mark: equal for equal values, and telling nothing without the key."""
        return hmac.digest(self._marks[column], value.encode(), "sha256")

    def marks(self, values: Mapping[str, str | None]) -> dict[str, bytes | None]:
        """Return the marks of those values that customers are looked for by."""
        told = {column: values.get(column) for column in LOOKED_UP}
        return {
            column: None if value is None else self.mark(column, value)
            for column, value in told.items()
        }


def _place(column: str, row: UUID) -> str:
    return f"customer/{column}/{row}"


def _derived(secret: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"sheaf/{use}".encode()).derive(secret)
