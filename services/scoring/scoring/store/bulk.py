"""Many postings at once: what the database knows of them, and what they do to the atoms."""

from datetime import datetime
from pathlib import Path

from kit.db import driver_of
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.columns import Totals
from scoring.domain.months import month_of
from scoring.store import institution, queue
from scoring.store.sql import rows, run

_ACCOUNTS = "select number, id, currency from account where institution = $1"
_ACCOUNT_HOLDERS = (
    "select id, unnest(owner_id || coalesce(joint, '{}')) from account "
    "where institution = $1 and owner_id is not null"
)
_IDS = (
    "select id from posting where institution = $1 "
    'and id collate "C" between $2::text and $3::text '
    "union all select key from parked_record where institution = $1 and kind = 'postings'"
)
_TABLE = text(
    "create temporary table if not exists incoming_month (account_id uuid, month date, "
    "s0 numeric, s1 numeric, postings int) on commit delete rows"
)
_ADD = text("""
insert into account_month as m (institution, account_id, month, s0, s1, postings)
select :institution, account_id, month, s0, s1, postings from incoming_month
on conflict (account_id, month) do update set s0 = m.s0 + excluded.s0, s1 = m.s1 + excluded.s1,
  postings = m.postings + excluded.postings
""")
_HOLDERS = text(
    "select h.holder, min(i.month) as since from incoming_month i "
    "join account a on a.id = i.account_id "
    "cross join unnest(a.owner_id || coalesce(a.joint, '{}')) as h(holder) group by h.holder"
)
_NOW = text("select clock_timestamp() as at")
FEW_ACCOUNTS = 20_000


async def read_accounts(session: AsyncSession, institution: str, file: Path) -> None:
    """Write number, id and currency of every known account."""
    driver = await driver_of(session)
    await driver.copy_from_query(_ACCOUNTS, institution, output=str(file), format="csv")


async def read_holders(session: AsyncSession, institution: str, file: Path) -> None:
    """Write the id of every account with each of its holders."""
    driver = await driver_of(session)
    await driver.copy_from_query(_ACCOUNT_HOLDERS, institution, output=str(file), format="csv")


async def read_ids(
    session: AsyncSession, institution: str, first: str, last: str, file: Path
) -> None:
    """Write the ids of rows from `first` through `last`, and of all parked postings."""
    driver = await driver_of(session)
    await driver.copy_from_query(_IDS, institution, first, last, output=str(file), format="csv")


async def now(session: AsyncSession) -> datetime:
    """Return the database's clock."""
    found: datetime = (await rows(session, _NOW))[0].at
    return found


async def add_atoms(session: AsyncSession, bank: str, file: Path, totals: Totals) -> None:
    """Add moments by account and month; their holders, or everybody where they are many, wait."""
    await run(session, _TABLE)
    driver = await driver_of(session)
    await driver.copy_to_table("incoming_month", source=str(file), format="csv")
    await run(session, _ADD, institution=bank)
    await institution.advance(session, bank, totals.latest)
    if totals.accounts > FEW_ACCOUNTS:
        await institution.recalculate_all(session, bank, month_of(totals.first))
    else:
        holders = await rows(session, _HOLDERS)
        await queue.enqueue(session, bank, {row.holder: row.since for row in holders})
