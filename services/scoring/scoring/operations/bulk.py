"""Taking postings of closed months straight into the archive; every other row goes line by line."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
from kit.audit import counted
from kit.intake import Answer

from scoring.archive import housekeeping
from scoring.archive.columns import Known, Sorted
from scoring.archive.layout import IDS, File
from scoring.archive.merging import sorter
from scoring.archive.writer import write_segment
from scoring.domain.problems import ArchiveFull
from scoring.operations.archiving import Keeping, repeat_manifest
from scoring.store import archive as store
from scoring.store import bulk
from scoring.store.archive import OvertakenError
from scoring.store.archived import look_up
from scoring.store.institution import business_dates

Row = Mapping[str, object]
ByLine = Callable[[Sequence[Row]], Awaitable[Answer]]
THREADS = 2
TRIES = 5


async def record_columns(
    keeping: Keeping, bank: str, table: pa.Table, by_line: ByLine, *, at: datetime
) -> Answer:
    """Take a table of postings with their lines; one transaction for all that is plainly good.

    Raises `ArchiveFull` when the files cannot be written; then nothing went in.
    """
    async with keeping.db.read(bank) as session:
        business_date = (await business_dates(session)).get(bank)
    if business_date is None:
        return await by_line(await asyncio.to_thread(table.to_pylist))
    horizon = keeping.horizon(business_date)
    try:
        answer, rest = await _patiently(keeping, bank, table, at, horizon)
    except OSError as error:
        raise ArchiveFull(
            f"The archive cannot be written ({error.strerror}); make room and send it again."
        ) from None
    if not rest:
        return answer
    more = await by_line(rest)
    return replace(
        more, accepted=answer.accepted + more.accepted, unchanged=answer.unchanged + more.unchanged
    )


async def _patiently(
    keeping: Keeping, bank: str, table: pa.Table, at: datetime, horizon: date
) -> tuple[Answer, Sequence[Row]]:
    """Begin again when one of the ids came in by another way meanwhile."""
    tries = 0
    while True:
        with sorter(keeping.archive.root, threads=THREADS) as (connection, folder):
            found = await asyncio.to_thread(Sorted, connection, table)
            step = _Step(keeping, bank, found, folder)
            try:
                return await step.take(at, horizon)
            except OvertakenError:
                tries += 1
                if tries == TRIES:
                    raise


@dataclass(frozen=True, slots=True)
class _Step:
    """One table on its way in, and the folder for what is read and written on it."""

    keeping: Keeping
    bank: str
    found: Sorted
    folder: Path

    async def take(self, at: datetime, horizon: date) -> tuple[Answer, Sequence[Row]]:
        """Return the answer on all plainly good rows, and the other rows."""
        found, between = self.found, await asyncio.to_thread(self.found.ids_between)
        known = Known(self.folder / "accounts", self.folder / "ids")
        async with self.keeping.db.read(self.bank) as session:
            await bulk.read_accounts(session, self.bank, known.accounts)
            await bulk.read_ids(session, self.bank, *between, known.ids)
            indexes = await store.files_in_use(session, self.bank, holds=IDS)
            recorded_at = await bulk.now(session)
        await asyncio.to_thread(found.choose, known, at=at, horizon=horizon)
        unchanged = await asyncio.to_thread(self._sort_out, indexes)
        totals = await asyncio.to_thread(found.totals)
        if totals.postings:
            files = await asyncio.to_thread(self._write, recorded_at)
            try:
                await self._commit(files, indexes, between, unchanged)
            except OvertakenError:
                await asyncio.to_thread(housekeeping.remove, self.keeping.archive.root, files)
                raise
            await repeat_manifest(self.keeping, self.bank)
        answer = Answer(accepted=totals.postings, unchanged=unchanged)
        return answer, await asyncio.to_thread(found.rest)

    def _sort_out(self, indexes: Sequence[File]) -> int:
        """Take out what is archived; return how many are just so."""
        keys, seals = self.found.fingerprints()
        same, known = look_up(self.keeping.archive, indexes, keys, seals)
        doubtful = ~same
        here = same.copy()
        for _, flags in known:
            here |= flags
        return self.found.known(keys[same], keys[here & doubtful])

    def _write(self, recorded_at: datetime) -> list[File]:
        root = self.keeping.archive.root
        files: list[File] = []
        try:
            for month in self.found.months():
                tables = self.found.postings(month, recorded_at)
                files.extend(write_segment(root, self.bank, month, 1, tables))
            self.found.write_atoms(self.folder / "atoms")
        except BaseException:
            housekeeping.remove(root, files)
            raise
        return files

    async def _commit(
        self,
        files: Sequence[File],
        indexes: Sequence[File],
        between: tuple[str, str],
        unchanged: int,
    ) -> None:
        totals, ids = self.found.totals(), self.folder / "ids-then"
        async with self.keeping.db.transaction(self.bank) as session:
            await store.hold_ids(session, self.bank, alone=True)
            await bulk.read_ids(session, self.bank, *between, ids)
            after = await store.files_in_use(session, self.bank, holds=IDS)
            new = [index for index in after if index not in indexes]
            if await asyncio.to_thread(self._came_meanwhile, ids, new):
                raise OvertakenError
            await bulk.add_atoms(session, self.bank, self.folder / "atoms", totals)
            await store.add_files(session, files)
            counted(accepted=totals.postings, unchanged=unchanged)

    def _came_meanwhile(self, ids: Path, indexes: Sequence[File]) -> bool:
        keys, seals = self.found.fingerprints()
        _, known = look_up(self.keeping.archive, indexes, keys, seals)
        return bool(known) or self.found.drop_ids(ids) > 0
