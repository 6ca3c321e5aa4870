"""Keys of institutions, and the personal values that rows of customers keep sealed."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.store.bulk import rows
from customer.vault.opened import Vault
from customer.vault.sealing import SEALED, Envelope, InstitutionKey

Opened: TypeAlias = Mapping[str, str | None]
_FEW = 200
_LIVE = text(
    "select version, master, kept from institution_key "
    "where institution = :institution and retired_at is null order by version"
)
_CURRENT = text(
    "select version, master, kept from institution_key where institution = :institution "
    "and retired_at is null order by version desc limit 1 for share"
)
_ADD = text(
    "insert into institution_key (institution, version, master, kept, made_at) "
    "values (:institution, :version, :master, :kept, :at) on conflict do nothing "
    "returning version"
)
FIRST = 1
_MADE = "key made"


def vault_of(session: AsyncSession) -> Vault:
    """Return the vault that the session's service keeps its keys in."""
    found: Vault = session.info["vault"]
    return found


async def live_keys(session: AsyncSession, institution: str) -> Mapping[int, InstitutionKey]:
    """Return every version of the institution's key that rows may still be sealed with."""
    found = await rows(session, _LIVE, institution=institution)
    return {one.version: _open(session, institution, one) for one in found}


async def current_key(session: AsyncSession, institution: str, *, at: datetime) -> InstitutionKey:
    """Return the version to seal with; it cannot be retired before the transaction ends.

    One that is retired while we wait for it is no longer found, and the newer one is by then.
    Where there is none at all, the first is made in this transaction.
    """
    found = await rows(session, _CURRENT, institution=institution)
    if not found:
        await add_key(session, institution, FIRST, at=at)
        found = await rows(session, _CURRENT, institution=institution)
    [one] = found
    return _open(session, institution, one)


async def add_key(session: AsyncSession, institution: str, version: int, *, at: datetime) -> None:
    """Make a version of the institution's key, unless it is there already."""
    vault = vault_of(session)
    master, kept = vault.new(institution, version)
    values = {"institution": institution, "version": version, "master": master, "kept": kept}
    if await rows(session, _ADD, **values, at=at):
        made = session.info.setdefault(_MADE, {})
        made[version] = vault.unwrapped(institution, version, master, kept)


def _open(session: AsyncSession, institution: str, row: Row[Any]) -> InstitutionKey:
    """Open a version, once for all; one made by this transaction is not known before it commits."""
    made: Mapping[int, InstitutionKey] = session.info.get(_MADE, {})
    known = made.get(row.version) or vault_of(session).known(institution).get(row.version)
    return known or vault_of(session).open(institution, row.version, row.master, row.kept)


async def opened(
    session: AsyncSession, institution: str, found: Sequence[Row[Any]]
) -> list[Opened]:
    """Open the personal values of rows of customers, in their order."""
    keys = vault_of(session).known(institution)
    if any(one.key_version is not None and one.key_version not in keys for one in found):
        keys = await live_keys(session, institution)

    def values() -> list[Opened]:
        return [_values(one, keys) for one in found]

    return values() if len(found) <= _FEW else await asyncio.to_thread(values)


def _values(row: Row[Any], keys: Mapping[int, InstitutionKey]) -> Opened:
    if row.data_key is None:
        return {column: getattr(row, column) for column in SEALED}
    sealed = {column: getattr(row, f"{column}_sealed") for column in SEALED}
    return keys[row.key_version].opened(row.id, row.data_key, sealed)


async def sealed(
    key: InstitutionKey, values: Collection[tuple[UUID, Opened]]
) -> list[dict[str, Any]]:
    """Seal the personal values of customers, by id; give the columns to be written, in order."""

    def envelopes() -> list[dict[str, Any]]:
        return [_columns(key.envelope(row, told)) for row, told in values]

    return envelopes() if len(values) <= _FEW else await asyncio.to_thread(envelopes)


def _columns(made: Envelope) -> dict[str, Any]:
    kept = {f"{column}_sealed": value for column, value in made.sealed.items()}
    marks = {f"{column}_mark": value for column, value in made.marks.items()}
    plain = dict.fromkeys(SEALED)
    return {"key_version": made.key_version, "data_key": made.data_key, **kept, **marks, **plain}


def marks(keys: Iterable[InstitutionKey], column: str, value: str) -> list[bytes]:
    """Return the marks that rows with this value may have, one for each version of the key."""
    return [one.mark(column, value) for one in keys]
