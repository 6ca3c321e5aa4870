"""Taking rates of single accounts in: the last ones sent hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kit.db import Database
from kit.intake import Answer, tell
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import OwnRate
from scoring.domain.posting import AccountKey
from scoring.store import account_rates as store
from scoring.store import accounts, parked, queue
from scoring.store.parked import Parked
from scoring.store.sql import hold_accounts

KIND = "account_rates"


@dataclass(frozen=True, slots=True)
class AccountRate:
    """A rate, and the number of the account that it was agreed for."""

    account_number: str
    rate: OwnRate

    @property
    def key(self) -> str:
        """Return what it is parked under; a later one of the same day takes its place."""
        return f"{self.rate.effective_from.isoformat()}/{self.account_number}"


async def record_account_rates(db: Database, bank: str, told: Sequence[AccountRate]) -> Answer:
    """Store each rate in place of another of the same account and day; its holders wait."""
    last = {one.key: one for one in told}
    numbers = {one.account_number for one in last.values()}
    async with db.transaction(bank) as session:
        keys = await accounts.account_keys(session, bank, list(numbers))
        if len(keys) < len(numbers):
            await hold_accounts(session, bank, alone=False)
            keys = await accounts.account_keys(session, bank, list(numbers))
        known = [one for one in last.values() if one.account_number in keys]
        changed = await _take(session, bank, known, keys)
        unknown = [one for one in last.values() if one.account_number not in keys]
        waiting = await _park(session, bank, unknown)
        unchanged = len(told) - changed - waiting
        return tell(Answer(accepted=changed, unchanged=unchanged, parked=waiting))


async def _take(
    session: AsyncSession,
    bank: str,
    found: Sequence[AccountRate],
    keys: Mapping[str, AccountKey],
) -> int:
    """Store what is other than known and let the holders be worked out again."""
    if not found:
        return 0
    rates = {(keys[one.account_number].id, one.rate.effective_from): one for one in found}
    former = await store.account_rates_at(session, bank, list(rates))
    changed = {key: one for key, one in rates.items() if former.get(key) != one.rate.rate_ppm}
    if changed:
        stored = {key: one.rate.rate_ppm for key, one in changed.items()}
        await store.save_account_rates(session, bank, stored)
        since: dict[UUID, date] = {}
        for (_, day), one in changed.items():
            for holder in keys[one.account_number].holders:
                since[holder] = min(day, since.get(holder, day))
        await queue.enqueue(session, bank, since)
    return len(changed)


async def _park(session: AsyncSession, bank: str, unknown: Sequence[AccountRate]) -> int:
    """Keep rates until their account is known, in place of former ones; return how many are new."""
    kept = {one.key: Parked(one.key, one.account_number, plain(one)) for one in unknown}
    if not kept:
        return 0
    added = await parked.park(session, bank, KIND, list(kept.values()))
    others = await parked.payloads(session, bank, KIND, list(kept.keys() - added))
    changed = [kept[key] for key, payload in others.items() if payload != kept[key].payload]
    if changed:
        await parked.replace_parked(session, bank, KIND, changed)
    return len(added) + len(changed)


async def admit_account_rates(
    session: AsyncSession, bank: str, keys: Mapping[str, AccountKey]
) -> None:
    """Take in the rates that waited for these accounts."""
    found = await parked.waiting(session, bank, KIND, list(keys))
    if found:
        read = [rate_of(one.account_number, one.payload) for one in found]
        await _take(session, bank, read, keys)
        await parked.unpark(session, bank, KIND, gone=[one.key for one in found], staying={})


def plain(one: AccountRate) -> dict[str, Any]:
    """Write a rate as plain values, as it is parked."""
    return {
        "effective_from": one.rate.effective_from.isoformat(),
        "rate_ppm": one.rate.rate_ppm,
    }


def rate_of(account_number: str, payload: Mapping[str, Any]) -> AccountRate:
    """Read a parked rate."""
    day = date.fromisoformat(payload["effective_from"])
    return AccountRate(account_number, OwnRate(day, payload["rate_ppm"]))
