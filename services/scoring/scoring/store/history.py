"""What accounts' months hold: the atoms, read for many accounts by one statement.

Where that statement names files of the archive, what they hold is added.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.sheets import Kept
from scoring.domain.account import AccountId, Activity, Ahead, History, Moments
from scoring.domain.as_of import Late
from scoring.domain.explained_inputs import Entry
from scoring.domain.months import Period, last_day, month_of, plus
from scoring.domain.posting import Channel, Kind
from scoring.store.archive import FILES, LATE_FILES, cold, file_of
from scoring.store.sql import rows

_CHANNELS = {channel.value: channel for channel in Channel}
_KINDS = {kind.value: kind for kind in Kind}
_HISTORY = text(f"""
select 'opening' as what, account_id, cast(null as date) as day, cast(null as text) as channel,
  cast(null as text) as kind, cast(null as text) as purpose, 0 as count, sum(s0) as a, 0 as b
from account_month where account_id = any(cast(:ids as uuid[])) and month < :first
  and institution = :institution group by account_id
union all
select 'moments', account_id, month, null, null, null, 0, s0, s1
from account_month where account_id = any(cast(:ids as uuid[])) and month between :first and :last
  and institution = :institution
union all
select 'activity', account_id, month, channel, kind, purpose, count, amount_minor, 0
from account_activity where account_id = any(cast(:ids as uuid[]))
  and month between :first and :last and institution = :institution and :acts
union all
select 'ahead', account_id, value_date, channel, kind, purpose, 1, amount_minor, 0
from posting where account_id = any(cast(:ids as uuid[])) and value_date > :business_date
  and value_date <= :ahead_to and institution = :institution
union all
select 'day', p.account_id, p.value_date, p.channel, p.kind, p.purpose, count(*),
  sum(p.amount_minor), 0 from posting p
join unnest(cast(:day_accounts as uuid[]), cast(:day_months as date[])) as w(account_id, month)
  on p.account_id = w.account_id and p.value_date >= w.month
  and p.value_date < w.month + interval '1 month'
where p.institution = :institution
group by p.account_id, p.value_date, p.channel, p.kind, p.purpose
union all
select * from ({FILES}) as files where :acts or files.month = :current
""")  # noqa: S608  (constants)
_ACTED = ("account_id", "value_date", "channel", "kind", "purpose", "amount_minor")
_MOVED = ("account_id", "value_date", "amount_minor")


async def histories(  # noqa: PLR0913  (whose, which months, as of when, how much of it)
    session: AsyncSession,
    institution: str,
    ids: Sequence[AccountId],
    period: Period,
    *,
    business_date: date,
    acts: bool,
    by_day: Sequence[tuple[AccountId, date]] = (),
    kept: Kept | None = None,
) -> dict[AccountId, History]:
    """Return the period of each account that has any; without acts, its balances only.

    Of the accounts and months in `by_day`, what was done on each day comes too. The month of a past
    business date may lie in files: what is valued in it after that date is told from them. What
    `kept` has added up of closed months, and nobody asks by the day, is not read in files.
    """
    within = month_of(business_date) in period
    ahead_to = last_day(business_date) if within else business_date
    read = await rows(
        session,
        _HISTORY,
        institution=institution,
        ids=ids,
        first=period.first,
        last=period.last,
        business_date=business_date,
        ahead_to=ahead_to,
        current=month_of(business_date),
        acts=acts,
        day_accounts=[account_id for account_id, _ in by_day],
        day_months=[month for _, month in by_day],
    )
    files = [file_of(row.purpose) for row in read if row.what == "file"]
    summed: dict[Act, tuple[int, int]] = {}
    one_by_one = {*ids}
    if kept and files and kept.sheet.covers(files):
        wanted = one_by_one - {account_id for account_id, _ in by_day}
        known, summed = await asyncio.to_thread(_summed, kept, wanted, period)
        one_by_one -= known
    acted = await cold(session, files, one_by_one, period.first, last_day(period.last), _ACTED)
    days: dict[Act, tuple[int, int]] = {}
    archived = _added_up(acted, days, frozenset(by_day)) | summed
    every: list[Any] = [row for row in read if row.what != "file"]
    every += _ahead_in_files(acted, business_date, ahead_to)
    return _histories(every, archived if acts else {}, days, by_day)


def _ahead_in_files(acted: pa.Table, after: date, last: date) -> Iterator[tuple[Any, ...]]:
    """Give archived postings valued after one day and through another, as the statement does."""
    for account_id, day, channel, kind, purpose, amount in _told(acted):
        if after < day <= last:
            yield "ahead", AccountId(UUID(account_id)), day, channel, kind, purpose, 1, amount, 0


def _told(acted: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(acted[name].to_pylist() for name in _ACTED), strict=True)


Act = tuple[AccountId, date, str, str, str]


def _summed(
    kept: Kept, wanted: AbstractSet[AccountId], period: Period
) -> tuple[set[AccountId], dict[Act, tuple[int, int]]]:
    """Return those of the accounts of which the sheet tells, and what was done in them."""
    found: dict[Act, tuple[int, int]] = {}
    held = kept.sheet.accounts(kept.holders)
    known = {str(one): one for one in wanted if str(one) in held}
    acts = kept.sheet.acts(kept.holders, period.first, period.last)
    for account_id, month, channel, kind, purpose, count, amount in acts:
        if account_id in known:
            found[known[account_id], month, channel, kind, purpose] = count, int(amount)
    return {*known.values()}, found


def _added_up(
    acted: pa.Table, days: dict[Act, tuple[int, int]], wanted: frozenset[tuple[AccountId, date]]
) -> dict[Act, tuple[int, int]]:
    """Count archived postings, and add up their amounts, by account, month and what was done.

    Those of `wanted` accounts and months are added to `days` too, by their day.
    """
    found: dict[Act, tuple[int, int]] = {}
    for account_id, day, channel, kind, purpose, amount in _told(acted):
        account = AccountId(UUID(account_id))
        act = account, month_of(day), channel, kind, purpose
        count, added = found.get(act, (0, 0))
        found[act] = count + 1, added + amount
        if act[:2] in wanted:
            _add(days, (account, day, channel, kind, purpose), 1, amount)
    return found


def _add(days: dict[Act, tuple[int, int]], act: Act, count: int, amount: int) -> None:
    before, added = days.get(act, (0, 0))
    days[act] = before + count, added + amount


def _histories(
    read: Iterable[Any],
    archived: dict[Act, tuple[int, int]],
    days: dict[Act, tuple[int, int]],
    wanted: Iterable[tuple[AccountId, date]],
) -> dict[AccountId, History]:
    opening: dict[AccountId, int] = {}
    moments: dict[AccountId, dict[date, Moments]] = {}
    activity: dict[AccountId, dict[date, list[Activity]]] = {}
    ahead: dict[AccountId, list[Ahead]] = {}
    by_day: dict[AccountId, dict[date, list[Activity]]] = {}
    for account_id, month in wanted:
        by_day.setdefault(account_id, {})[month] = []
    for what, account_id, day, channel, kind, purpose, count, a, b in read:
        if what == "opening":
            opening[account_id] = int(a)
        elif what == "moments":
            moments.setdefault(account_id, {})[day] = Moments(int(a), int(b))
        elif what == "activity":
            before, added = archived.pop((account_id, day, channel, kind, purpose), (0, 0))
            act = Activity(
                _CHANNELS[channel], _KINDS[kind], purpose, before + count, added + int(a)
            )
            activity.setdefault(account_id, {}).setdefault(day, []).append(act)
        elif what == "day":
            _add(days, (account_id, day, channel, kind, purpose), count, int(a))
        else:
            act_ahead = Ahead(day.day, _CHANNELS[channel], _KINDS[kind], purpose, int(a))
            ahead.setdefault(account_id, []).append(act_ahead)
    for (account_id, day, channel, kind, purpose), (count, added) in days.items():
        act = Activity(_CHANNELS[channel], _KINDS[kind], purpose, count, added, day.day)
        by_day[account_id][month_of(day)].append(act)
    for (account_id, day, channel, kind, purpose), (count, added) in archived.items():
        act = Activity(_CHANNELS[channel], _KINDS[kind], purpose, count, added)
        activity.setdefault(account_id, {}).setdefault(day, []).append(act)
    return {
        account_id: History(
            opening.get(account_id, 0),
            moments.get(account_id, {}),
            activity.get(account_id, {}),
            ahead.get(account_id, ()),
            by_day.get(account_id, {}),
        )
        for account_id in {*opening, *moments, *activity, *ahead, *by_day}
    }


_LATE = text(f"""
select 'row' as what, account_id, value_date, channel, kind, purpose, amount_minor
from posting where account_id = any(cast(:ids as uuid[])) and recorded_at > :known_at
  and institution = :institution
union all
select f.what, null, null, null, null, f.written, 0 from ({LATE_FILES})
  as f(what, account_id, month, channel, kind, written, count, a, b)
""")  # noqa: S608  (constants)


async def recorded_after(
    session: AsyncSession, institution: str, ids: Sequence[AccountId], known_at: datetime
) -> dict[AccountId, list[Late]]:
    """Return the postings of these accounts that were recorded only after `known_at`."""
    found: dict[AccountId, list[Late]] = {}
    values = {"institution": institution, "ids": ids, "known_at": known_at}
    read = await rows(session, _LATE, **values)
    files = [file_of(row.purpose) for row in read if row.what == "file"]
    archived = await cold(session, files, ids, date.min, date.max, (*_ACTED, "recorded_at"))
    late = archived.filter(pc.greater(archived["recorded_at"], pa.scalar(known_at)))
    every: list[Any] = [row[1:] for row in read if row.what == "row"]
    every += zip(*(late[name].to_pylist() for name in _ACTED), strict=True)
    for account_id, day, channel, kind, purpose, amount in every:
        one = Late(day, _CHANNELS[channel], _KINDS[kind], purpose, amount)
        found.setdefault(AccountId(UUID(str(account_id))), []).append(one)
    return found


_POSTINGS = text(f"""
select cast(null as text) as file, id, value_date, channel, kind, purpose, amount_minor
from posting where account_id = any(cast(:ids as uuid[])) and value_date between :day and :through
  and institution = :institution
  and (cast(:known_at as timestamptz) is null or recorded_at <= :known_at)
union all
select f.written, null, null, null, null, null, 0 from ({FILES})
  as f(what, account_id, month, channel, kind, written, count, a, b)
""")  # noqa: S608  (constants)
_TOLD = ("id", "value_date", "channel", "kind", "purpose", "amount_minor")


async def postings(  # noqa: PLR0913, PLR0917  (whose, from when to when, as known when)
    session: AsyncSession,
    institution: str,
    account_id: AccountId,
    first: date,
    last: date,
    known_at: datetime | None = None,
) -> list[Entry]:
    """Return an account's postings valued on these days, by day and id."""
    values = {"institution": institution, "ids": [account_id], "day": first, "through": last}
    months = {"first": month_of(first), "last": month_of(last)}
    read = await rows(session, _POSTINGS, known_at=known_at, **values, **months)
    files = [file_of(row.file) for row in read if row.file is not None]
    archived = await cold(session, files, [account_id], first, last, (*_TOLD, "recorded_at"))
    if known_at is not None:
        archived = archived.filter(pc.less_equal(archived["recorded_at"], pa.scalar(known_at)))
    every: list[Any] = [row[1:] for row in read if row.file is None]
    every += zip(*(archived[name].to_pylist() for name in _TOLD), strict=True)
    found = [
        Entry(id_, day, _CHANNELS[channel], _KINDS[kind], purpose, amount)
        for id_, day, channel, kind, purpose, amount in every
    ]
    return sorted(found, key=lambda one: (one.value_date, one.id))


_BALANCES = text(f"""
select cast(null as text) as file, account_id, sum(amount) as balance from (
  select account_id, s0 as amount from account_month
  where account_id = any(cast(:ids as uuid[])) and month < :month and institution = :institution
  union all
  select account_id, amount_minor from posting where account_id = any(cast(:ids as uuid[]))
    and value_date between :month and :day and institution = :institution
) as moved group by account_id
union all
select f.written, null, 0 from ({FILES})
  as f(what, account_id, month, channel, kind, written, count, a, b)
""")  # noqa: S608  (constants)
_DAILY = text(f"""
select cast(null as text) as file, value_date, sum(amount_minor) as amount from posting
where account_id = any(cast(:ids as uuid[])) and value_date between :day and :through
  and institution = :institution group by value_date
union all
select f.written, null, 0 from ({FILES})
  as f(what, account_id, month, channel, kind, written, count, a, b)
""")  # noqa: S608  (constants)


async def balances(
    session: AsyncSession, institution: str, ids: Sequence[AccountId], on: date
) -> Mapping[AccountId, int]:
    """Return what postings make of each account's balance at the end of the day `on`."""
    whole = on == last_day(on)
    month = plus(month_of(on), 1) if whole else month_of(on)
    values = {"institution": institution, "ids": ids, "month": month, "day": on}
    read = await rows(session, _BALANCES, first=month, last=month, **values)
    found = {AccountId(row.account_id): int(row.balance) for row in read if row.file is None}
    files = [file_of(row.file) for row in read if row.file is not None]
    moved = await cold(session, files, ids, month, on, _MOVED)
    accounts, amounts = moved["account_id"].to_pylist(), moved["amount_minor"].to_pylist()
    for one, amount in zip(accounts, amounts, strict=True):
        account_id = AccountId(UUID(one))
        found[account_id] = found.get(account_id, 0) + amount
    return found


async def movements(
    session: AsyncSession, institution: str, account_id: AccountId, first: date, last: date
) -> tuple[int, list[tuple[date, int]]]:
    """Return an account's balance before `first`, and what moved it on days through `last`.

    A day may come twice: what is a row of it, and what a file holds.
    """
    before = await balances(session, institution, [account_id], first - timedelta(days=1))
    values = {"institution": institution, "ids": [account_id], "day": first, "through": last}
    read = await rows(session, _DAILY, first=month_of(first), last=month_of(last), **values)
    moves = [(row.value_date, int(row.amount)) for row in read if row.file is None]
    files = [file_of(row.file) for row in read if row.file is not None]
    moved = await cold(session, files, [account_id], first, last, _MOVED)
    days, amounts = moved["value_date"].to_pylist(), moved["amount_minor"].to_pylist()
    return before.get(account_id, 0), moves + list(zip(days, amounts, strict=True))
