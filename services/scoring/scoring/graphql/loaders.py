"""Batches: one short read per kind of thing, however many fields asked."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

from kit.db import Database
from kit.problem import Problem
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader

from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.as_of import NOW, AsOf, Late, without
from scoring.domain.balance import (
    account_months,
    average_daily_balance,
    days_counted,
    scheduled_balance,
)
from scoring.domain.contribution import price
from scoring.domain.explained_inputs import Book
from scoring.domain.group import Membership
from scoring.domain.holders import counted
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line
from scoring.domain.loan import movements as loan_movements
from scoring.domain.month_end import Deviation, days_come
from scoring.domain.months import Period, last_day
from scoring.domain.policy import Policy
from scoring.domain.tier_override import effective
from scoring.domain.tier_replay import replay_period, replayed
from scoring.domain.tiers import TierPeriod
from scoring.domain.weighing import weighed_by_day
from scoring.graphql.batches import by_second
from scoring.store import (
    accounts,
    balances,
    groups,
    history,
    knowledge,
    openings,
    tier_overrides,
    tiers,
)
from scoring.store.balances import Balances
from scoring.store.institution import Policies, policy_as_known

Leaves = list[Leaf] | Problem | None
NO_HISTORY = History()


class Loaders:
    """Built afresh for each request and institution, so its cache can never outlive one."""

    def __init__(
        self, db: Database, policies: Policies, institution: str, as_of: AsOf = NOW
    ) -> None:
        self._as_of = as_of
        self._others: dict[AsOf, Loaders] = {}
        self._db = db
        self._policies = policies
        self._institution = institution
        self._policy = DataLoader(load_fn=self._read_policy)
        self.accounts_by_customer_id = DataLoader(load_fn=self._accounts_by_customer_id)
        self.account_by_id = DataLoader(load_fn=self._account_by_id)
        self.tiers_by_customer_id = DataLoader(load_fn=self._tiers_by_customer_id)
        self.memberships_by_group_id = DataLoader(load_fn=self._memberships_by_group_id)
        self.leaves_by_customer_id = DataLoader(load_fn=by_second(self._leaves_by_customer_id))
        self.leaves_by_account_id = DataLoader(load_fn=by_second(self._leaves_by_account_id))
        self.average_by_account_id = DataLoader(load_fn=by_second(self._average_by_account_id))
        self.deviation_by_customer_id = DataLoader(
            load_fn=by_second(self._deviation_by_customer_id)
        )
        self.balance_by_account_id = DataLoader(load_fn=by_second(self._balance_by_account_id))

    def at(self, as_of: AsOf) -> "Loaders":
        """Return loaders of what would have been said then, the same ones for the same moment."""
        if as_of == self._as_of:
            return self
        if as_of not in self._others:
            self._others[as_of] = Loaders(self._db, self._policies, self._institution, as_of)
        return self._others[as_of]

    async def policy(self) -> Policy | None:
        """Return the institution's policy, read once in a request."""
        policy = await self._policy.load(self._institution)
        return self._as_of.of(policy) if policy else None

    async def _read_policy(self, institutions: list[str]) -> list[Policy | None]:
        known_at = self._as_of.known_at
        async with self._db.read(self._institution) as session:
            if known_at is None:
                return [await self._policies.of(session, one) for one in institutions]
            self._as_of.must_have_come(await knowledge.clock(session))
            return [await policy_as_known(session, one, known_at) for one in institutions]

    async def _accounts_by_customer_id(
        self, ids: list[CustomerId]
    ) -> list[Sequence[Account] | None]:
        async with self._db.read(self._institution) as session:
            found = await accounts.accounts_by_customer_id(
                session, self._institution, ids, self._as_of.known_at
            )
        return [found.get(one) for one in ids]

    async def _account_by_id(self, ids: list[AccountId]) -> list[Account | None]:
        async with self._db.read(self._institution) as session:
            found = await accounts.accounts_by_id(
                session, self._institution, ids, self._as_of.known_at
            )
        return [found.get(one) for one in ids]

    async def _tiers_by_customer_id(self, ids: list[CustomerId]) -> list[list[TierPeriod]]:
        if self._as_of != NOW:
            found = await self._tiers_replayed(ids)
        async with self._db.read(self._institution) as session:
            if self._as_of == NOW:
                found = await tiers.tiers_by_customer_id(session, self._institution, ids)
            given = await tier_overrides.overrides_by_customer_id(
                session, self._institution, ids, self._as_of.known_at
            )
        return [effective(found.get(one, []), given.get(one, [])) for one in ids]

    async def _memberships_by_group_id(self, ids: list[UUID]) -> list[Sequence[Membership] | None]:
        async with self._db.read(self._institution) as session:
            found = await groups.memberships_by_group_id(
                session, self._institution, ids, self._as_of.known_at
            )
        return [found.get(one) for one in ids]

    async def _tiers_replayed(self, ids: list[CustomerId]) -> dict[CustomerId, list[TierPeriod]]:
        policy = await self.policy()
        months = replay_period(policy) if policy else None
        if policy is None or months is None:
            return {}
        async with self._db.read(self._institution) as session:
            held = await accounts.held_by_customer_id(
                session, self._institution, ids, self._as_of.known_at
            )
            opened = await openings.openings_by_customer_id(
                session, self._institution, ids, self._as_of.known_at
            )

        owned = [counted(held.get(one, ()), one, policy) for one in ids]
        known = {account.id: account for account in chain.from_iterable(owned)}
        kept = await self.histories(list(known.values()), months, policy, acts=True)

        def work() -> dict[CustomerId, list[TierPeriod]]:
            return {
                one: replayed(one, mine, kept, opened.get(one), policy, months)
                for one, mine in zip(ids, owned, strict=True)
            }

        return await asyncio.to_thread(work)

    async def _leaves_by_customer_id(self, ids: list[UUID], period: Period) -> list[Leaves]:
        policy = await self.policy()
        if policy is None:
            return [None] * len(ids)
        customers = [CustomerId(one) for one in ids]
        async with self._db.read(self._institution) as session:
            held = await accounts.held_by_customer_id(
                session, self._institution, customers, self._as_of.known_at
            )
            owned = [counted(held[one], one, policy) if one in held else None for one in customers]
            kept = await self._histories(session, _all(owned), period, policy, acts=True)
        return [
            None if mine is None else _priced(mine, kept, policy, period, one)
            for mine, one in zip(owned, customers, strict=True)
        ]

    async def _leaves_by_account_id(self, ids: list[UUID], period: Period) -> list[Leaves]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self.policy()
        if policy is None:
            return [None] * len(ids)
        known = [one for one in found if one]
        kept = await self.histories(known, period, policy, acts=True)
        return [_priced([one], kept, policy, period, None) if one else None for one in found]

    async def _average_by_account_id(
        self, ids: list[UUID], period: Period
    ) -> list[tuple[int, str] | None]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self.policy()
        days = days_counted(period, policy.business_date) if policy else 0
        if policy is None or not days:
            return [None] * len(ids)
        known = [account for account in found if account]
        histories = await self.histories(known, period, policy, acts=False)
        averages: list[tuple[int, str] | None] = []
        for account in found:
            if account is None:
                averages.append(None)
                continue
            kept = histories.get(account.id, NO_HISTORY)
            months = account_months(account, kept, period, policy.business_date)
            averages.append((average_daily_balance(months, days), account.currency))
        return averages

    async def _balance_by_account_id(
        self, ids: list[UUID], on: date | None
    ) -> list[tuple[int, str] | None]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self.policy()
        if policy is None:
            return [None] * len(ids)
        day = on or policy.business_date
        posted = [one.id for one in found if one and not one.scheduled]
        async with self._db.read(self._institution) as session:
            moved = await history.balances(session, self._institution, posted, day)
            late = await self._late(session, posted)
        moved = {
            one: balance - sum(p.amount_minor for p in late.get(one, ()) if p.value_date <= day)
            for one, balance in moved.items()
        }
        return [_balance(one, moved, day) if one else None for one in found]

    async def _deviation_by_customer_id(
        self, ids: list[UUID], month: date
    ) -> list[Deviation | None]:
        policy = await self.policy()
        days = days_come(month, policy.business_date) if policy else 0
        if policy is None or not days or not policy.keeps_balances_of(month):
            return [None] * len(ids)
        asked = Balances(lines=[Line.DEPOSIT], currency=policy.currency)
        async with self._db.read(self._institution) as session:
            found = await balances.of_customers(session, self._institution, asked, ids, month)
        return [Deviation(*found.get(one, (0, 0)), days) for one in ids]

    async def movements(
        self, account: Account, first: date, last: date
    ) -> tuple[int, list[tuple[date, int]]]:
        """Return an account's balance before `first`, and what moved it on the days to `last`."""
        if account.scheduled:
            moves = loan_movements(account.scheduled)
            return sum(amount for day, amount in moves if day < first), moves
        async with self._db.read(self._institution) as session:
            opening, moves = await history.movements(
                session, self._institution, account.id, first, last
            )
            late = (await self._late(session, [account.id])).get(account.id, ())
        for one in late:
            if one.value_date < first:
                opening -= one.amount_minor
            elif one.value_date <= last:
                moves.append((one.value_date, -one.amount_minor))
        return opening, moves

    async def book(self, account: Account, month: date, policy: Policy) -> Book:
        """Return an account's month posting by posting; it is read for one month at a time."""
        last = min(last_day(month), policy.business_date)
        before = month - timedelta(days=1)
        async with self._db.read(self._institution) as session:
            postings = await history.postings(
                session, self._institution, account.id, month, last, self._as_of.known_at
            )
        if account.scheduled:
            moves = [one for one in loan_movements(account.scheduled) if month <= one[0] <= last]
            return Book(scheduled_balance(account, before), last.day, postings, moves)
        opening, _ = await self.movements(account, month, before)
        return Book(opening, last.day, postings)

    async def histories(
        self, known: Sequence[Account], period: Period, policy: Policy, *, acts: bool
    ) -> dict[AccountId, History]:
        """Return what the period holds of each account that has any."""
        if not known:
            return {}
        async with self._db.read(self._institution) as session:
            return await self._histories(session, known, period, policy, acts=acts)

    async def _histories(
        self,
        session: AsyncSession,
        known: Sequence[Account],
        period: Period,
        policy: Policy,
        *,
        acts: bool,
    ) -> dict[AccountId, History]:
        if not known:
            return {}
        ids, until = [account.id for account in known], policy.business_date
        found = await history.histories(
            session,
            self._institution,
            ids,
            period,
            business_date=until,
            acts=acts,
            by_day=weighed_by_day(known, policy, period) if acts else (),
        )
        late = await self._late(session, ids)
        return {
            one: without(kept, late[one], period, until) if one in late else kept
            for one, kept in found.items()
        }

    async def _late(
        self, session: AsyncSession, ids: Sequence[AccountId]
    ) -> Mapping[AccountId, Sequence[Late]]:
        """Return the postings that count now and did not count then."""
        known_at = self._as_of.known_at
        if known_at is None or not ids:
            return {}
        return await history.recorded_after(session, self._institution, ids, known_at)


def _all(groups: Sequence[Sequence[Account] | None]) -> list[Account]:
    """Return the accounts of all groups, each once."""
    return list({account.id: account for group in groups for account in group or ()}.values())


def _balance(account: Account, moved: Mapping[AccountId, int], day: date) -> tuple[int, str]:
    posted = moved.get(account.id, 0)
    return scheduled_balance(account, day) if account.scheduled else posted, account.currency


def _priced(
    group: Sequence[Account],
    histories: dict[AccountId, History],
    policy: Policy,
    period: Period,
    whose: CustomerId | None,
) -> list[Leaf] | Problem:
    owned = [(account, histories.get(account.id, NO_HISTORY)) for account in group]
    try:
        return price(owned, policy, period, whose).whole()
    except Problem as refusal:
        return refusal
