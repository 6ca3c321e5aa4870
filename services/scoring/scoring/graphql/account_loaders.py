"""Batches about accounts: balances, what moved them, and what each account contributes."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from kit.problem import Problem
from strawberry.dataloader import DataLoader

from scoring.domain.account import Account, AccountId
from scoring.domain.balance import (
    account_months,
    average_daily_balance,
    days_counted,
    scheduled_balance,
)
from scoring.domain.contribution import price
from scoring.domain.explained_inputs import Book
from scoring.domain.leaf import Leaf
from scoring.domain.loan import movements as loan_movements
from scoring.domain.months import Period, last_day
from scoring.domain.policy import Policy
from scoring.domain.valuation import NO_HISTORY
from scoring.graphql.batches import by_second, or_refusal
from scoring.graphql.moment import Moment
from scoring.store import accounts, history

Balance = tuple[int, str]
"""Minor units, and of which currency."""


class AccountLoaders:
    """Built afresh for each request and moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.account_by_id = DataLoader(load_fn=self._account_by_id)
        self.leaves_by_account_id = DataLoader(load_fn=by_second(self._leaves_by_account_id))
        self.average_by_account_id = DataLoader(load_fn=by_second(self._average_by_account_id))
        self.balance_by_account_id = DataLoader(load_fn=by_second(self._balance_by_account_id))

    async def _account_by_id(self, ids: list[AccountId]) -> list[Account | None]:
        moment = self._moment
        async with moment.read() as session:
            found = await accounts.accounts_by_id(session, moment.institution, ids, moment.known_at)
        return [found.get(one) for one in ids]

    async def _leaves_by_account_id(
        self, ids: list[UUID], period: Period
    ) -> list[list[Leaf] | Problem | None]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self._moment.policy()
        if policy is None:
            return [None] * len(ids)
        known = [one for one in found if one]
        async with self._moment.read() as session:
            kept = await self._moment.histories(session, known, period, policy, acts=True)

        def priced(account: Account) -> list[Leaf]:
            return price([(account, kept.get(account.id, NO_HISTORY))], policy, period).whole()

        return [or_refusal(priced, one) if one else None for one in found]

    async def _average_by_account_id(self, ids: list[UUID], period: Period) -> list[Balance | None]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self._moment.policy()
        days = days_counted(period, policy.business_date) if policy else 0
        if policy is None or not days:
            return [None] * len(ids)
        known = [account for account in found if account]
        async with self._moment.read() as session:
            kept = await self._moment.histories(session, known, period, policy, acts=False)
        averages: list[Balance | None] = []
        for account in found:
            if account is None:
                averages.append(None)
                continue
            months = account_months(
                account, kept.get(account.id, NO_HISTORY), period, policy.business_date
            )
            averages.append((average_daily_balance(months, days), account.currency))
        return averages

    async def _balance_by_account_id(
        self, ids: list[UUID], on: date | None
    ) -> list[Balance | None]:
        found = await self.account_by_id.load_many([AccountId(one) for one in ids])
        policy = await self._moment.policy()
        if policy is None:
            return [None] * len(ids)
        day = on or policy.business_date
        posted = [one.id for one in found if one and not one.scheduled]
        async with self._moment.read() as session:
            moved = await history.balances(session, self._moment.institution, posted, day)
            late = await self._moment.late(session, posted)
        moved = {
            one: balance - sum(p.amount_minor for p in late.get(one, ()) if p.value_date <= day)
            for one, balance in moved.items()
        }
        return [_balance(one, moved, day) if one else None for one in found]

    async def movements(
        self, account: Account, first: date, last: date
    ) -> tuple[int, list[tuple[date, int]]]:
        """Return an account's balance before `first`, and what moved it on the days to `last`."""
        if account.scheduled:
            moves = loan_movements(account.scheduled)
            return sum(amount for day, amount in moves if day < first), moves
        async with self._moment.read() as session:
            opening, moves = await history.movements(
                session, self._moment.institution, account.id, first, last
            )
            late = (await self._moment.late(session, [account.id])).get(account.id, ())
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
        moment = self._moment
        async with moment.read() as session:
            postings = await history.postings(
                session, moment.institution, account.id, month, last, moment.known_at
            )
        if account.scheduled:
            moves = [one for one in loan_movements(account.scheduled) if month <= one[0] <= last]
            return Book(scheduled_balance(account, before), last.day, postings, moves)
        opening, _ = await self.movements(account, month, before)
        return Book(opening, last.day, postings)


def _balance(account: Account, moved: Mapping[AccountId, int], day: date) -> Balance:
    posted = moved.get(account.id, 0)
    return scheduled_balance(account, day) if account.scheduled else posted, account.currency
