"""A customer's own copy of everything, and a customer erased."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kit import idempotency, outbox
from kit.db import Database
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain import consent as consent_rules
from customer.domain.customer import Customer
from customer.domain.erasure import Erasure, ErasureBasis, erased
from customer.domain.events import ConsentChanged, CustomerErased, CustomerRecorded
from customer.domain.ids import CustomerId
from customer.domain.personal import Personal, check_reason, check_verified
from customer.domain.personal_problems import CustomerErased as IsErased
from customer.domain.problems import CustomerNotFound
from customer.domain.reach import Within
from customer.domain.taking import Known
from customer.operations.organisation import recorded_institution
from customer.operations.revealing import use_up
from customer.operations.showing import verified
from customer.store import consents
from customer.store import customers as store
from customer.store.bulk import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Whose data are handed out, and on what occasion."""

    customer_id: UUID
    reason: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequest:
    """Whose data are erased, and why they may be."""

    customer_id: UUID
    basis: ErasureBasis
    idempotency_key: str


async def export(
    db: Database, principal: Principal, personal: Personal, request: ExportRequest, *, at: datetime
) -> Customer:
    """Return everything that is kept of who the customer is, as it is.

    It counts once against the allowance for revealing; the same key again gives what is known now.
    """
    institution, customer_id = principal.institution, CustomerId(request.customer_id)
    reason = check_reason(request.reason)
    async with db.transaction(institution) as session:

        async def effect() -> str:
            await use_up(session, principal, personal, at=at)
            return str(customer_id)

        parameters = {"act": "exportCustomer", "customer": str(customer_id), "reason": reason}
        await idempotency.once(
            session, principal, request.idempotency_key, parameters, effect, at=at
        )
        customer = (await _held(session, principal, customer_id)).value
        known = await verified(session, principal, [customer], at=at)
        check_verified(principal.channel, verified=customer_id in known)
        if customer.erased_on is not None:
            raise IsErased(customer.number)
    return customer


async def erase(
    db: Database, principal: Principal, request: ErasureRequest, *, at: datetime
) -> date:
    """Erase who the customer is, withdraw every consent, and tell whoever counts by the id."""
    institution, customer_id = principal.institution, CustomerId(request.customer_id)
    async with writing(db, institution) as session:

        async def effect() -> str:
            zone = ZoneInfo((await recorded_institution(session, institution)).time_zone)
            erasure = Erasure(basis=request.basis, on=at.astimezone(zone).date())
            held = await _held(session, principal, customer_id)
            open_accounts = await store.open_accounts(session, institution, customer_id)
            left = Known(erased(held.value, open_accounts, erasure), held.version + 1)
            await store.erase_customer(session, institution, left)
            withdrawn = await _withdraw(session, institution, customer_id, erasure.on)
            version = left.version
            events: list[outbox.Event] = [
                *withdrawn,
                CustomerRecorded(institution=institution, version=version, value=left.value),
                CustomerErased(
                    institution=institution,
                    version=version,
                    customer_id=customer_id,
                    erasure=erasure,
                ),
            ]
            await outbox.record(session, events, at=at)
            return erasure.on.isoformat()

        parameters = {
            "act": "eraseCustomer", "customer": str(customer_id), "basis": request.basis,
        }  # fmt: skip
        on = await idempotency.once(
            session, principal, request.idempotency_key, parameters, effect, at=at
        )
    return date.fromisoformat(on)


async def _held(
    session: AsyncSession, principal: Principal, customer_id: CustomerId
) -> Known[Customer]:
    if not await store.lock_customers(session, Within.of(principal), [customer_id]):
        raise CustomerNotFound
    known = Within.whole(principal.institution)
    return (await store.customers(session, known, [customer_id]))[customer_id]


async def _withdraw(
    session: AsyncSession, institution: str, customer_id: CustomerId, on: date
) -> list[ConsentChanged]:
    """Withdraw what is in force; that it was given and withdrawn stays, as proof."""
    held = await consents.consents(session, institution, [customer_id])
    changed = {
        key: Known(consent_rules.withdraw(one.value, key, on), one.version + 1)
        for key, one in held.items()
        if one.value.given
    }
    await consents.save_consents(session, institution, changed)
    return [
        ConsentChanged(institution=institution, version=one.version, value=one.value)
        for one in changed.values()
    ]
