"""The institutions' keys that this process has opened."""

import os
from collections.abc import Mapping

from customer.vault.master import KEY_BYTES, MasterKeys
from customer.vault.sealing import InstitutionKey


class Vault:
    """Opens institutions' keys by the master keys, each once."""

    def __init__(self, master: MasterKeys) -> None:
        self.master = master
        self._opened: dict[str, dict[int, InstitutionKey]] = {}

    def known(self, institution: str) -> Mapping[int, InstitutionKey]:
        """Return the versions of an institution's key that are open already."""
        return self._opened.get(institution, {})

    def new(self, institution: str, version: int) -> tuple[str, bytes]:
        """Make a version of an institution's key: which master key wraps it, and what to keep.

        It is not kept here: whether the database keeps it is not known before the commit.
        """
        return self.master.wrap(os.urandom(KEY_BYTES), _place(institution, version))

    def open(self, institution: str, version: int, master: str, kept: bytes) -> InstitutionKey:
        """Open a version that the database keeps."""
        key = self.unwrapped(institution, version, master, kept)
        self._opened.setdefault(institution, {})[version] = key
        return key

    def unwrapped(self, institution: str, version: int, master: str, kept: bytes) -> InstitutionKey:
        """Open a version that the database may yet keep, for whoever asks alone."""
        return InstitutionKey(
            version, self.master.unwrap(master, kept, _place(institution, version))
        )

    def wrapped_again(
        self, institution: str, version: int, master: str, kept: bytes
    ) -> tuple[str, bytes]:
        """Wrap a version by the present master key."""
        place = _place(institution, version)
        return self.master.wrap(self.master.unwrap(master, kept, place), place)


def _place(institution: str, version: int) -> str:
    return f"institution_key/kept/{institution}/{version}"
