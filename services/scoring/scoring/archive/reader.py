"""Reads accounts' postings from segments: kept open, pruned by row group, checked page by page."""

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scoring.archive.fingerprints import Flags, Ids, Numbers
from scoring.archive.layout import IDS, POSTINGS, SCHEMA, File, check_size, damaged, path_of, verify

KEPT_OPEN = 512
Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class _Open:
    """A file of postings, and the first and last account of each of its row groups."""

    parquet: pq.ParquetFile
    firsts: list[str]
    lasts: list[str]

    def groups(self, account_ids: Iterable[str]) -> list[int]:
        found: set[int] = set()
        for one in account_ids:
            found.update(range(bisect_left(self.lasts, one), bisect_right(self.firsts, one)))
        return sorted(found)


class Archive:
    """The files under one folder; safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._files: OrderedDict[tuple[str, str], _Open] = OrderedDict()
        self._ids: OrderedDict[tuple[str, str], Ids] = OrderedDict()
        self._lock = threading.Lock()

    def postings(
        self,
        files: Sequence[File],
        account_ids: Sequence[str],
        first: date,
        last: date,
        columns: Sequence[str] = SCHEMA.names,
    ) -> pa.Table:
        """Return the accounts' postings valued from `first` through `last`, in no order.

        Raises `ArchiveUnavailable` when a file is missing or not what was written.
        """
        wanted = sorted(set(account_ids))
        parts = [SCHEMA.empty_table().select(columns)]
        needed = list(dict.fromkeys((*columns, "account_id", "value_date")))
        if wanted:
            parts.extend(
                self._matching(file, wanted, first, last, needed).select(columns)
                for file in files
                if file.may_hold(wanted)
            )
        return pa.concat_tables(parts)

    def _matching(
        self, file: File, wanted: list[str], first: date, last: date, columns: list[str]
    ) -> pa.Table:
        def read() -> pa.Table:
            with self._lock:
                opened = self._kept(self._files, file, self._open)
                groups = opened.groups(wanted)
                tables = [
                    opened.parquet.read_row_group(group, columns=columns, use_threads=False)
                    for group in groups
                ]
            return pa.concat_tables(tables) if tables else SCHEMA.empty_table().select(columns)

        table = self._guarded(file, read)
        day = table["value_date"]
        inside = pc.and_(
            pc.greater_equal(day, pa.scalar(first)), pc.less_equal(day, pa.scalar(last))
        )
        accounts = pc.is_in(table["account_id"], value_set=pa.array(wanted, pa.string()))
        return table.filter(pc.and_(inside, accounts)).cast(
            pa.schema([SCHEMA.field(name) for name in columns])
        )

    def by_posting_id(self, files: Iterable[File], ids: Sequence[str]) -> pa.Table:
        """Return the postings with these ids, by reading the ids of the given files whole."""
        wanted = pa.array(ids, pa.string())
        parts = [SCHEMA.empty_table()]
        for file in files:
            if file.holds == POSTINGS:
                table = self.whole(file)
                parts.append(table.filter(pc.is_in(table["id"], value_set=wanted)))
        return pa.concat_tables(parts)

    def whole(self, file: File) -> pa.Table:
        """Return a whole file of postings, in its order."""

        def read() -> pa.Table:
            check_size(self.root, file)
            path = path_of(self.root, file)
            return pq.read_table(path, page_checksum_verification=True, use_threads=False)

        return self._guarded(file, read).cast(SCHEMA)

    def find(self, file: File, keys: Numbers, seals: Numbers) -> tuple[Flags, Flags]:
        """Look fingerprints up in a file of ids, see `Ids.find`."""
        if file.holds != IDS or not len(keys):
            none = np.zeros(len(keys), dtype=np.bool_)
            return none, none

        def read() -> Ids:
            with self._lock:
                return self._kept(self._ids, file, self._map)

        return self._guarded(file, read).find(keys, seals)

    def _kept(
        self,
        kept: "OrderedDict[tuple[str, str], Opened]",
        file: File,
        opening: Callable[[File], Opened],
    ) -> Opened:
        key = file.institution, file.name
        found = kept.get(key)
        if found is None:
            found = kept[key] = opening(file)
            if len(kept) > KEPT_OPEN:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return found

    def _open(self, file: File) -> _Open:
        check_size(self.root, file)
        parquet = pq.ParquetFile(
            path_of(self.root, file), memory_map=True, page_checksum_verification=True
        )
        metadata = parquet.metadata
        column = SCHEMA.get_field_index("account_id")
        ends = [
            metadata.row_group(group).column(column).statistics
            for group in range(metadata.num_row_groups)
        ]
        return _Open(parquet, [one.min for one in ends], [one.max for one in ends])

    def _map(self, file: File) -> Ids:
        verify(self.root, file)
        return Ids.open(path_of(self.root, file))

    def _guarded(self, file: File, read: Callable[[], Opened]) -> Opened:
        try:
            return read()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise damaged(self.root, file, str(error).splitlines()[0][:100]) from None
