"""Postings on their way in: each once, straight into the atoms, in one transaction.

Those that the archive holds are known before the others become rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kit.db import copy_aside
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.posting import AccountKey, Posting
from scoring.store.archive import hold_ids
from scoring.store.archived import archived_among, archived_ids
from scoring.store.sql import rows, run

_INCOMING = (
    "id",
    "account_id",
    "amount_minor",
    "value_date",
    "booked_at",
    "channel",
    "kind",
    "purpose",
    "counterparty",
)
_TABLE = text(
    "create temporary table if not exists incoming (id text, account_id uuid, "
    "amount_minor bigint, value_date date, booked_at timestamptz, channel text, kind text, "
    "purpose text, counterparty text) on commit delete rows"
)
_EMPTY = text("delete from incoming")
_TAKE = text("""
with fresh as (
  insert into posting (institution, recorded_at, id, account_id, amount_minor, value_date,
    booked_at, channel, kind, purpose, counterparty)
  select :institution, now(), id, account_id, amount_minor, value_date, booked_at, channel, kind,
    purpose, counterparty from incoming order by id
  on conflict do nothing
  returning id, account_id, amount_minor, value_date, booked_at, channel, kind, purpose
), months as (
  insert into account_month as m (institution, account_id, month, s0, s1, postings)
  select :institution, account_id, cast(date_trunc('month', value_date) as date) as month,
    sum(amount_minor), sum(amount_minor * extract(day from value_date)), count(*)
  from fresh group by account_id, month order by account_id, month
  on conflict (account_id, month) do update set s0 = m.s0 + excluded.s0, s1 = m.s1 + excluded.s1,
    postings = m.postings + excluded.postings
), activity as (
  insert into account_activity as a (institution, account_id, month, channel, kind, purpose, count,
    amount_minor)
  select :institution, account_id, cast(date_trunc('month', value_date) as date) as month, channel,
    kind, purpose, count(*), sum(amount_minor)
  from fresh group by account_id, month, channel, kind, purpose
  order by account_id, month, channel, kind, purpose
  on conflict (account_id, month, channel, kind, purpose) do update
    set count = a.count + excluded.count, amount_minor = a.amount_minor + excluded.amount_minor
)
select account_id, min(value_date) as earliest, max(booked_at) as latest, count(*) as postings
from fresh group by account_id
""")
_CONTRADICTED = text("""
select i.id from incoming i join posting p on p.institution = :institution and p.id = i.id
where (i.account_id, i.amount_minor, i.value_date, i.booked_at, i.channel, i.kind, i.purpose,
  i.counterparty) is distinct from (p.account_id, p.amount_minor, p.value_date, p.booked_at,
  p.channel, p.kind, p.purpose, p.counterparty)
""")
_KNOWN = text(
    "select id from posting where institution = :institution and id = any(cast(:ids as text[]))"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: who is affected since when, and which ids contradict stored ones."""

    count: int
    since_by_holder: dict[UUID, date]
    latest: datetime | None
    contradicted: frozenset[str]


async def take_postings(
    session: AsyncSession, institution: str, postings: Sequence[tuple[Posting, AccountKey]]
) -> Taken:
    """Store those postings whose id is new and add them to the atoms; ids must be distinct."""
    await hold_ids(session, institution, alone=False)
    archived = await archived_among(session, institution, postings)
    fresh = [one for one in postings if one[0].id not in archived]
    contradicted = frozenset(key for key, same in archived.items() if not same)
    if not fresh:
        return Taken(0, {}, None, contradicted)
    await run(session, _TABLE)
    await run(session, _EMPTY)
    await copy_aside(session, "incoming", _INCOMING, _values(fresh))
    moved = await rows(session, _TAKE, institution=institution)
    count = sum(row.postings for row in moved)
    if count < len(fresh):
        found = await rows(session, _CONTRADICTED, institution=institution)
        contradicted |= {row.id for row in found}
    return Taken(
        count,
        _since_by_holder(postings, {row.account_id: row.earliest for row in moved}),
        max((row.latest for row in moved), default=None),
        contradicted,
    )


def _since_by_holder(
    postings: Sequence[tuple[Posting, AccountKey]], moved: Mapping[UUID, date]
) -> dict[UUID, date]:
    """Return the earliest day that moved any account of each of its holders."""
    since: dict[UUID, date] = {}
    accounts = {account.id: account for _, account in postings if account.id in moved}
    for account in accounts.values():
        for holder in account.holders:
            since[holder] = min(moved[account.id], since.get(holder, date.max))
    return since


def _values(postings: Sequence[tuple[Posting, AccountKey]]) -> Iterable[tuple[object, ...]]:
    for posting, account in postings:
        yield (
            posting.id,
            account.id,
            posting.amount_minor,
            posting.value_date,
            posting.booked_at,
            posting.channel,
            posting.kind,
            posting.purpose,
            posting.counterparty,
        )


async def known_ids(session: AsyncSession, institution: str, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are stored, and let no other come until the transaction ends."""
    await hold_ids(session, institution, alone=False)
    stored = {row.id for row in await rows(session, _KNOWN, institution=institution, ids=ids)}
    return stored | await archived_ids(session, institution, ids)
