"""The master keys: they lie in a file, outside the database, and wrap institutions' keys."""

import base64
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class MasterKeyMissingError(Exception):
    """The file of master keys cannot be read, or lacks the key that something is wrapped with."""


class MasterKeys:
    """The keys in the file, by id; the last one wraps what is wrapped from now on.

    The file is `{"keys": [{"id": ..., "key": 32 bytes in base64}]}`. It is read again whenever
    a key is asked for that was not there before, so a rotation needs no restart.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys = _read(file)

    def reload(self) -> None:
        """Read the file again."""
        self._keys = _read(self._file)

    @property
    def current(self) -> str:
        """The id of the key that wraps from now on."""
        return next(reversed(self._keys))

    @property
    def ids(self) -> list[str]:
        """Every key's id, the oldest first."""
        return list(self._keys)

    def wrap(self, secret: bytes, place: str) -> tuple[str, bytes]:
        """Seal an institution's secret for its `place`; give the key's id and what to keep."""
        name = self.current
        return name, seal(self._keys[name], secret, place)

    def unwrap(self, name: str, kept: bytes, place: str) -> bytes:
        """Open what the key called `name` wrapped for `place`."""
        if name not in self._keys:
            self.reload()
        if name not in self._keys:
            raise MasterKeyMissingError(
                f"{self._file} has no master key '{name}', which keys in the database are wrapped "
                "with; put it back into the file."
            )
        return unseal(self._keys[name], kept, place)


def seal(key: AESGCM, secret: bytes, place: str) -> bytes:
    """Encrypt and authenticate `secret`, which can be opened at the same `place` only."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, secret, place.encode())


def unseal(key: AESGCM, kept: bytes, place: str) -> bytes:
    """Open what `seal` gave; `InvalidTag` when it, its key or its place is another."""
    return key.decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], place.encode())


def _read(file: Path) -> dict[str, AESGCM]:
    try:
        told = json.loads(file.read_text())["keys"]
        raw = {one["id"]: base64.b64decode(one["key"], validate=True) for one in told}
    except OSError as error:
        raise MasterKeyMissingError(
            f"{file} cannot be read ({error.strerror}); CUSTOMER_MASTER_KEY_FILE must name the "
            "file of master keys."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise MasterKeyMissingError(_misshapen(file)) from None
    if not raw or any(len(one) != KEY_BYTES for one in raw.values()):
        raise MasterKeyMissingError(_misshapen(file))
    return {name: AESGCM(one) for name, one in raw.items()}


def _misshapen(file: Path) -> str:
    return (
        f'{file} must hold {{"keys": [{{"id": "...", "key": "..."}}]}} with keys of {KEY_BYTES} '
        "bytes in base64."
    )
