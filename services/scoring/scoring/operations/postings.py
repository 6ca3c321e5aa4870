"""Taking postings in: now where the account is known, parked where it is not yet."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from kit.db import Database
from kit.intake import Answer, Rejected, tell
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.posting import (
    AccountKey,
    Channel,
    Kind,
    Posting,
    Rejection,
    mismatch,
    objection,
)
from scoring.store import accounts, institution, parked, postings, queue
from scoring.store.parked import Parked
from scoring.store.sql import hold_accounts

KIND = "postings"
CONFLICT = Rejection("CONFLICT", "id: another posting is known under this id")


class _Verdicts:
    """What became of each line so far."""

    def __init__(self) -> None:
        self.accepted = self.unchanged = self.parked = 0
        self.rejected: list[Rejected] = []

    def reject(self, line: int, why: Rejection) -> None:
        self.rejected.append(Rejected(line, why.code, why.reason))

    def answer(self) -> Answer:
        return Answer(self.accepted, self.unchanged, self.parked, self.rejected)


async def record_postings(
    db: Database, bank: str, lines: Sequence[tuple[int, Posting]], *, at: datetime
) -> Answer:
    """Take each posting once, whatever the order and however often it is sent."""
    verdicts = _Verdicts()
    distinct = _distinct(lines, verdicts, at)
    async with db.transaction(bank) as session:
        keys = await _accounts(session, bank, {p.account_number for _, p in distinct.values()})
        waiting = await parked.payloads(session, bank, KIND, list(distinct))
        known: list[Posting] = []
        unknown: list[Posting] = []
        for key, (line, posting) in distinct.items():
            if key in waiting:
                _same(verdicts, line, posting, waiting[key])
            elif posting.account_number in keys:
                known.append(posting)
            else:
                unknown.append(posting)
        accepted, refused = await _take(session, bank, known, keys)
        for key, why in refused.items():
            verdicts.reject(distinct[key][0], why)
        verdicts.accepted = accepted
        verdicts.unchanged += len(known) - accepted - len(refused)
        await _park(session, bank, {p.id: distinct[p.id] for p in unknown}, verdicts)
        return tell(verdicts.answer())


def _distinct(
    lines: Sequence[tuple[int, Posting]], verdicts: _Verdicts, at: datetime
) -> dict[str, tuple[int, Posting]]:
    """Return the first line of each id that may be true; judge the others."""
    found: dict[str, tuple[int, Posting]] = {}
    for line, posting in lines:
        why = objection(posting, at=at)
        if why:
            verdicts.reject(line, why)
        elif posting.id not in found:
            found[posting.id] = line, posting
        elif found[posting.id][1] == posting:
            verdicts.unchanged += 1
        else:
            verdicts.reject(line, CONFLICT)
    return found


def _same(verdicts: _Verdicts, line: int, posting: Posting, payload: Mapping[str, Any]) -> None:
    if payload == plain(posting):
        verdicts.unchanged += 1
    else:
        verdicts.reject(line, CONFLICT)


async def _accounts(
    session: AsyncSession, bank: str, numbers: set[str]
) -> Mapping[str, AccountKey]:
    """Return the known accounts; where some are unknown, they stay so until the end."""
    keys = await accounts.account_keys(session, bank, list(numbers))
    if len(keys) == len(numbers):
        return keys
    await hold_accounts(session, bank, alone=False)
    return keys | await accounts.account_keys(session, bank, list(numbers - keys.keys()))


async def _take(
    session: AsyncSession, bank: str, found: Sequence[Posting], keys: Mapping[str, AccountKey]
) -> tuple[int, dict[str, Rejection]]:
    """Store new postings, move the business date, let their owners be worked out again."""
    refused: dict[str, Rejection] = {}
    fitting: list[tuple[Posting, AccountKey]] = []
    for posting in found:
        account = keys[posting.account_number]
        why = mismatch(posting, account)
        if why:
            refused[posting.id] = why
        else:
            fitting.append((posting, account))
    if not fitting:
        return 0, refused
    taken = await postings.take_postings(session, bank, fitting)
    refused |= dict.fromkeys(taken.contradicted, CONFLICT)
    if taken.latest:
        await institution.advance(session, bank, taken.latest)
        await queue.enqueue(session, bank, taken.since_by_holder)
    return taken.count, refused


async def _park(
    session: AsyncSession,
    bank: str,
    unknown: Mapping[str, tuple[int, Posting]],
    verdicts: _Verdicts,
) -> None:
    if not unknown:
        return
    stored = await postings.known_ids(session, bank, list(unknown))
    for key in stored:
        verdicts.reject(unknown[key][0], CONFLICT)
    kept = {
        key: Parked(key, posting.account_number, plain(posting))
        for key, (_, posting) in unknown.items()
        if key not in stored
    }
    added = await parked.park(session, bank, KIND, list(kept.values()))
    verdicts.parked = len(added)
    others = await parked.payloads(session, bank, KIND, list(kept.keys() - added))
    for key, payload in others.items():
        _same(verdicts, *unknown[key], payload)


async def admit_postings(session: AsyncSession, bank: str, keys: Mapping[str, AccountKey]) -> None:
    """Take in the postings that waited for these accounts; what is refused stays, with a reason."""
    found = await parked.waiting(session, bank, KIND, list(keys))
    if found:
        read = [posting_of(one.payload) for one in found]
        _, refused = await _take(session, bank, read, keys)
        await parked.unpark(
            session,
            bank,
            KIND,
            gone=[posting.id for posting in read if posting.id not in refused],
            staying={key: why.code for key, why in refused.items()},
        )


def plain(posting: Posting) -> dict[str, Any]:
    """Write a posting as plain values, as it is parked."""
    return asdict(posting) | {
        "value_date": posting.value_date.isoformat(),
        "booked_at": posting.booked_at.isoformat(),
    }


def posting_of(payload: Mapping[str, Any]) -> Posting:
    """Read a parked posting."""
    values = dict(payload)
    values["value_date"] = date.fromisoformat(values["value_date"])
    values["booked_at"] = datetime.fromisoformat(values["booked_at"])
    values["channel"] = Channel(values["channel"])
    values["kind"] = Kind(values["kind"])
    return Posting(**values)
