"""Campaigns, their members and what came of them."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from kit.db import copy_rows
from sqlalchemy import literal, text, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.domain.arms import Arm, arm, offer_id
from campaign.domain.campaign import Campaign, Membership, Plan, Status, Step
from campaign.domain.measure import Tally
from campaign.domain.offer import Outcome
from campaign.domain.problems import CampaignNotFound
from campaign.domain.prospect import Channel
from campaign.tables import CampaignRow

_CHUNK = 10_000
_MEMBER = ("campaign_id", "customer_id", "institution", "offer_id", "arm", "version")


async def by_id(
    session: AsyncSession, institution: str, campaign_id: UUID, *, lock: bool = False
) -> Campaign:
    """Return a campaign, locked until the transaction ends if `lock`."""
    query = select(CampaignRow).where(
        col(CampaignRow.id) == campaign_id, col(CampaignRow.institution) == institution
    )
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise CampaignNotFound(f"There is no campaign {campaign_id}.")
    return _campaign(found)


Place = tuple[datetime, UUID]


async def page(
    session: AsyncSession, institution: str, *, first: int, after: Place | None
) -> list[Campaign]:
    """Return up to `first` campaigns older than `after`, newest first."""
    order = (col(CampaignRow.created_at), col(CampaignRow.id))
    query = select(CampaignRow).where(col(CampaignRow.institution) == institution)
    if after:
        query = query.where(tuple_(*order) < tuple_(literal(after[0]), literal(after[1])))
    query = query.order_by(order[0].desc(), order[1].desc()).limit(first)
    return [_campaign(row) for row in await session.exec(query)]


async def save(session: AsyncSession, campaign: Campaign) -> None:
    """Make the stored campaign equal to `campaign`."""
    plan, membership = campaign.plan, campaign.membership
    row = CampaignRow(
        id=campaign.id,
        institution=campaign.institution,
        version=campaign.version,
        status=campaign.status.value,
        name=plan.name,
        product_code=plan.product_code,
        title=plan.title,
        text=plan.text,
        channels=[channel.value for channel in plan.channels],
        audience=dict(plan.audience),
        hold_out_ppm=plan.hold_out_ppm,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        salt=campaign.salt,
        authors=list(campaign.authors),
        created_at=campaign.created_at,
        reason=campaign.reason,
        decided_by=campaign.decided.by if campaign.decided else None,
        decided_at=campaign.decided.at if campaign.decided else None,
        launched_by=campaign.launched.by if campaign.launched else None,
        launched_at=campaign.launched.at if campaign.launched else None,
        stopped_by=campaign.stopped.by if campaign.stopped else None,
        stopped_at=campaign.stopped.at if campaign.stopped else None,
        treated=membership.treated if membership else None,
        held_out=membership.held_out if membership else None,
        holders_excluded=membership.holders_excluded if membership else None,
    )
    await session.merge(row)
    await session.flush()


async def enrol(
    session: AsyncSession, campaign: Campaign, customers: Sequence[UUID]
) -> tuple[int, int]:
    """Fix the members and their arms; return how many are treated and how many held out."""
    counts = dict.fromkeys(Arm, 0)

    def members(some: Sequence[UUID]) -> list[tuple[Any, ...]]:
        made = []
        for customer in some:
            side = arm(campaign.salt, campaign.id, customer, campaign.plan.hold_out_ppm)
            counts[side] += 1
            offer = offer_id(campaign.id, customer)
            made.append((campaign.id, customer, campaign.institution, offer, side.value, 0))
        return made

    for some in _chunks(customers):
        await copy_rows(session, "member", _MEMBER, await asyncio.to_thread(members, some))
    return counts[Arm.TREATED], counts[Arm.HELD_OUT]


def _chunks(customers: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    rest = iter(customers)
    while some := list(islice(rest, _CHUNK)):
        yield some


_TALLY = text(
    "select m.campaign_id, m.arm, m.outcome, count(*) as members, "
    "count(*) filter (where c.product_code = any(p.products)) as took, "
    "count(*) filter (where exists (select from unnest(c.channels) as channel "
    "where 'marketing/' || channel = any(p.consents))) as reachable "
    "from member m join campaign c on c.id = m.campaign_id "
    "left join prospect p on p.customer_id = m.customer_id "
    "where m.institution = :institution and m.campaign_id = any(cast(:ids as uuid[])) "
    "group by 1, 2, 3"
)


async def tallies(
    session: AsyncSession, institution: str, campaign_ids: Sequence[UUID]
) -> dict[UUID, Tally]:
    """Count the members of each campaign by arm and outcome: one statement."""
    values = {"institution": institution, "ids": list(campaign_ids)}
    found: dict[UUID, list[Any]] = {one: [] for one in campaign_ids}
    for row in (await (await session.connection()).execute(_TALLY, values)).all():
        found[row.campaign_id].append(row)
    return {one: _tally(counted) for one, counted in found.items()}


def _tally(counted: Sequence[Any]) -> Tally:
    treated = [row for row in counted if row.arm == Arm.TREATED]
    outcomes = {Outcome(row.outcome): row.members for row in treated if row.outcome}
    return Tally(
        offered=sum(row.members if row.outcome else row.reachable for row in treated),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome if outcome in outcomes},
        took_treated=sum(row.took for row in treated),
        took_held_out=sum(row.took for row in counted if row.arm == Arm.HELD_OUT),
    )


def _campaign(row: CampaignRow) -> Campaign:
    membership = None
    if row.treated is not None and row.held_out is not None:
        membership = Membership(
            treated=row.treated,
            held_out=row.held_out,
            holders_excluded=row.holders_excluded or 0,
        )
    return Campaign(
        id=row.id,
        institution=row.institution,
        version=row.version,
        status=Status(row.status),
        plan=Plan(
            name=row.name,
            product_code=row.product_code,
            title=row.title,
            text=row.text,
            channels=tuple(Channel(channel) for channel in row.channels),
            audience=row.audience,
            hold_out_ppm=row.hold_out_ppm,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
        ),
        salt=row.salt,
        authors=tuple(row.authors),
        created_at=row.created_at,
        decided=_step(row.decided_by, row.decided_at),
        reason=row.reason,
        launched=_step(row.launched_by, row.launched_at),
        stopped=_step(row.stopped_by, row.stopped_at),
        membership=membership,
    )


def _step(by: str | None, at: datetime | None) -> Step | None:
    return Step(by=by, at=at) if by is not None and at is not None else None
