"""The archive's manifest, and postings on their way from rows to files.

An id is in a row or in a file, never in both. Who takes postings in holds the institution's ids
together with others, who moves some between rows and files holds them alone; both until the end
of their transaction. Readers hold nothing: they take manifest and rows from one statement.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.layout import ORDER, SCHEMA, File
from scoring.archive.reader import Archive
from scoring.domain.months import last_day
from scoring.domain.problems import ArchiveUnavailable
from scoring.store.sql import records, rows, run

_LOCK = "select pg_advisory_xact_lock{kind}(hashtextextended(cast(:institution as text), 1))"
_ALONE = text(_LOCK.format(kind=""))
_SHARED = text(_LOCK.format(kind="_shared"))
_FILE = (
    "institution, name, holds, month, segment, generation, rows, bytes, sha256, recorded_through, "
    "coalesce(cast(first_account as text), '') as first_account, "
    "coalesce(cast(last_account as text), '') as last_account"
)
_WRITTEN = f"""
select 'file', cast(null as uuid), month, null, null, cast(to_jsonb(f) as text), 0, 0, 0
from (select {_FILE} from archive_file where institution = :institution and holds = 'postings'
  and retired_at is null and {{which}}
  and first_account <= any(cast(:ids as uuid[])) and last_account >= any(cast(:ids as uuid[]))) f
"""  # noqa: S608  (fixed columns)
FILES = _WRITTEN.format(which="month between :first and :last")
"""A branch of a union: files that may hold postings of `ids` in months `first` through `last`."""
LATE_FILES = _WRITTEN.format(which="recorded_through > :known_at")
"""Likewise: files that may hold postings of `ids` that were recorded after `known_at`."""
_IN_USE = text(
    f"select {_FILE} from archive_file where retired_at is null "  # noqa: S608  (fixed columns)
    "and institution = :institution "
    "and (cast(:holds as text) is null or holds = :holds) "
    "and (cast(:month as date) is null or month = :month) order by month, name"
)
_ADD = text(
    "insert into archive_file (institution, name, holds, month, segment, generation, rows, bytes, "
    "sha256, recorded_through, first_account, last_account) select f.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as f(institution text, name text, holds text, "
    "month date, segment text, generation int, rows int, bytes bigint, sha256 text, "
    "recorded_through timestamptz, first_account uuid, last_account uuid)"
)
_RETIRE = text(
    "update archive_file set retired_at = :at where institution = :institution "
    "and name = any(cast(:names as text[])) and retired_at is null"
)
_FORGET = text(
    "delete from archive_file where institution = :institution and retired_at <= :before "  # noqa: S608  (fixed columns)
    f"returning {_FILE}"
)
_NAMES = text("select name from archive_file where institution = :institution")


class OvertakenError(Exception):
    """Another process took the same step before; the transaction must not commit."""


def archive_of(session: AsyncSession) -> Archive | None:
    """Return the archive that the session's service keeps, if it keeps one."""
    found: Archive | None = session.info.get("archive")
    return found


def archive_needed(session: AsyncSession) -> Archive:
    """Return the archive, where files of it count; raise `ArchiveUnavailable` without one."""
    archive = archive_of(session)
    if archive is None:
        raise ArchiveUnavailable(
            "Postings of closed months lie in an archive, and SCORING_ARCHIVE_DIR does not say "
            "where; set it to the folder that held them."
        )
    return archive


async def hold_ids(session: AsyncSession, institution: str, *, alone: bool) -> None:
    """Keep the institution's posting ids where they are until the transaction ends."""
    await rows(session, _ALONE if alone else _SHARED, institution=institution)


async def files_in_use(
    session: AsyncSession,
    institution: str,
    *,
    holds: str | None = None,
    month: date | None = None,
) -> list[File]:
    """Return an institution's files that count."""
    read = await rows(session, _IN_USE, institution=institution, holds=holds, month=month)
    return [_file(row) for row in read]


def _file(row: Row[Any]) -> File:
    return File(**row._mapping)  # noqa: SLF001  (public in SQLAlchemy)


def file_of(written: str) -> File:
    """Read a file as `FILES` gives it."""
    values: dict[str, Any] = json.loads(written)
    values["month"] = date.fromisoformat(values["month"])
    values["recorded_through"] = datetime.fromisoformat(values["recorded_through"])
    return File(**values)


async def add_files(session: AsyncSession, files: Sequence[File]) -> None:
    """Let files count from this transaction on."""
    plain = ({key: value or None for key, value in asdict(one).items()} for one in files)
    await run(session, _ADD, records=records(plain))


async def retire_files(session: AsyncSession, files: Sequence[File], at: datetime) -> None:
    """Let files count no more; raise `OvertakenError` when one of them does not any longer."""
    institution, names = files[0].institution, [file.name for file in files]
    values = {"institution": institution, "names": names, "at": at}
    if await run(session, _RETIRE, **values) != len(files):
        raise OvertakenError


async def forget_files(session: AsyncSession, institution: str, before: datetime) -> list[File]:
    """Strike off files that were retired by then, and return them: nobody reads them any more."""
    read = await rows(session, _FORGET, institution=institution, before=before)
    return [_file(row) for row in read]


async def names_known(session: AsyncSession, institution: str) -> set[str]:
    """Return the names of all files that the manifest knows, retired ones too."""
    return {row.name for row in await rows(session, _NAMES, institution=institution)}


@cache
def _nothing(columns: tuple[str, ...]) -> pa.Table:
    return SCHEMA.empty_table().select(columns)


async def cold(  # noqa: PLR0913, PLR0917  (which files, whose, which days, how much of them)
    session: AsyncSession,
    files: Sequence[File],
    ids: Iterable[UUID],
    first: date,
    last: date,
    columns: Sequence[str] = SCHEMA.names,
) -> pa.Table:
    """Return the accounts' archived postings of these files, valued from `first` through `last`."""
    if not files:
        return _nothing(tuple(columns))
    archive, wanted = archive_needed(session), [str(one) for one in ids]
    return await asyncio.to_thread(archive.postings, files, wanted, first, last, columns)


_OLDEST = text(
    "select min(value_date) as day from posting where institution = :institution "
    "and value_date >= :since and value_date < :before"
)
_SOME = text(
    "select count(*) as postings from (select 1 from posting where institution = :institution "
    "and value_date between :first and :last limit :limit) as counted"
)
_MOVING = text(
    "select cast(account_id as text) as account_id, value_date, id, amount_minor, booked_at, "
    "channel, kind, purpose, counterparty, recorded_at from posting "
    "where institution = :institution and value_date between :first and :last "
    "order by value_date limit :limit"
)
_PLAN_ANEW = text("set local plan_cache_mode = force_custom_plan")
_GONE = text("""
with gone as (
  delete from posting where institution = :institution and value_date between :month and :last
    and id = any(cast(:ids as text[]))
  returning institution, account_id, channel, kind, purpose, amount_minor
), sums as (
  select institution, account_id, channel, kind, purpose, count(*) as count,
    sum(amount_minor) as amount
  from gone group by institution, account_id, channel, kind, purpose
), lessened as (
  insert into account_activity as a
    (institution, account_id, month, channel, kind, purpose, count, amount_minor)
  select institution, account_id, cast(:month as date), channel, kind, purpose, -count, -amount
  from sums on conflict (account_id, month, channel, kind, purpose) do update
    set count = a.count + excluded.count, amount_minor = a.amount_minor + excluded.amount_minor
  returning a.ctid as place, a.count
)
select (select count(*) from gone) as postings,
  count(*) filter (where count < 0) as unmatched,
  array_agg(cast(place as text)) filter (where count = 0) as emptied from lessened
""")
"""By id, key and place alone: joins of the same were planned by what the table held before, and a
month that the statistics did not know yet was compared row by row."""
_EMPTIED = text(
    "delete from account_activity where ctid = any(cast(cast(:places as text[]) as tid[]))"
)


async def oldest_row(
    session: AsyncSession, institution: str, since: date, before: date
) -> date | None:
    """Return the first value day, from `since` on and before `before`, that has rows."""
    values = {"institution": institution, "since": since, "before": before}
    day: date | None = (await rows(session, _OLDEST, **values))[0].day
    return day


async def rows_between(
    session: AsyncSession, institution: str, first: date, last: date, limit: int
) -> int:
    """Return how many postings of these value days are rows, counting up to `limit`."""
    values = {"institution": institution, "first": first, "last": last, "limit": limit}
    return int((await rows(session, _SOME, **values))[0].postings)


async def moving(
    session: AsyncSession, institution: str, first: date, last: date, limit: int
) -> pa.Table:
    """Return up to `limit` postings of these value days that are rows, in the archive's order."""
    values = {"institution": institution, "first": first, "last": last, "limit": limit}
    read = [row._mapping for row in await rows(session, _MOVING, **values)]  # noqa: SLF001  (public in SQLAlchemy)
    table = pa.Table.from_pylist(read, schema=SCHEMA)
    return table.sort_by([(column, "ascending") for column in ORDER])


async def leave_rows(
    session: AsyncSession, institution: str, month: date, ids: Sequence[str]
) -> None:
    """Delete postings of a month that files hold now, and what they did to the activity.

    Raises `OvertakenError` when not every one of them is a row.
    """
    await run(session, _PLAN_ANEW)
    values = {"institution": institution, "month": month, "last": last_day(month), "ids": ids}
    [done] = await rows(session, _GONE, **values)
    if done.postings != len(ids) or done.unmatched:
        raise OvertakenError
    if done.emptied:
        await run(session, _EMPTIED, places=done.emptied)
