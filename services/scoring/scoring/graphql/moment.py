"""What every batch of one moment rests on: the policy, and what accounts' months hold."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from kit.db import Database
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import Account, AccountId, History
from scoring.domain.as_of import NOW, AsOf, Late
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.operations.histories import histories, recorded_late
from scoring.store import knowledge
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
        self._policy: Policy | None = None
        self._policy_read = False
        self._asking: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._opened: AsyncExitStack | None = None
        self._session: AsyncSession | None = None

    @property
    def known_at(self) -> datetime | None:
        """Return by when a fact must have been recorded; None where all facts count."""
        return self.as_of.known_at

    def at(self, as_of: AsOf) -> "Moment":
        """Return the same institution at another moment."""
        return Moment(self._db, self._policies, self.institution, as_of)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """Give a batch a session to itself; a batch that waits for its turn gets the same one.

        So what a request asks for side by side is read in one transaction. It ends with the last
        batch that waits, or with one that fails.
        """
        await self._come_in_turn()
        failed = True
        try:
            yield self._session or await self._open()
            failed = False
        finally:
            if failed or not self._waiting:
                await self._close()
            self._turn.release()

    async def _come_in_turn(self) -> None:
        self._waiting += 1
        try:
            await self._turn.acquire()
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._turn.locked():
                await self._close()  # it was left open for this batch
            raise
        finally:
            self._waiting -= 1

    async def _open(self) -> AsyncSession:
        opened = AsyncExitStack()
        self._session = await opened.enter_async_context(self._db.read(self.institution))
        self._opened = opened
        return self._session

    async def _close(self) -> None:
        opened, self._opened, self._session = self._opened, None, None
        if opened:
            await opened.aclose()

    async def policy(self) -> Policy | None:
        """Return the institution's policy, read once in a request.

        Whoever waits for it goes on at the same time, so that what they load next is one batch.
        """
        if not self._policy_read:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            await asyncio.shield(self._asking)
        return self._policy

    async def _ask(self) -> None:
        async with self.read() as session:
            await self.policy_in(session)

    async def policy_in(self, session: AsyncSession) -> Policy | None:
        """Return the institution's policy, read in the batch's session if it is not known yet."""
        if not self._policy_read:
            found = await self._read_policy(session)
            self._policy = self.as_of.of(found) if found else None
            self._policy_read = True
        return self._policy

    async def _read_policy(self, session: AsyncSession) -> Policy | None:
        if self.known_at is None:
            return await self._policies.of(session, self.institution)
        self.as_of.must_have_come(await knowledge.clock(session))
        return await policy_as_known(session, self.institution, self.known_at)

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
        return await histories(session, known, period, policy, self.as_of, acts=acts)

    async def late(
        self, session: AsyncSession, ids: Sequence[AccountId]
    ) -> Mapping[AccountId, Sequence[Late]]:
        """Return the postings that count now and did not count then."""
        return await recorded_late(session, self.institution, ids, self.as_of)
