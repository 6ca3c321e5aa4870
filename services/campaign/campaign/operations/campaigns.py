"""Campaigns step by step, and the audiences that they are for."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit import idempotency, outbox
from kit.db import Database
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.domain import campaign as rules
from campaign.domain.campaign import Campaign, Membership, Plan, Status
from campaign.domain.measure import Tally
from campaign.domain.preview import Preview, Product
from campaign.domain.reading import read
from campaign.store import audiences, campaigns
from campaign.store.wakes import ring

Change = Callable[[AsyncSession, Campaign], Awaitable[tuple[Campaign, outbox.Event | None]]]


async def preview(db: Database, who: Principal, tree: Mapping[str, Any]) -> Preview:
    """Say how large the audience would be now."""
    async with db.read(who.institution) as session:
        bank = await audiences.bank(session, who.institution)
        rule = read(tree, await audiences.known(session, bank))
        return await audiences.preview(session, who, bank, rule)


async def products_on_offer(db: Database, who: Principal) -> list[Product]:
    """Return what a campaign can offer, by code."""
    async with db.read(who.institution) as session:
        return await audiences.products_on_offer(session, who.institution)


async def campaign(db: Database, who: Principal, campaign_id: UUID) -> Campaign:
    """Return one campaign of the caller's institution."""
    async with db.read(who.institution) as session:
        return await campaigns.by_id(session, who.institution, campaign_id)


async def campaigns_page(
    db: Database, who: Principal, *, first: int, after: campaigns.Place | None
) -> tuple[list[Campaign], bool]:
    """Return a page of campaigns, newest first, and whether more follow."""
    async with db.read(who.institution) as session:
        found = await campaigns.page(session, who.institution, first=first + 1, after=after)
    return found[:first], len(found) > first


async def tallies(db: Database, who: Principal, campaign_ids: Sequence[UUID]) -> dict[UUID, Tally]:
    """Count what the members of each campaign did."""
    async with db.read(who.institution) as session:
        return await campaigns.tallies(session, who.institution, campaign_ids)


async def draft(db: Database, who: Principal, plan: Plan, *, key: str, at: datetime) -> Campaign:
    """Write down a new campaign; nothing happens to any customer yet."""
    async with db.transaction(who.institution) as session:

        async def effect() -> str:
            campaign = Campaign(
                id=uuid4(),
                institution=who.institution,
                version=1,
                status=Status.DRAFT,
                plan=await _sound(session, who, plan),
                salt=secrets.token_hex(16),
                authors=(who.subject,),
                created_at=at,
            )
            await campaigns.save(session, campaign)
            return str(campaign.id)

        asked = {"draft": asdict(plan)}
        answer = await idempotency.once(session, who, key, asked, effect, at=at)
        return await campaigns.by_id(session, who.institution, UUID(answer))


async def revise(  # noqa: PLR0913  (each is one fact, all named)
    db: Database,
    who: Principal,
    campaign_id: UUID,
    plan: Plan,
    *,
    version: int,
    key: str,
    at: datetime,
) -> Campaign:
    """Replace a draft's plan, as long as it is the version the caller read."""

    async def change(session: AsyncSession, campaign: Campaign) -> tuple[Campaign, None]:
        changed = rules.revise(campaign, plan, by=who.subject, version=version)
        await _sound(session, who, plan)
        return changed, None

    asked = {"revise": asdict(plan), "version": version}
    return await _step(db, who, campaign_id, asked, change, key=key, at=at)


async def approve(  # noqa: PLR0913
    db: Database, who: Principal, campaign_id: UUID, version: int | None, *, key: str, at: datetime
) -> Campaign:
    """Agree to a draft as a second person."""

    async def change(_: AsyncSession, campaign: Campaign) -> tuple[Campaign, outbox.Event]:
        return rules.approve(campaign, by=who.subject, at=at, version=version)

    return await _step(db, who, campaign_id, {"approve": version}, change, key=key, at=at)


async def reject(  # noqa: PLR0913
    db: Database, who: Principal, campaign_id: UUID, reason: str, *, key: str, at: datetime
) -> Campaign:
    """Turn a draft down, with the reason."""

    async def change(_: AsyncSession, campaign: Campaign) -> tuple[Campaign, None]:
        return rules.reject(campaign, by=who.subject, at=at, reason=reason), None

    return await _step(db, who, campaign_id, {"reject": reason}, change, key=key, at=at)


async def launch(
    db: Database, who: Principal, campaign_id: UUID, *, key: str, at: datetime
) -> Campaign:
    """Fix the members as the audience stands now, and open the offers."""

    async def change(session: AsyncSession, campaign: Campaign) -> tuple[Campaign, outbox.Event]:
        plan = campaign.plan
        bank = await audiences.bank(session, who.institution)
        sold = await audiences.on_offer(session, who.institution, plan.product_code)
        rules.ready(campaign, on=bank.as_of, on_offer=sold)
        rule = read(plan.audience, await audiences.known(session, bank))
        people, holders = await audiences.chosen(session, who, bank, rule, plan.product_code)
        treated, held_out = await campaigns.enrol(session, campaign, people)
        counts = Membership(treated=treated, held_out=held_out, holders_excluded=holders)
        return rules.launch(campaign, counts, by=who.subject, at=at)

    return await _step(db, who, campaign_id, {"launch": None}, change, key=key, at=at)


async def stop(
    db: Database, who: Principal, campaign_id: UUID, *, key: str, at: datetime
) -> Campaign:
    """Close the campaign's open offers."""

    async def change(_: AsyncSession, campaign: Campaign) -> tuple[Campaign, outbox.Event]:
        return rules.stop(campaign, by=who.subject, at=at)

    return await _step(db, who, campaign_id, {"stop": None}, change, key=key, at=at)


async def _sound(session: AsyncSession, who: Principal, plan: Plan) -> Plan:
    """Return a plan that could be launched today, or refuse it."""
    bank = await audiences.bank(session, who.institution)
    sold = await audiences.on_offer(session, who.institution, plan.product_code)
    read(plan.audience, await audiences.known(session, bank))
    return rules.checked(plan, on_offer=sold, on=bank.as_of)


async def _step(  # noqa: PLR0913
    db: Database,
    who: Principal,
    campaign_id: UUID,
    asked: Mapping[str, Any],
    change: Change,
    *,
    key: str,
    at: datetime,
) -> Campaign:
    """Take one step of one campaign: locked, decided, saved and announced together."""
    async with db.transaction(who.institution) as session:

        async def effect() -> str:
            campaign = await campaigns.by_id(session, who.institution, campaign_id, lock=True)
            changed, event = await change(session, campaign)
            await campaigns.save(session, changed)
            await outbox.record(session, [event] if event else [], at=at)
            if changed.status in (Status.LAUNCHED, Status.STOPPED):
                await ring(session, who.institution)
            return str(campaign.id)

        parameters = {"campaign": campaign_id, **asked}
        await idempotency.once(session, who, key, parameters, effect, at=at)
        return await campaigns.by_id(session, who.institution, campaign_id)
