"""Rates that were agreed for single accounts."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.store.sql import records, rows, run

Key = tuple[UUID, date]
_AT = text(
    "select r.account_id, r.effective_from, r.rate_ppm from account_rate r join "
    "jsonb_to_recordset(cast(:records as jsonb)) as n(account_id uuid, effective_from date) "
    "on (r.account_id, r.effective_from) = (n.account_id, n.effective_from) "
    "where r.institution = :institution order by 1, 2 for update of r"
)
_SAVE = text(
    "insert into account_rate (institution, recorded_at, account_id, effective_from, rate_ppm) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(account_id uuid, effective_from date, "
    "rate_ppm int) order by 3, 4 on conflict (institution, account_id, effective_from) "
    "do update set rate_ppm = excluded.rate_ppm"
)


async def account_rates_at(
    session: AsyncSession, institution: str, keys: Sequence[Key]
) -> dict[Key, int]:
    """Return what is stored of these accounts and days, locked until the transaction ends."""
    asked = records({"account_id": one, "effective_from": day} for one, day in keys)
    read = await rows(session, _AT, institution=institution, records=asked)
    return {(row.account_id, row.effective_from): row.rate_ppm for row in read}


async def save_account_rates(
    session: AsyncSession, institution: str, rates: Mapping[Key, int]
) -> None:
    """Store rates by account and day, in place of what was known."""
    found = records(
        {"account_id": one, "effective_from": day, "rate_ppm": ppm}
        for (one, day), ppm in rates.items()
    )
    await run(session, _SAVE, institution=institution, records=found)
