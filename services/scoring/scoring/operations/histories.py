"""What accounts' months hold, as of now or as of a past moment."""

from collections.abc import Mapping, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import Account, AccountId, History
from scoring.domain.as_of import AsOf, Late, without
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.weighing import weighed_by_day
from scoring.store import history


async def histories(  # noqa: PLR0913  (whose, which months, as of when, how much of it)
    session: AsyncSession,
    known: Sequence[Account],
    period: Period,
    policy: Policy,
    as_of: AsOf,
    *,
    acts: bool,
) -> dict[AccountId, History]:
    """Return what the period holds of each account that has any."""
    if not known:
        return {}
    ids, until = [account.id for account in known], policy.business_date
    found = await history.histories(
        session,
        policy.institution,
        ids,
        period,
        business_date=until,
        acts=acts,
        by_day=weighed_by_day(known, policy, period) if acts else (),
    )
    late = await recorded_late(session, policy.institution, ids, as_of)
    return {
        one: without(kept, late[one], period, until) if one in late else kept
        for one, kept in found.items()
    }


async def recorded_late(
    session: AsyncSession, institution: str, ids: Sequence[AccountId], as_of: AsOf
) -> Mapping[AccountId, Sequence[Late]]:
    """Return the postings that count now and did not count then."""
    if as_of.known_at is None or not ids:
        return {}
    return await history.recorded_after(session, institution, ids, as_of.known_at)
