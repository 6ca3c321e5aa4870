"""Offers as callers see, follow and answer them."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID

from kit import idempotency, outbox
from kit.audit import about
from kit.db import Database
from kit.feed import stopping
from kit.identity import Principal, Reach

from campaign.domain import offer as answering
from campaign.domain.offer import Offer, Outcome
from campaign.domain.problems import InstitutionNotLoaded, OfferNotFound
from campaign.domain.prospect import Channel
from campaign.store import audiences, offers
from campaign.store.wakes import Bell, ring

_APART_SECONDS = 0.25  # a whole bank's changes are many notifications
_LOOK_AGAIN_SECONDS = 30
_LONGEST_SECONDS = 3_600


def shown(who: Principal, offer: Offer, channel: Channel, *, on: date, at: datetime) -> bool:
    """Say whether the caller may see an offer of a customer within reach in `channel`."""
    return _by_own_channel(who, channel) and answering.shown(offer, channel, on=on, at=at)


def _by_own_channel(who: Principal, channel: Channel) -> bool:
    """Say whether the caller may speak for `channel`: a customer only for the one it came by."""
    return who.reach is not Reach.SELF or who.channel == channel


def _told(who: Principal, offer: Offer) -> Offer:
    return answering.for_the_customer(offer) if who.reach is Reach.SELF else offer


async def offers_by_customer(
    db: Database, who: Principal, customers: Sequence[UUID], *, at: datetime
) -> tuple[date | None, dict[UUID, list[Offer]]]:
    """Return the business date and the offers of each customer within reach, before `shown`.

    Two statements however many customers and channels.
    """
    async with db.read(who.institution) as session:
        try:
            bank = await audiences.bank(session, who.institution)
        except InstitutionNotLoaded:
            return None, {}
        found = await offers.of_customers(session, who, customers, at=at)
    return bank.as_of, {one: [_told(who, offer) for offer in found[one]] for one in found}


async def offers_changing(  # noqa: PLR0913  (each is one fact, all named)
    db: Database,
    bell: Bell,
    who: Principal,
    customer: UUID,
    channel: Channel,
    *,
    clock: Callable[[], datetime],
) -> AsyncGenerator[list[Offer]]:
    """Tell what `shown` shows of the customer's offers, now and when it has changed.

    Each look is a read of its own, of what is within the caller's reach by then. What no
    transaction changes, as the end of the 90 days, is seen by looking again after half a minute.
    """
    told: list[Offer] | None = None
    until = time.monotonic() + _LONGEST_SECONDS
    with bell.watching(who, customer) as woken:
        while time.monotonic() < until and not stopping.is_set():
            woken.clear()
            at = clock()
            on, found = await offers_by_customer(db, who, [customer], at=at)
            mine = found.get(customer, [])
            now = [one for one in mine if on and shown(who, one, channel, on=on, at=at)]
            if now != told:
                told = now
                yield now
            await asyncio.sleep(_APART_SECONDS)
            await _woken(woken, min(until, time.monotonic() + _LOOK_AGAIN_SECONDS))


async def _woken(woken: asyncio.Event, until: float) -> None:
    """Return when woken, at `until`, or within a second of being told to stop."""
    while not woken.is_set() and not stopping.is_set() and time.monotonic() < until:
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), 1)


async def respond(  # noqa: PLR0913
    db: Database,
    who: Principal,
    offer_id: UUID,
    outcome: Outcome,
    channel: Channel,
    *,
    key: str,
    at: datetime,
) -> Offer:
    """Record how a customer reacted to an offer, once."""
    async with db.transaction(who.institution) as session:

        async def effect() -> str:
            bank = await audiences.bank(session, who.institution)
            offer = await offers.by_id(session, who, offer_id, lock=True)
            if not _by_own_channel(who, channel):
                raise OfferNotFound(f"There is no offer {offer_id} in this channel.")
            changed, event = answering.respond(offer, outcome, channel, on=bank.as_of, at=at)
            if event:
                await offers.save(session, changed, channel, by=who.subject, at=at)
                await outbox.record(session, [event], at=at)
                await ring(session, who.institution, [offer.customer_id])
            return str(offer.id)

        asked = {"respond": offer_id, "outcome": outcome, "channel": channel}
        await idempotency.once(session, who, key, asked, effect, at=at)
        offer = await offers.by_id(session, who, offer_id)
        about([str(offer.customer_id)])
        return _told(who, offer)
