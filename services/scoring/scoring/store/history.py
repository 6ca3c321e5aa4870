"""What accounts' months hold: the atoms, read for many accounts by one statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import AccountId, Activity, Ahead, History, Moments
from scoring.domain.as_of import Late
from scoring.domain.months import Period, last_day, month_of
from scoring.domain.posting import Channel, Kind
from scoring.store.sql import rows

_CHANNELS = {channel.value: channel for channel in Channel}
_KINDS = {kind.value: kind for kind in Kind}
_HISTORY = text("""
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
""")


async def histories(  # noqa: PLR0913  (whose, which months, as of when, how much of it)
    session: AsyncSession,
    institution: str,
    ids: Sequence[AccountId],
    period: Period,
    *,
    business_date: date,
    acts: bool,
) -> dict[AccountId, History]:
    """Return the period of each account that has any; without acts, its balances only."""
    within = month_of(business_date) in period
    read = await rows(
        session,
        _HISTORY,
        institution=institution,
        ids=ids,
        first=period.first,
        last=period.last,
        business_date=business_date,
        ahead_to=last_day(business_date) if within else business_date,
        acts=acts,
    )
    return _histories(read)


def _histories(read: Iterable[Any]) -> dict[AccountId, History]:
    opening: dict[AccountId, int] = {}
    moments: dict[AccountId, dict[date, Moments]] = {}
    activity: dict[AccountId, dict[date, list[Activity]]] = {}
    ahead: dict[AccountId, list[Ahead]] = {}
    for what, account_id, day, channel, kind, purpose, count, a, b in read:
        if what == "opening":
            opening[account_id] = int(a)
        elif what == "moments":
            moments.setdefault(account_id, {})[day] = Moments(int(a), int(b))
        elif what == "activity":
            act = Activity(_CHANNELS[channel], _KINDS[kind], purpose, count, int(a))
            activity.setdefault(account_id, {}).setdefault(day, []).append(act)
        else:
            act_ahead = Ahead(day.day, _CHANNELS[channel], _KINDS[kind], purpose, int(a))
            ahead.setdefault(account_id, []).append(act_ahead)
    return {
        account_id: History(
            opening.get(account_id, 0),
            moments.get(account_id, {}),
            activity.get(account_id, {}),
            ahead.get(account_id, ()),
        )
        for account_id in opening.keys() | moments.keys() | activity.keys() | ahead.keys()
    }


_LATE = text(
    "select account_id, value_date, channel, kind, purpose, amount_minor from posting "
    "where account_id = any(cast(:ids as uuid[])) and recorded_at > :known_at "
    "and institution = :institution"
)


async def recorded_after(
    session: AsyncSession, institution: str, ids: Sequence[AccountId], known_at: datetime
) -> dict[AccountId, list[Late]]:
    """Return the postings of these accounts that were recorded only after `known_at`."""
    found: dict[AccountId, list[Late]] = {}
    values = {"institution": institution, "ids": ids, "known_at": known_at}
    for row in await rows(session, _LATE, **values):
        channel, kind = _CHANNELS[row.channel], _KINDS[row.kind]
        late = Late(row.value_date, channel, kind, row.purpose, row.amount_minor)
        found.setdefault(AccountId(row.account_id), []).append(late)
    return found


_BALANCES = text("""
select account_id, sum(amount) as balance from (
  select account_id, s0 as amount from account_month
  where account_id = any(cast(:ids as uuid[])) and month < :month and institution = :institution
  union all
  select account_id, amount_minor from posting where account_id = any(cast(:ids as uuid[]))
    and value_date between :month and :day and institution = :institution
) as moved group by account_id
""")
_DAILY = text(
    "select value_date, sum(amount_minor) as amount from posting where account_id = :id "
    "and value_date between :first and :last and institution = :institution group by value_date"
)


async def balances(
    session: AsyncSession, institution: str, ids: Sequence[AccountId], on: date
) -> Mapping[AccountId, int]:
    """Return what postings make of each account's balance at the end of the day `on`."""
    values = {"institution": institution, "ids": ids, "month": month_of(on), "day": on}
    read = await rows(session, _BALANCES, **values)
    return {AccountId(row.account_id): int(row.balance) for row in read}


async def movements(
    session: AsyncSession, institution: str, account_id: AccountId, first: date, last: date
) -> tuple[int, list[tuple[date, int]]]:
    """Return an account's balance before `first`, and what moved it on each day to `last`."""
    before = await balances(session, institution, [account_id], first - timedelta(days=1))
    values = {"institution": institution, "id": account_id, "first": first, "last": last}
    read = await rows(session, _DAILY, **values)
    return before.get(account_id, 0), [(row.value_date, int(row.amount)) for row in read]
