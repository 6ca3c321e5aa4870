"""Consents: told by the bank's records, given and withdrawn by customers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from kit import idempotency, outbox
from kit.db import Database
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain import consent as rules
from customer.domain.consent import Consent, ConsentKey, ConsentWord
from customer.domain.events import ConsentChanged
from customer.domain.ids import CustomerId
from customer.domain.problems import CustomerNotFound
from customer.domain.reach import Within
from customer.domain.taking import Known, Outcome, take
from customer.domain.vocabulary import Channel, Purpose
from customer.operations.organisation import Lines, counted, recorded_institution
from customer.store import consents as store
from customer.store import customers
from customer.store.bulk import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """What a client asks for on a customer's behalf; the same key asks for the same thing."""

    customer_id: UUID
    purpose: Purpose
    channel: Channel
    idempotency_key: str


class Change(Protocol):
    """Gives or withdraws a consent."""

    async def __call__(
        self, db: Database, principal: Principal, request: ConsentRequest, *, at: datetime
    ) -> None: ...


async def record_consents(
    db: Database, institution: str, told: Lines[ConsentWord], *, at: datetime
) -> Outcome:
    """Take consents of known customers; an older word than the one held changes nothing."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        ids = {one.consent.customer_id for _, one in told}
        known = await customers.lock_customers(session, Within.whole(institution), ids)
        held = await store.consents(session, institution, ids)
        taken = take(
            held,
            told,
            key=lambda one: one.consent.key,
            fit=lambda so_far, one: rules.fit_consent(so_far.get(one.consent.key), one, known),
        )
        await _save(session, institution, taken.changed, at=at)
        return counted(taken.outcome)


async def give_consent(
    db: Database, principal: Principal, request: ConsentRequest, *, at: datetime
) -> None:
    """Put a consent in force and announce it."""
    await _change(db, principal, request, "giveConsent", rules.give, at=at)


async def withdraw_consent(
    db: Database, principal: Principal, request: ConsentRequest, *, at: datetime
) -> None:
    """Withdraw a consent and announce it; from the answer on, nobody may act on it."""
    await _change(db, principal, request, "withdrawConsent", rules.withdraw, at=at)


async def _change(  # noqa: PLR0913  (one act, named)
    db: Database,
    principal: Principal,
    request: ConsentRequest,
    act: str,
    decide: Callable[[Consent | None, ConsentKey, date], Consent],
    *,
    at: datetime,
) -> None:
    institution = principal.institution
    customer_id = CustomerId(request.customer_id)
    key = (customer_id, request.purpose, request.channel)
    async with db.transaction(institution) as session:

        async def effect() -> str:
            if not await customers.lock_customers(session, Within.of(principal), [customer_id]):
                raise CustomerNotFound
            zone = ZoneInfo((await recorded_institution(session, institution)).time_zone)
            held = (await store.consents(session, institution, [customer_id])).get(key)
            decided = decide(held.value if held else None, key, at.astimezone(zone).date())
            changed = {key: Known(decided, held.version + 1 if held else 1)}
            await _save(session, institution, changed, at=at)
            return str(request.customer_id)

        parameters = {"act": act, "consent": "/".join(str(part) for part in key)}
        await idempotency.once(
            session, principal, request.idempotency_key, parameters, effect, at=at
        )


async def _save(
    session: AsyncSession,
    institution: str,
    changed: dict[ConsentKey, Known[Consent]],
    *,
    at: datetime,
) -> None:
    await store.save_consents(session, institution, changed)
    events = [
        ConsentChanged(institution=institution, version=one.version, value=one.value)
        for one in changed.values()
    ]
    await outbox.record(session, events, at=at)
