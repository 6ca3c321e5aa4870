"""When the archive is added up for everybody: while many wait whose closed months lie there."""

import asyncio
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from kit.db import Database
from kit.telemetry import where

from scoring.archive.layout import POSTINGS, File
from scoring.archive.reader import Archive
from scoring.archive.sheets import Sheet, holders_in, room, sheet_of
from scoring.domain.problems import ArchiveUnavailable
from scoring.store import bulk, queue
from scoring.store.archive import files_in_use

MANY = 1_000
log = logging.getLogger(__name__)


class Sheets:
    """Keeps one sheet as long as somebody of its institution waits and its files count."""

    def __init__(self, db: Database, archive: Archive | None, *, many: int = MANY) -> None:
        self._db, self._archive, self._many = db, archive, many
        self._kept: Sheet | None = None

    async def of(self, institution: str) -> Sheet | None:
        """Return the sheet of an institution; None where the files are better asked one by one."""
        if self._archive is None:
            return None
        async with self._db.read(institution) as session:
            files = await files_in_use(session, institution, holds=POSTINGS)
            waiting = await queue.bulk_waits(session, institution, self._many)
            if self._kept and self._kept.institution == institution and self._kept.of(files):
                return self._kept
        await self.close()
        if files and waiting:
            self._kept = await self._added_up(self._archive.root, institution, files)
        return self._kept

    async def _added_up(self, root: Path, institution: str, files: Sequence[File]) -> Sheet | None:
        """Add the files up; a full disk, or a file that is amiss, is for who reads file by file."""
        try:
            folder = await asyncio.to_thread(room, root)
            try:
                async with self._db.read(institution) as session:
                    await bulk.read_holders(session, institution, holders_in(folder))
                return await asyncio.to_thread(sheet_of, root, institution, files, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        except (OSError, ArchiveUnavailable) as error:
            log.warning("the archive was not added up: %s", where(error))
            return None

    async def close(self) -> None:
        """Let go of what is kept."""
        kept, self._kept = self._kept, None
        if kept:
            await asyncio.to_thread(kept.close)
