"""Taking loans' terms in: the last ones sent hold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from kit.db import Database
from kit.intake import Answer, Rejected, tell
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.loan import BalanceBasis, Grade, LoanTerms, mismatch, objection
from scoring.domain.posting import AccountKey, Rejection
from scoring.store import accounts, parked, queue
from scoring.store.parked import Parked
from scoring.store.sql import hold_accounts

KIND = "loans"


@dataclass(frozen=True, slots=True)
class Loan:
    """Terms, and the number of the account that they are for."""

    account_number: str
    terms: LoanTerms


async def record_loans(db: Database, bank: str, lines: Sequence[tuple[int, Loan]]) -> Answer:
    """Store the terms of each account; its holders are worked out again where they are others."""
    rejected: list[Rejected] = []
    last: dict[str, tuple[int, Loan]] = {}
    for line, loan in lines:
        why = objection(loan.terms)
        if why:
            rejected.append(Rejected(line, why.code, why.reason))
        else:
            last[loan.account_number] = line, loan
    repeated = len(lines) - len(rejected) - len(last)
    async with db.transaction(bank) as session:
        keys = await accounts.account_keys(session, bank, list(last))
        if len(keys) < len(last):
            await hold_accounts(session, bank, alone=False)
            keys = await accounts.account_keys(session, bank, list(last))
        known = {number: loan.terms for number, (_, loan) in last.items() if number in keys}
        unknown = [loan for number, (_, loan) in last.items() if number not in keys]
        changed, refused = await _take(session, bank, known, keys)
        for number, why in refused.items():
            rejected.append(Rejected(last[number][0], why.code, why.reason))
        waiting = await _park(session, bank, unknown)
        return tell(
            Answer(
                accepted=changed,
                unchanged=repeated + len(last) - len(refused) - changed - waiting,
                parked=waiting,
                rejected=rejected,
            )
        )


async def _take(
    session: AsyncSession,
    bank: str,
    found: Mapping[str, LoanTerms],
    keys: Mapping[str, AccountKey],
) -> tuple[int, dict[str, Rejection]]:
    refused = {number: why for number in found if (why := mismatch(keys[number]))}
    fitting = {keys[number]: terms for number, terms in found.items() if number not in refused}
    former = await accounts.loans(session, [account.id for account in fitting])
    changed = {
        account: terms for account, terms in fitting.items() if former.get(account.id) != terms
    }
    if changed:
        stored = {account.id: terms for account, terms in changed.items()}
        await accounts.save_loans(session, bank, stored)
        since: dict[UUID, date] = {}
        for account, terms in changed.items():
            before = former.get(account.id, terms)
            day = min(terms.granted_on, before.granted_on, account.opened_on)
            for holder in account.holders:
                since[holder] = min(day, since.get(holder, day))
        await queue.enqueue(session, bank, since)
    return len(changed), refused


async def _park(session: AsyncSession, bank: str, unknown: Sequence[Loan]) -> int:
    """Keep terms until their account is known, in place of former ones; return how many are new."""
    kept = {
        loan.account_number: Parked(loan.account_number, loan.account_number, plain(loan.terms))
        for loan in unknown
    }
    if not kept:
        return 0
    added = await parked.park(session, bank, KIND, list(kept.values()))
    others = await parked.payloads(session, bank, KIND, list(kept.keys() - added))
    changed = [kept[key] for key, payload in others.items() if payload != kept[key].payload]
    if changed:
        await parked.replace_parked(session, bank, KIND, changed)
    return len(added) + len(changed)


async def admit_loans(session: AsyncSession, bank: str, keys: Mapping[str, AccountKey]) -> None:
    """Take in the terms that waited for these accounts; what is refused stays, with a reason."""
    found = await parked.waiting(session, bank, KIND, list(keys))
    if found:
        read = {one.account_number: terms_of(one.payload) for one in found}
        _, refused = await _take(session, bank, read, keys)
        await parked.unpark(
            session,
            bank,
            KIND,
            gone=[number for number in read if number not in refused],
            staying={number: why.code for number, why in refused.items()},
        )


def plain(terms: LoanTerms) -> dict[str, Any]:
    """Write terms as plain values, as they are parked."""
    return asdict(terms) | {"granted_on": terms.granted_on.isoformat()}


def terms_of(payload: Mapping[str, Any]) -> LoanTerms:
    """Read parked terms."""
    values = dict(payload)
    values["granted_on"] = date.fromisoformat(values["granted_on"])
    values["grade"] = Grade(values["grade"])
    values["balance_basis"] = BalanceBasis(values["balance_basis"])
    return LoanTerms(**values)
