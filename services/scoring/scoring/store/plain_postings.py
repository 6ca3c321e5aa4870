"""Postings that are plainly good on their way in: one COPY and one statement for all of them.

They are stored without a look at what is there, which costs a third less than to look first;
where an id is taken, or an account not known, the whole transaction must be undone.
"""

import io
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from kit.db import driver_of
from pyarrow import csv
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.fingerprints import key_of
from scoring.archive.layout import IDS
from scoring.store.archive import archive_needed, files_in_use, hold_ids
from scoring.store.archived import look_up
from scoring.store.sql import rows, run

_COLUMNS = (
    "id",
    "account_number",
    "currency",
    "amount_minor",
    "value_date",
    "booked_at",
    "channel",
    "kind",
    "purpose",
    "counterparty",
    "month",
    "day",
)
_TABLE = text(
    "create temporary table if not exists incoming_plain (id text, account_number text, "
    "currency text, amount_minor bigint, value_date date, booked_at timestamptz, channel text, "
    "kind text, purpose text, counterparty text, month date, day smallint) on commit delete rows"
)
_TAKE = text("""
with fitting as materialized (
  select i.id, a.id as account_id, a.owner_id || coalesce(a.joint, '{}') as holders,
    i.amount_minor, i.value_date, i.booked_at, i.channel, i.kind, i.purpose, i.counterparty,
    i.month, i.amount_minor * i.day as moment
  from incoming_plain i join account a on a.institution = :institution
    and a.number = i.account_number and a.currency = i.currency
  where not exists (select 1 from parked_record p where p.institution = :institution
    and p.kind = 'postings' and p.key = i.id)
), stored as (
  insert into posting (institution, recorded_at, id, account_id, amount_minor, value_date,
    booked_at, channel, kind, purpose, counterparty)
  select :institution, now(), id, account_id, amount_minor, value_date, booked_at, channel, kind,
    purpose, counterparty from fitting order by id
), months as (
  insert into account_month as m (institution, account_id, month, s0, s1, postings)
  select :institution, account_id, month, sum(amount_minor), sum(moment), count(*)
  from fitting group by account_id, month order by account_id, month
  on conflict (account_id, month) do update set s0 = m.s0 + excluded.s0, s1 = m.s1 + excluded.s1,
    postings = m.postings + excluded.postings
), activity as (
  insert into account_activity as a (institution, account_id, month, channel, kind, purpose, count,
    amount_minor)
  select :institution, account_id, month, channel, kind, purpose, count(*), sum(amount_minor)
  from fitting group by account_id, month, channel, kind, purpose
  order by account_id, month, channel, kind, purpose
  on conflict (account_id, month, channel, kind, purpose) do update
    set count = a.count + excluded.count, amount_minor = a.amount_minor + excluded.amount_minor
)
select (select count(*) from fitting) as postings,
  (select max(booked_at) from fitting) as latest,
  array_agg(holder) as holders, array_agg(earliest) as earliest
from (select holder, min(value_date) as earliest
  from fitting cross join unnest(holders) as h(holder) group by holder) as by_holder
""")


class NotPlainError(Exception):
    """A posting needs a second look; the transaction must not commit."""


@dataclass(frozen=True, slots=True)
class TakenPlain:
    """Who is affected since when, and the latest booking."""

    since_by_holder: dict[UUID, date]
    latest: datetime


async def take_plain(session: AsyncSession, institution: str, table: pa.Table) -> TakenPlain:
    """Store postings and add them to the atoms; ids must be distinct, and all columns text.

    Raise `NotPlainError`, or let the unique key refuse, unless all are new and of known accounts.
    """
    await hold_ids(session, institution, alone=False)
    indexes = await files_in_use(session, institution, holds=IDS)
    if indexes:
        archive = archive_needed(session)
        keys = np.array([key_of(one) for one in table["id"].to_pylist()], dtype=np.uint64)
        keys.sort()
        if look_up(archive, indexes, keys, np.zeros_like(keys))[1]:
            raise NotPlainError
    await run(session, _TABLE)
    await _copy(session, table)
    [taken] = await rows(session, _TAKE, institution=institution)
    if taken.postings != table.num_rows:
        raise NotPlainError
    return TakenPlain(dict(zip(taken.holders, taken.earliest, strict=True)), taken.latest)


async def _copy(session: AsyncSession, table: pa.Table) -> None:
    days = table["value_date"]
    month = pc.binary_join_element_wise(pc.utf8_slice_codeunits(days, 0, 8), "01", "")
    table = table.append_column("month", month)
    table = table.append_column("day", pc.utf8_slice_codeunits(days, 8, 10))
    written = io.BytesIO()
    csv.write_csv(table.select(_COLUMNS), written, csv.WriteOptions(include_header=False))
    written.seek(0)
    driver = await driver_of(session)
    await driver.copy_to_table(
        "incoming_plain", source=written, columns=list(_COLUMNS), format="csv"
    )
