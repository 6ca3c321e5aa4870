"""Writes a segment: drafts first, on the disk for certain, then named in one step each."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scoring.archive.fingerprints import Numbers, fingerprints_of, write_ids
from scoring.archive.layout import (
    IDS,
    POSTINGS,
    ROWS_A_FILE,
    ROWS_A_GROUP,
    SCHEMA,
    WITH_FINGERPRINTS,
    File,
    path_of,
)

DRAFT = ".draft"
_OFTEN_THE_SAME = ["account_id", "value_date", "channel", "kind", "purpose", "recorded_at"]


def write_segment(
    root: Path, institution: str, month: date, generation: int, tables: Iterable[pa.Table]
) -> tuple[File, ...]:
    """Write postings of one month, in `ORDER` over all tables; the files bear their final names.

    Tables may bring their fingerprints as the columns `key` and `seal`.

    Raises OSError when the disk is full; then nothing of the segment is left.
    """
    segment = uuid4().hex
    written: list[File] = []
    keys: list[Numbers] = []
    seals: list[Numbers] = []

    def keep(holds: str, suffix: str, write: Callable[[Path], None], **facts: Any) -> None:  # noqa: ANN401  (fields of File)
        file = File(
            institution=institution,
            name=f"{generation:06d}-{segment}-{len(written):04d}.{suffix}",
            holds=holds,
            month=month,
            segment=segment,
            generation=generation,
            bytes=0,
            sha256="",
            **facts,
        )
        written.append(_durable(root, file, write))

    try:
        for whole in _cut(tables):
            key, seal = _fingerprints(whole)
            keys.append(key)
            seals.append(seal)
            table = whole.select(SCHEMA.names)
            keep(
                POSTINGS,
                "parquet",
                partial(_parquet, table),
                rows=table.num_rows,
                recorded_through=pc.max(table["recorded_at"]).as_py(),
                first_account=table["account_id"][0].as_py(),
                last_account=table["account_id"][-1].as_py(),
            )
        every = np.concatenate(keys), np.concatenate(seals)
        latest = max(file.recorded_through for file in written)
        write = partial(write_ids, keys=every[0], seals=every[1])
        keep(IDS, "ids", write, rows=len(every[0]), recorded_through=latest)
    except BaseException:
        for file in written:
            path_of(root, file).unlink(missing_ok=True)
        raise
    return tuple(written)


def _fingerprints(table: pa.Table) -> tuple[Numbers, Numbers]:
    if "key" in table.schema.names:
        return table["key"].to_numpy(), table["seal"].to_numpy()
    return fingerprints_of(table)


def _cut(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Cut what comes into tables of one file each; the last may be smaller."""
    waiting: list[pa.Table] = []
    count = 0
    for table in tables:
        waiting.append(table.cast(WITH_FINGERPRINTS if "key" in table.schema.names else SCHEMA))
        count += table.num_rows
        while count >= ROWS_A_FILE:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, ROWS_A_FILE).combine_chunks()
            waiting, count = [joined.slice(ROWS_A_FILE)], count - ROWS_A_FILE
    if count:
        yield pa.concat_tables(waiting).combine_chunks()


def _parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(
        table,
        path,
        row_group_size=ROWS_A_GROUP,
        compression="zstd",
        use_dictionary=_OFTEN_THE_SAME,
        write_statistics=["account_id", "value_date"],
        write_page_checksum=True,
    )


def _durable(root: Path, file: File, write: Callable[[Path], None]) -> File:
    """Write one file so that it is whole under its name or not there at all."""
    final = path_of(root, file)
    _make_folder(final.parent, root)
    draft = final.with_name(f".{final.name}{DRAFT}")
    with ExitStack() as undo:
        undo.callback(draft.unlink, missing_ok=True)
        write(draft)
        with draft.open("rb+") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.seek(0, os.SEEK_END)
            os.fsync(stream.fileno())
        draft.rename(final)
        undo.pop_all()
    sync_folder(final.parent)
    return replace(file, bytes=size, sha256=digest)


def _make_folder(folder: Path, root: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for step in (folder.parent, root):
            sync_folder(step)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder outlive a power cut."""
    with _opened(folder) as number:
        os.fsync(number)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield number
    finally:
        os.close(number)
