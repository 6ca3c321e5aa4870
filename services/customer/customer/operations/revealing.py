"""Values shown as they are, and callers on the telephone who proved who they are."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit import idempotency
from kit.db import Database
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.customer import Customer
from customer.domain.ids import CustomerId
from customer.domain.personal import (
    Personal,
    RevealedField,
    VerificationMethod,
    check_reason,
    check_verified,
)
from customer.domain.problems import CustomerNotFound
from customer.domain.reach import Within
from customer.operations.showing import verified
from customer.store import customers as store
from customer.store import verifications

_USE = "reveal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealRequest:
    """What a member of staff needs to know, and why."""

    customer_id: UUID
    field: RevealedField
    reason: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """What a member of staff found out about whoever is on the telephone."""

    customer_id: UUID
    method: VerificationMethod
    idempotency_key: str


async def reveal(
    db: Database, principal: Principal, personal: Personal, request: RevealRequest, *, at: datetime
) -> str | None:
    """Return the value as it is, None where none is held; each time counts against the allowance.

    The same key again gives the value again and counts once: nothing else is told by it. The
    value itself is kept nowhere but where it was.
    """
    institution = principal.institution
    reason = check_reason(request.reason)
    customer_id = CustomerId(request.customer_id)
    async with db.transaction(institution) as session:

        async def effect() -> str:
            await use_up(session, principal, personal, at=at)
            return request.field

        parameters = {
            "act": "revealField", "customer": str(customer_id), "field": request.field,
            "reason": reason,
        }  # fmt: skip
        await idempotency.once(
            session, principal, request.idempotency_key, parameters, effect, at=at
        )
        customer = await _customer(session, Within.of(principal), customer_id)
        known = await verified(session, principal, [customer], at=at)
        check_verified(principal.channel, verified=customer_id in known)
    value = getattr(customer, request.field)
    return str(value) if value else None


async def record_verification(
    db: Database,
    principal: Principal,
    personal: Personal,
    request: VerificationRequest,
    *,
    at: datetime,
) -> datetime:
    """Write that whoever is on the telephone is the customer; return until when it holds."""
    institution, customer_id = principal.institution, CustomerId(request.customer_id)
    async with db.transaction(institution) as session:

        async def effect() -> str:
            if not await store.lock_customers(session, Within.of(principal), [customer_id]):
                raise CustomerNotFound
            until = at + personal.verified_for
            await verifications.save_verification(
                session,
                institution,
                customer_id,
                subject=principal.subject,
                method=request.method,
                until=until,
            )
            return until.isoformat()

        parameters = {
            "act": "recordVerification", "customer": str(customer_id), "method": request.method,
        }  # fmt: skip
        until = await idempotency.once(
            session, principal, request.idempotency_key, parameters, effect, at=at
        )
    return datetime.fromisoformat(until)


async def use_up(
    session: AsyncSession, principal: Principal, personal: Personal, *, at: datetime
) -> None:
    """Take one from the caller's allowance; refused when it is used up."""
    mine = {"subject": principal.subject, "use": _USE}
    full_at = await verifications.hold_allowance(session, principal.institution, **mine, at=at)
    after = personal.reveals.take(full_at, at)
    await verifications.use_allowance(session, principal.institution, **mine, full_at=after)


async def _customer(session: AsyncSession, within: Within, customer_id: CustomerId) -> Customer:
    found = await store.customers(session, within, [customer_id])
    if customer_id not in found:
        raise CustomerNotFound
    return found[customer_id].value
