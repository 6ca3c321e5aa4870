"""What every batch of one moment rests on: the policy, and what accounts' months hold."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from kit.db import Database
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader

from scoring.domain.account import Account, AccountId, History
from scoring.domain.as_of import NOW, AsOf, Late, without
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.weighing import weighed_by_day
from scoring.store import history, knowledge
from scoring.store.institution import Policies, policy_as_known


class Moment:
    """One institution as it is, or as it was; a request has one for each `AsOf` asked of."""

    def __init__(
        self, db: Database, policies: Policies, institution: str, as_of: AsOf = NOW
    ) -> None:
        self.institution = institution
        self.as_of = as_of
        self._db = db
        self._policies = policies
        self._policy = DataLoader(load_fn=self._read_policy)

    @property
    def known_at(self) -> datetime | None:
        """Return by when a fact must have been recorded; None where all facts count."""
        return self.as_of.known_at

    def at(self, as_of: AsOf) -> "Moment":
        """Return the same institution at another moment."""
        return Moment(self._db, self._policies, self.institution, as_of)

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session for one batch."""
        return self._db.read(self.institution)

    async def policy(self) -> Policy | None:
        """Return the institution's policy, read once in a request."""
        policy = await self._policy.load(self.institution)
        return self.as_of.of(policy) if policy else None

    async def _read_policy(self, institutions: list[str]) -> list[Policy | None]:
        async with self.read() as session:
            if self.known_at is None:
                return [await self._policies.of(session, one) for one in institutions]
            self.as_of.must_have_come(await knowledge.clock(session))
            return [await policy_as_known(session, one, self.known_at) for one in institutions]

    async def histories(
        self,
        session: AsyncSession,
        known: Sequence[Account],
        period: Period,
        policy: Policy,
        *,
        acts: bool,
    ) -> dict[AccountId, History]:
        """Return what the period holds of each account that has any."""
        if not known:
            return {}
        ids, until = [account.id for account in known], policy.business_date
        found = await history.histories(
            session,
            self.institution,
            ids,
            period,
            business_date=until,
            acts=acts,
            by_day=weighed_by_day(known, policy, period) if acts else (),
        )
        late = await self.late(session, ids)
        return {
            one: without(kept, late[one], period, until) if one in late else kept
            for one, kept in found.items()
        }

    async def late(
        self, session: AsyncSession, ids: Sequence[AccountId]
    ) -> Mapping[AccountId, Sequence[Late]]:
        """Return the postings that count now and did not count then."""
        if self.known_at is None or not ids:
            return {}
        return await history.recorded_after(session, self.institution, ids, self.known_at)
