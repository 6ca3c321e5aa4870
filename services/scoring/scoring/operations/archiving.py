"""Moving closed months into files and keeping the files in order; a kill at any moment is harmless.

Files are written first and count only when one transaction says so. Two processes that do the same
work at once do no harm either: the second finds rows or files gone and takes its step back.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kit.db import Database, Duty, act_for
from kit.telemetry import where
from sqlalchemy.exc import DBAPIError

from scoring.archive import housekeeping
from scoring.archive.layout import IDS, POSTINGS, File, check_size, verify
from scoring.archive.merging import merged
from scoring.archive.reader import Archive
from scoring.archive.writer import write_segment
from scoring.domain.months import last_day, month_of, plus
from scoring.domain.problems import ArchiveUnavailable
from scoring.operations.calm import Calm
from scoring.store import archive as store
from scoring.store.archive import OvertakenError
from scoring.store.institution import BEGINNING, business_dates

log = logging.getLogger(__name__)
STEP_ROWS = 50_000
FEW_ROWS = 5_000
MOST_SEGMENTS = 4
MERGE_ROWS = 1 << 24
GRACE = timedelta(days=1)
LOOK_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """What this service keeps an archive with; one step moves at most `step_rows` postings."""

    db: Database
    archive: Archive
    open_months: int
    step_rows: int = STEP_ROWS

    def horizon(self, business_date: date) -> date:
        """Return the first open month."""
        return plus(month_of(business_date), 1 - self.open_months)


async def work(keeping: Keeping, calm: Calm, clock: Callable[[], datetime]) -> None:
    """Archive what has been closed, for ever; a full disk or an absent database is waited out."""
    while True:
        await calm.wait()
        try:
            await archive_closed(keeping, at=clock())
            await clean_up(keeping, at=clock())
        except (OSError, DBAPIError, ArchiveUnavailable) as error:
            log.warning("archiving stopped and is tried again: %s", where(error))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def archive_closed(keeping: Keeping, *, at: datetime, everything: bool = False) -> int:
    """Move closed months of every institution; return how many postings.

    Late postings wait until there are `FEW_ROWS` of their month, and segments until there are more
    than `MOST_SEGMENTS`, unless `everything` is asked for.
    """
    async with keeping.db.read(Duty.QUEUE) as session:
        dates = await business_dates(session)
    moved = 0
    for institution, business_date in dates.items():
        since, horizon = BEGINNING, keeping.horizon(business_date)
        while month := await _next_month(keeping, institution, since, horizon):
            since = plus(month, 1)
            moved += await _move(keeping, institution, month, everything=everything)
        await _merge_all(keeping, institution, at=at, most=1 if everything else MOST_SEGMENTS)
    return moved


async def _next_month(
    keeping: Keeping, institution: str, since: date, horizon: date
) -> date | None:
    async with keeping.db.read(institution) as session:
        day = await store.oldest_row(session, institution, since, horizon)
    return month_of(day) if day else None


async def _move(keeping: Keeping, institution: str, month: date, *, everything: bool) -> int:
    """Move the rows of one month, step by step."""
    async with keeping.db.read(institution) as session:
        late = bool(await store.files_in_use(session, institution, holds=IDS, month=month))
        count = await store.rows_between(session, institution, month, last_day(month), FEW_ROWS)
    if late and count < FEW_ROWS and not everything:
        return 0
    moved = 0
    while step := await move_step(keeping, institution, month):
        moved += step
    return moved


async def move_step(keeping: Keeping, institution: str, month: date) -> int:
    """Move up to `step_rows` postings of one month; return how many, 0 when none is left."""
    async with keeping.db.read(institution) as session:
        table = await store.moving(session, institution, month, last_day(month), keeping.step_rows)
    if not table.num_rows:
        return 0
    root = keeping.archive.root
    files = await asyncio.to_thread(write_segment, root, institution, month, 1, [table])
    try:
        async with keeping.db.transaction(institution) as session:
            await store.hold_ids(session, institution, alone=True)
            await store.add_files(session, files)
            await store.leave_rows(session, institution, month, table["id"].to_pylist())
    except OvertakenError:
        await asyncio.to_thread(housekeeping.remove, root, files)
        return 0
    await repeat_manifest(keeping, institution)
    return int(table.num_rows)


async def _merge_all(keeping: Keeping, institution: str, *, at: datetime, most: int) -> None:
    async with keeping.db.read(institution) as session:
        files = await store.files_in_use(session, institution)
    months: dict[date, dict[str, list[File]]] = {}
    for file in files:
        months.setdefault(file.month, {}).setdefault(file.segment, []).append(file)
    for month, segments in months.items():
        chosen = _to_merge(segments.values())
        if len(segments) > most and len(chosen) > 1:
            await merge(keeping, institution, month, [f for one in chosen for f in one], at=at)


def _to_merge(segments: Iterable[list[File]]) -> list[list[File]]:
    """Return the smallest segments, as many as may be held together."""
    chosen: list[list[File]] = []
    rows = 0
    for segment in sorted(segments, key=_rows):
        rows += _rows(segment)
        if rows > MERGE_ROWS:
            break
        chosen.append(segment)
    return chosen


def _rows(segment: Iterable[File]) -> int:
    return sum(file.rows for file in segment if file.holds == POSTINGS)


async def merge(
    keeping: Keeping, institution: str, month: date, files: list[File], *, at: datetime
) -> bool:
    """Put one segment in the place of several; False when another process did so first."""
    root, generation = keeping.archive.root, 1 + max(file.generation for file in files)

    def write() -> tuple[File, ...]:
        return write_segment(root, institution, month, generation, merged(root, files))

    written = await asyncio.to_thread(write)
    if _rows(written) != _rows(files):
        raise ArchiveUnavailable(f"Merging {month:%Y-%m} of {institution} lost or made postings.")
    try:
        async with keeping.db.transaction(institution) as session:
            await store.retire_files(session, files, at)
            await store.add_files(session, written)
    except OvertakenError:
        await asyncio.to_thread(housekeeping.remove, root, written)
        return False
    await repeat_manifest(keeping, institution)
    return True


async def clean_up(keeping: Keeping, *, at: datetime, grace: timedelta = GRACE) -> int:
    """Remove files that were retired, or left over by a kill, longer ago than `grace`."""
    root = keeping.archive.root
    async with keeping.db.read(Duty.QUEUE) as session:
        institutions = list(await business_dates(session))
    removed = 0
    await asyncio.to_thread(housekeeping.sweep_rooms, root, at - grace)
    for institution in institutions:
        async with keeping.db.transaction(institution) as session:
            forgotten = await store.forget_files(session, institution, at - grace)
        await asyncio.to_thread(housekeeping.remove, root, forgotten)
        async with keeping.db.read(institution) as session:
            known = await store.names_known(session, institution)
        removed += len(forgotten)
        removed += await asyncio.to_thread(housekeeping.sweep, root, institution, known, at - grace)
    return removed


async def repeat_manifest(keeping: Keeping, institution: str) -> None:
    """Write beside the files which of them count."""
    async with keeping.db.read(institution) as session:
        files = await store.files_in_use(session, institution)
    await asyncio.to_thread(housekeeping.write_manifest, keeping.archive.root, institution, files)


async def complaints(db: Database, archive: Archive | None, *, whole: bool = False) -> list[str]:
    """Return what is wrong with the files that count: none missing or cut; `whole` reads them."""
    async with db.read(Duty.QUEUE) as session:
        files: list[File] = []
        for institution in await business_dates(session):
            await act_for(session, institution)
            files += await store.files_in_use(session, institution)
        if not files:
            return []
        try:
            archive = store.archive_needed(session)
        except ArchiveUnavailable as problem:
            return [str(problem)]
    return await asyncio.to_thread(_checked, archive, files, whole=whole)


def _checked(archive: Archive, files: list[File], *, whole: bool) -> list[str]:
    found: list[str] = []
    for file in files:
        try:
            (verify if whole else check_size)(archive.root, file)
        except ArchiveUnavailable as problem:
            found.append(str(problem))
    return found
