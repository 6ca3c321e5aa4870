"""What a union is told of its members: sums, bank by bank, each on record at the bank.

Every bank is read in a transaction of its own, as the bank, by the same row policies as ever. The
entry in the bank's audit chain goes in with it: no sum leaves that its bank cannot find there.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import date

from kit import audit
from kit.db import Database
from kit.identity import Principal

from scoring.domain.concentration import Concentration
from scoring.domain.disclosure import FEWEST, Sums, TierCount, Tops, told_tiers
from scoring.domain.months import Period, last_day
from scoring.domain.policy import Policy
from scoring.store import customer_months, queue, unions
from scoring.store.customer_months import Question
from scoring.store.institution import Policies

OPERATION = "unionContribution"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMonth:
    """What may be told of a bank's month; where `customers` is None, it has too few."""

    currency: str
    customers: int | None
    sums: Sums
    tiers: list[tuple[TierCount, int | None]]
    tops: Tops
    waiting: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A bank of the union; None for a month that has not ended there or was never priced."""

    institution: str
    month: MemberMonth | None


async def member_months(  # noqa: PLR0913  (who asks, of which month, which page)
    db: Database, policies: Policies, who: Principal, month: date, *, first: int, after: str
) -> list[Member]:
    """Return the month of each bank that says it belongs to the caller's union, by code."""
    found = await unions.members(db, who.institution, after, first)
    members = [await _member(db, policies, who, one, month) for one in found]
    return [one for one in members if one]


async def _member(
    db: Database, policies: Policies, who: Principal, bank: str, month: date
) -> Member | None:
    async with db.transaction(bank) as session:
        if not await unions.belongs(session, bank, who.institution):
            return None
        entry = audit.Entry(
            kind=audit.Kind.READ,
            operation=OPERATION,
            entities=[who.institution],
            reason=f"sums of {month:%Y-%m} for the union {who.institution}",
        )
        audit.record(session, replace(who, institution=bank), entry)
        policy = await policies.of(session, bank)
        if policy is None or not _is_over(policy, month):
            return Member(bank, None)
        groups = await unions.alike(session, bank, month)
        tiers = await unions.tiers_on(session, bank, last_day(month))
        asked = Question(period=Period(month, month))
        each = await customer_months.contributions(session, bank, asked)
        waiting = await queue.pending_of(session, bank)
    customers = sum(one.customers for one in tiers)
    return Member(
        bank,
        MemberMonth(
            currency=policy.currency,
            customers=customers if customers >= FEWEST else None,
            sums=Sums.of(groups),
            tiers=told_tiers(tiers),
            tops=Tops.of(await asyncio.to_thread(Concentration.of, each)),
            waiting=bool(waiting),
        ),
    )


def _is_over(policy: Policy, month: date) -> bool:
    return policy.keeps_balances_of(month) and last_day(month) < policy.business_date
