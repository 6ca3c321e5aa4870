"""Batches about customers: what they hold, and what that contributes."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.problem import Problem
from strawberry.dataloader import DataLoader

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.contribution import price
from scoring.domain.group import Membership
from scoring.domain.holders import counted
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line
from scoring.domain.month_end import Deviation, days_come
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.valuation import NO_HISTORY
from scoring.graphql.batches import by_second, or_refusal
from scoring.graphql.moment import Moment
from scoring.store import accounts, balances, groups
from scoring.store.balances import Balances

Owned = Sequence[tuple[Account, History]]


class CustomerLoaders:
    """Built afresh for each request and moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.memberships_by_group_id = DataLoader(load_fn=self._memberships_by_group_id)
        self.leaves_by_customer_id = DataLoader(load_fn=by_second(self._leaves_by_customer_id))
        self.deviation_by_customer_id = DataLoader(
            load_fn=by_second(self._deviation_by_customer_id)
        )

    async def owned(
        self, ids: Sequence[CustomerId], period: Period
    ) -> tuple[Policy | None, list[Owned | None]]:
        """Return what counts for each customer, with the period of each account; None if unknown.

        That is what they own or hold jointly, as far as any scheme gives them a part of it. With
        it comes the policy, without which nobody has anything.
        """
        moment = self._moment
        async with moment.read() as session:
            policy = await moment.policy_in(session)
            if policy is None:
                return None, [None] * len(ids)
            held = await accounts.held_by_customer_id(
                session, moment.institution, ids, moment.known_at
            )
            theirs = {one: counted(held[one], one, policy) for one in ids if one in held}
            known = {account.id: account for owned in theirs.values() for account in owned}
            kept = await moment.histories(session, list(known.values()), period, policy, acts=True)
        return policy, [
            [(account, kept.get(account.id, NO_HISTORY)) for account in theirs[one]]
            if one in theirs
            else None
            for one in ids
        ]

    async def _leaves_by_customer_id(
        self, ids: list[UUID], period: Period
    ) -> list[list[Leaf] | Problem | None]:
        customers = [CustomerId(one) for one in ids]
        policy, found = await self.owned(customers, period)
        if policy is None:
            return [None] * len(ids)

        def priced(owned: Owned, whose: CustomerId) -> list[Leaf]:
            return price(owned, policy, period, whose).whole()

        return [
            None if owned is None else or_refusal(priced, owned, whose)
            for owned, whose in zip(found, customers, strict=True)
        ]

    async def _memberships_by_group_id(self, ids: list[UUID]) -> list[Sequence[Membership] | None]:
        moment = self._moment
        async with moment.read() as session:
            found = await groups.memberships_by_group_id(
                session, moment.institution, ids, moment.known_at
            )
        return [found.get(one) for one in ids]

    async def _deviation_by_customer_id(
        self, ids: list[UUID], month: date
    ) -> list[Deviation | None]:
        policy = await self._moment.policy()
        days = days_come(month, policy.business_date) if policy else 0
        if policy is None or not days or not policy.keeps_balances_of(month):
            return [None] * len(ids)
        asked = Balances(lines=[Line.DEPOSIT], currency=policy.currency)
        async with self._moment.read() as session:
            found = await balances.of_customers(
                session, self._moment.institution, asked, ids, month
            )
        return [Deviation(*found.get(one, (0, 0)), days) for one in ids]
