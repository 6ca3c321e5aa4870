"""Giving a customer a tier by hand, and taking it back; the worker announces what comes of it."""

from datetime import datetime
from uuid import UUID, uuid4

from kit.db import Database
from kit.idempotency import once
from kit.identity import Principal

from scoring.domain.account import CustomerId
from scoring.domain.months import month_of
from scoring.domain.policy import Policy
from scoring.domain.problems import CustomerNotKnown
from scoring.domain.tier_override import Wish, begun, ended
from scoring.operations.reach import within_reach
from scoring.store import queue, tier_overrides

WRITE = "tier:override"
_REPLACED = "replaced by another tier given by hand"


async def override_tier(  # noqa: PLR0913  (who, what, under which policy, once, when)
    db: Database, who: Principal, policy: Policy | None, wish: Wish, *, key: str, at: datetime
) -> UUID:
    """Give a tier from the business date on; one that is in force ends. Return its id."""
    if policy is None:
        raise CustomerNotKnown("The institution is not known yet.")
    bank, today = policy.institution, policy.business_date
    async with db.transaction(bank) as session:

        async def effect() -> str:
            if not await tier_overrides.hold(session, bank, within_reach(who), wish.customer_id):
                raise CustomerNotKnown("There is no such customer.")
            new = begun(
                wish,
                policy.ladder(month_of(today)),
                new_id=uuid4(),
                by=who.subject,
                today=today,
                at=at,
            )
            former = await tier_overrides.in_force(session, bank, wish.customer_id, today)
            if former:
                over = ended(former, by=who.subject, reason=_REPLACED, today=today)
                await tier_overrides.end(session, bank, over)
            await tier_overrides.add(session, bank, new)
            await queue.enqueue(session, bank, {wish.customer_id: today})
            return str(new.id)

        asked = {
            "override": wish.customer_id,
            "code": wish.code,
            "reason": wish.reason,
            "until": wish.until,
        }
        return UUID(await once(session, who, key, asked, effect, at=at))


async def revoke_override(  # noqa: PLR0913  (who, whose, why, under which policy, once, when)
    db: Database,
    who: Principal,
    policy: Policy | None,
    customer: CustomerId,
    *,
    reason: str,
    key: str,
    at: datetime,
) -> None:
    """End the tier given by hand that is in force; the rules decide from the business date on."""
    if policy is None:
        raise CustomerNotKnown("The institution is not known yet.")
    bank, today = policy.institution, policy.business_date
    async with db.transaction(bank) as session:

        async def effect() -> str:
            if not await tier_overrides.hold(session, bank, within_reach(who), customer):
                raise CustomerNotKnown("There is no such customer.")
            former = await tier_overrides.in_force(session, bank, customer, today)
            over = ended(former, by=who.subject, reason=reason, today=today)
            await tier_overrides.end(session, bank, over)
            await queue.enqueue(session, bank, {customer: today})
            return str(over.id)

        await once(session, who, key, {"revoke": customer, "reason": reason}, effect, at=at)
