"""What the archive holds of everybody's accounts, added up once for work on many customers.

Row groups are pruned by account, and the accounts of a few hundred customers lie in nearly all of
them: whoever works through a whole bank by the batch would read every file once a batch. A sheet
reads them once, and keeps what was done in each account and month in the order of the holders.
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import duckdb

from scoring.archive.layout import POSTINGS, File, damaged, path_of, verify
from scoring.archive.merging import MEMORY

THREADS = 2
_HELD = """
create table held as
select holder, account_id
from read_csv(?, header = false, columns = {'account_id': 'varchar', 'holder': 'uuid'})
order by holder
"""
_FILL = """
create table acts as
select h.holder, p.account_id, cast(date_trunc('month', p.value_date) as date) as month,
  p.channel, p.kind, p.purpose, count(*) as count, sum(p.amount_minor) as amount
from read_parquet(?, hive_partitioning = false) p
join held h using (account_id)
group by all order by h.holder
"""
_THEIRS = "holder between ? and ? and holder in (select unnest(cast(? as uuid[])))"
_OF = f"""
select distinct account_id, month, channel, kind, purpose, count, amount from acts
where {_THEIRS} and month between ? and ?
"""  # noqa: S608  (constants)
_KNOWN = f"select distinct account_id from held where {_THEIRS}"  # noqa: S608  (constants)
Act = tuple[str, date, str, str, str, int, int]
"""Account, month, channel, kind, purpose; how many postings, and what they come to."""


class Sheet:
    """The acts of all accounts in these files; one thread at a time asks it."""

    def __init__(self, institution: str, files: Sequence[File], folder: Path) -> None:
        self.institution = institution
        self._names = frozenset(file.name for file in files)
        self._folder = folder
        self._connection = duckdb.connect(
            folder / "acts.duckdb",
            config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(folder)},
        )

    def of(self, files: Sequence[File]) -> bool:
        """Tell whether these are exactly the files that were added up."""
        return self._names == {file.name for file in files if file.holds == POSTINGS}

    def covers(self, files: Sequence[File]) -> bool:
        """Tell whether all of these were added up."""
        return all(file.name in self._names for file in files)

    def fill(self, paths: Sequence[Path], holders: Path) -> None:
        """Add everything up; `holders` has an account and one of its holders on each line."""
        self._connection.execute("set TimeZone = 'UTC'")
        self._connection.execute(_HELD, [str(holders)])
        self._connection.execute(_FILL, [[str(path) for path in paths]])

    def accounts(self, holders: Sequence[UUID]) -> set[str]:
        """Return the accounts that these held when all was added up; of others it tells nothing."""
        asked = [min(holders), max(holders), list(holders)]
        return {one for (one,) in self._connection.execute(_KNOWN, asked).fetchall()}

    def acts(self, holders: Sequence[UUID], first: date, last: date) -> list[Act]:
        """Return what was done in these accounts, from month to month, each act once."""
        asked = [min(holders), max(holders), list(holders), first, last]
        found: list[Act] = self._connection.execute(_OF, asked).fetchall()
        return found

    def close(self) -> None:
        """Let go of it, and of the room that it takes."""
        self._connection.close()
        with suppress(OSError):
            shutil.rmtree(self._folder)


@dataclass(frozen=True, slots=True)
class Kept:
    """A sheet, and the customers of whom it is asked."""

    sheet: Sheet
    holders: Sequence[UUID]


def room(root: Path) -> Path:
    """Make a folder for a sheet, and for the file of holders."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(mkdtemp(prefix=".sheet-", dir=root))


def sheet_of(root: Path, institution: str, files: Sequence[File], folder: Path) -> Sheet:
    """Add the files of postings up, with the holders in `folder`.

    Raises `ArchiveUnavailable` for a file that is missing or not what was written.
    """
    postings = [file for file in files if file.holds == POSTINGS]
    for file in postings:
        verify(root, file)
    sheet = Sheet(institution, postings, folder)
    try:
        sheet.fill([path_of(root, file) for file in postings], holders_in(folder))
    except duckdb.Error as error:
        sheet.close()
        raise damaged(root, postings[0], type(error).__name__) from None
    return sheet


def holders_in(folder: Path) -> Path:
    """Return where in a sheet's folder the holders are written."""
    return folder / "holders.csv"
