"""Rows brought under the newest version of their institution's key, some at a time."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.store import personal
from customer.store.bulk import rewrite, rows
from customer.tables import METADATA
from customer.vault.sealing import LOOKED_UP, SEALED, InstitutionKey

BATCH = 500
_CUSTOMER = METADATA.tables["customer"]
_SEALED_COLUMNS = (
    "key_version", "data_key", *SEALED,
    *(f"{column}_sealed" for column in SEALED), *(f"{column}_mark" for column in LOOKED_UP),
)  # fmt: skip
_WRAPPED_COLUMNS = ("key_version", "data_key", *(f"{column}_mark" for column in LOOKED_UP))
_INSTITUTIONS = text("select institution from institution order by institution")
_VERSIONS = text(
    "select version from institution_key where institution = :institution "
    "and retired_at is null order by version"
)
_UNSEALED = text(
    "select * from customer where institution = :institution and data_key is null "
    "and erased_on is null order by id limit :limit for update skip locked"
)
_OLDER = text(
    "select id, key_version, data_key, id_number_sealed, phone_sealed from customer "
    "where institution = :institution and key_version < :version and id > :after "
    "order by id limit :limit for update skip locked"
)
_LEFT = text(
    "select count(*) as number from customer "
    "where institution = :institution and key_version < :version"
)
_HOLD = text(
    "select version from institution_key where institution = :institution "
    "and retired_at is null order by version for update"
)
_RETIRE = text(
    "update institution_key k set kept = null, retired_at = :at "
    "where k.institution = :institution and k.retired_at is null and k.version < :newest "
    "and not exists (select from customer c where c.institution = k.institution "
    "and c.key_version = k.version) returning k.version"
)
_KEPT = text(
    "select version, master, kept from institution_key where institution = :institution "
    "and retired_at is null and master <> :current for update"
)
_WRAP = text(
    "update institution_key set master = :master, kept = :kept "
    "where institution = :institution and version = :version"
)
_MASTERS = text("select distinct master from institution_key where retired_at is null")


async def institutions(session: AsyncSession) -> list[str]:
    """Return every institution that is recorded."""
    return [row.institution for row in await rows(session, _INSTITUTIONS)]


async def versions(session: AsyncSession, institution: str) -> list[int]:
    """Return the versions of the institution's key that are not retired, the newest last."""
    return [row.version for row in await rows(session, _VERSIONS, institution=institution)]


async def seal_some(session: AsyncSession, institution: str, *, at: datetime) -> int:
    """Seal some rows that still have personal values as they are; return how many."""
    found = await rows(session, _UNSEALED, institution=institution, limit=BATCH)
    if not found:
        return 0
    key = await personal.current_key(session, institution, at=at)
    values = [(row.id, {column: getattr(row, column) for column in SEALED}) for row in found]
    made = await personal.sealed(key, values)
    told = [kept | {"id": row.id} for row, kept in zip(found, made, strict=True)]
    await rewrite(session, _CUSTOMER, told, _SEALED_COLUMNS)
    return len(found)


async def wrap_some(
    session: AsyncSession, institution: str, after: UUID
) -> tuple[int, UUID | None]:
    """Wrap the data keys of some rows beyond `after` anew; return how many, and the last."""
    keys = await personal.live_keys(session, institution)
    newest = keys[max(keys)]
    found = await rows(
        session, _OLDER, institution=institution, version=newest.version, after=after, limit=BATCH
    )
    if not found:
        return 0, None
    told = [_wrapped(row, keys, newest) for row in found]
    await rewrite(session, _CUSTOMER, told, _WRAPPED_COLUMNS)
    return len(found), found[-1].id


def _wrapped(
    row: Any,  # noqa: ANN401  (a row of `_OLDER`)
    keys: Mapping[int, InstitutionKey],
    newest: InstitutionKey,
) -> dict[str, Any]:
    before = keys[row.key_version]
    sealed = {column: getattr(row, f"{column}_sealed") for column in LOOKED_UP}
    marks = newest.marks(before.opened(row.id, row.data_key, sealed))
    return {
        "id": row.id,
        "key_version": newest.version,
        "data_key": newest.wrapped_again(row.id, row.data_key, before),
        **{f"{column}_mark": mark for column, mark in marks.items()},
    }


async def left(session: AsyncSession, institution: str, version: int) -> int:
    """Count the rows that an older version than `version` still seals."""
    [found] = await rows(session, _LEFT, institution=institution, version=version)
    number: int = found.number
    return number


async def retire_unused(session: AsyncSession, institution: str, *, at: datetime) -> list[int]:
    """Destroy older versions that no row is sealed with; return them.

    Whoever writes holds the version that it writes with, so those are waited for first, and the
    rows are counted by a statement that begins afterwards.
    """
    held = [row.version for row in await rows(session, _HOLD, institution=institution)]
    if len(held) < 2:  # noqa: PLR2004  (the newest always stays)
        return []
    done = await rows(session, _RETIRE, institution=institution, newest=max(held), at=at)
    return sorted(row.version for row in done)


async def wrap_keys(session: AsyncSession, institution: str) -> None:
    """Wrap the institution's key, in all its versions, by the present master key."""
    vault = personal.vault_of(session)
    present = vault.master.current
    connection = await session.connection()
    for row in await rows(session, _KEPT, institution=institution, current=present):
        master, kept = vault.wrapped_again(institution, row.version, row.master, row.kept)
        own = {"institution": institution, "version": row.version}
        await connection.execute(_WRAP, own | {"master": master, "kept": kept})


async def masters_in_use(session: AsyncSession) -> Collection[str]:
    """Return the ids of the master keys that some institution's key is wrapped with."""
    return {row.master for row in await rows(session, _MASTERS)}
