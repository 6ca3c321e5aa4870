"""What the bank's customers contribute together: as kept, or worked out as of a past moment.

Nothing is kept of the past, so a sum costs what its customers cost: there are as many in one as
somebody may wait for. A larger bank is asked branch by branch; they add up to it.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from kit.db import Database

from scoring.domain.account import CustomerId
from scoring.domain.as_of import AsOf
from scoring.domain.holders import counted
from scoring.domain.line import Line
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.problems import TooManyCustomers
from scoring.domain.returns import Key, Return
from scoring.domain.scope import Scope
from scoring.domain.valuation import value
from scoring.operations.histories import histories
from scoring.store import accounts, customer_months, queue, reports, returns

MOST_CUSTOMER_MONTHS, BATCH = 20_000, 200


@dataclass(slots=True)
class Sums:
    """What the customers contributed, by month and line, and what they earned on capital.

    Of the `failing` a month of the period, or before, cannot be priced: their months before count.
    """

    lines: dict[tuple[date, Line], int] = field(default_factory=dict)
    returns: dict[Key, Return] = field(default_factory=dict)
    customers: int = 0
    accounts: int = 0
    failing: int = 0
    pending: int = 0


async def kept(db: Database, institution: str, period: Period, scope: Scope) -> Sums:
    """Return the sums as last worked out; `pending` customers of the bank wait to be again."""
    async with db.read(institution) as session:
        customers, known = await reports.counts(session, institution, scope)
        return Sums(
            await customer_months.bank(session, institution, period, scope),
            await returns.bank(session, institution, period, scope),
            customers,
            known,
            await reports.failing(session, institution, scope, period.last),
            await queue.pending_of(session, institution),
        )


async def as_of_then(
    db: Database, policy: Policy, period: Period, scope: Scope, as_of: AsOf
) -> Sums:
    """Add the scope's customers up; refuse more of them, or more months, than one may wait for."""
    async with db.read(policy.institution) as session:
        ids = await reports.customers(session, policy.institution, scope)
    months = len(list(period))
    if len(ids) * months > MOST_CUSTOMER_MONTHS:
        raise TooManyCustomers(
            f"These are {len(ids)} customers over {months} months; as of a past moment at most "
            f"{MOST_CUSTOMER_MONTHS} customers x months are added up at once. Ask for fewer "
            "months, or branch by branch."
        )
    sums = Sums(customers=len(ids))
    for begin in range(0, len(ids), BATCH):
        await _add(db, policy, period, as_of, sums, ids[begin : begin + BATCH])
    return sums


async def _add(  # noqa: PLR0913, PLR0917  (whose, which months, as of when, to what)
    db: Database, policy: Policy, period: Period, as_of: AsOf, sums: Sums, ids: list[CustomerId]
) -> None:
    async with db.read(policy.institution) as session:
        held = await accounts.held_by_customer_id(session, policy.institution, ids, as_of.known_at)
        theirs = {one: counted(found, one, policy) for one, found in held.items()}
        known = {account.id: account for account in chain.from_iterable(theirs.values())}
        kept = await histories(session, list(known.values()), period, policy, as_of, acts=True)
    sums.accounts += sum(one.owner_id == whose for whose, found in held.items() for one in found)
    found = await asyncio.to_thread(
        lambda: [value(one, mine, kept, policy, period) for one, mine in theirs.items()]
    )
    for one in found:
        sums.failing += one.fails_from is not None
        for (month, _, line), amount in one.sums.items():
            sums.lines[month, line] = sums.lines.get((month, line), 0) + amount
        for key, earned in one.returns.items():
            sums.returns[key] = sums.returns.get(key, Return()) + earned
