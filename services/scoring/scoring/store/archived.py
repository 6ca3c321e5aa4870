"""Which postings the archive holds already: by fingerprints, and by the row where those differ."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.fingerprints import (
    Flags,
    Numbers,
    fingerprint,
    fingerprints_of,
    key_of,
)
from scoring.archive.layout import IDS, File
from scoring.archive.reader import Archive
from scoring.domain.posting import AccountKey, Posting
from scoring.store.archive import archive_needed, files_in_use


async def archived_among(
    session: AsyncSession, institution: str, postings: Sequence[tuple[Posting, AccountKey]]
) -> Mapping[str, bool]:
    """Return the ids that are archived, and whether with the same content."""
    indexes = await files_in_use(session, institution, holds=IDS)
    if not indexes:
        return {}
    archive = archive_needed(session)
    prints = {p.id: fingerprint(p, account.id) for p, account in postings}
    same, doubtful = await asyncio.to_thread(_sorted_out, archive, indexes, prints)
    found = dict.fromkeys(same, True)
    if doubtful:
        stored = await _stored(session, institution, archive, doubtful)
        found |= {key: prints[key] == known for key, known in stored.items()}
    return found


async def archived_ids(session: AsyncSession, institution: str, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are archived, whatever their content."""
    indexes = await files_in_use(session, institution, holds=IDS)
    if not indexes:
        return set()
    archive = archive_needed(session)
    prints = {one: (key_of(one), 0) for one in ids}
    same, doubtful = await asyncio.to_thread(_sorted_out, archive, indexes, prints)
    doubtful |= dict.fromkeys(same, indexes)
    return set(await _stored(session, institution, archive, doubtful)) if doubtful else set()


def look_up(
    archive: Archive, indexes: Sequence[File], keys: Numbers, seals: Numbers
) -> tuple[Flags, list[tuple[File, Flags]]]:
    """Tell which postings are archived just so, and by segment which have a key that is known.

    Keys must be in order.
    """
    same = np.zeros(len(keys), dtype=np.bool_)
    known: list[tuple[File, Flags]] = []
    for index in indexes:
        here, alike = archive.find(index, keys, seals)
        same |= alike
        if here.any():
            known.append((index, here))
    return same, known


def _sorted_out(
    archive: Archive, indexes: Sequence[File], prints: Mapping[str, tuple[int, int]]
) -> tuple[list[str], dict[str, Sequence[File]]]:
    """Return ids archived just so; and those to be looked for by segment, as keys may collide."""
    ids = sorted(prints, key=lambda one: prints[one][0])
    pairs = np.array([prints[one] for one in ids], dtype=np.uint64).reshape(-1, 2)
    same, known = look_up(archive, indexes, pairs[:, 0].copy(), pairs[:, 1].copy())
    doubtful: dict[str, list[File]] = {}
    for index, here in known:
        for place in np.nonzero(here & ~same)[0]:
            doubtful.setdefault(ids[place], []).append(index)
    return [ids[place] for place in np.nonzero(same)[0]], dict(doubtful)


async def _stored(
    session: AsyncSession,
    institution: str,
    archive: Archive,
    doubtful: Mapping[str, Sequence[File]],
) -> dict[str, tuple[int, int]]:
    """Read the rows of ids that are truly archived, from their segments; return fingerprints."""
    segments = {index.segment for indexes in doubtful.values() for index in indexes}
    every = await files_in_use(session, institution)
    files = [file for file in every if file.segment in segments]
    table = await asyncio.to_thread(archive.by_posting_id, files, list(doubtful))
    keys, seals = await asyncio.to_thread(fingerprints_of, table)
    pairs = zip(keys.tolist(), seals.tolist(), strict=True)
    return dict(zip(table["id"].to_pylist(), pairs, strict=True))
