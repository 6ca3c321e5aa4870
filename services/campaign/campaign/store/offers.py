"""Offers: a member with its campaign's plan and what is known of the customer now."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.identity import Principal
from sqlalchemy import Select, and_, any_, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.domain.arms import Arm
from campaign.domain.campaign import Status
from campaign.domain.offer import ANSWERED_SHOWN, FINAL, Offer, Outcome
from campaign.domain.problems import OfferNotFound
from campaign.domain.prospect import Channel
from campaign.store.reach import reached
from campaign.store.reading import rows
from campaign.tables import CampaignRow, MemberRow, ProspectRow, ResponseRow

_FINAL = sorted(FINAL)


def _offers() -> Select[*tuple[Any, ...]]:
    consents = func.coalesce(col(ProspectRow.consents), []).label("consents")
    return (
        select(
            *(col(MemberRow.offer_id), col(MemberRow.institution), col(MemberRow.customer_id)),
            *(col(MemberRow.arm), col(MemberRow.version), col(MemberRow.outcome)),
            *(col(MemberRow.responded_at), col(MemberRow.campaign_id), col(CampaignRow.name)),
            *(col(CampaignRow.status), col(CampaignRow.product_code), col(CampaignRow.title)),
            *(col(CampaignRow.text), col(CampaignRow.channels), col(CampaignRow.starts_on)),
            *(col(CampaignRow.ends_on), consents),
            (col(CampaignRow.product_code) == any_(col(ProspectRow.products))).label("holds"),
        )
        .join_from(MemberRow, CampaignRow, col(CampaignRow.id) == col(MemberRow.campaign_id))
        .join(ProspectRow, col(ProspectRow.customer_id) == col(MemberRow.customer_id))
    )


async def of_customers(
    session: AsyncSession, who: Principal, customers: Sequence[UUID], *, at: datetime
) -> dict[UUID, list[Offer]]:
    """Return the treated offers of launched campaigns and the recently answered ones.

    Of the customers within the caller's reach, by one statement however many they are;
    `domain.offer.shown` decides which may be seen.
    """
    launched = col(CampaignRow.status) == Status.LAUNCHED.value
    recent = and_(
        col(MemberRow.outcome).in_(_FINAL), col(MemberRow.responded_at) >= at - ANSWERED_SHOWN
    )
    mine = and_(
        col(MemberRow.customer_id).in_(customers),
        col(MemberRow.institution) == who.institution,
        *reached(who),
        col(MemberRow.arm) == Arm.TREATED.value,
        or_(launched, recent),
    )
    newest = (col(CampaignRow.launched_at).desc(), col(MemberRow.offer_id))
    found: dict[UUID, list[Offer]] = defaultdict(list)
    for row in await rows(session, _offers().where(mine).order_by(*newest)):
        found[row.customer_id].append(_offer(row))
    return found


async def by_id(
    session: AsyncSession, who: Principal, offer_id: UUID, *, lock: bool = False
) -> Offer:
    """Return an offer to a customer within the caller's reach.

    `lock` holds it, its campaign's status and, where that matters, the customer's place within
    reach until the transaction ends.
    """
    if lock:
        query = (
            select(col(MemberRow.offer_id), col(CampaignRow.id))
            .join_from(MemberRow, CampaignRow, col(CampaignRow.id) == col(MemberRow.campaign_id))
            .where(col(MemberRow.offer_id) == offer_id)
        )
        await rows(session, query.with_for_update(of=MemberRow))
        await rows(session, query.with_for_update(of=CampaignRow, read=True))
    mine = and_(col(MemberRow.offer_id) == offer_id, col(MemberRow.institution) == who.institution)
    narrower = reached(who)
    found_by = _offers().where(mine, *narrower)
    if lock and narrower:
        found_by = found_by.with_for_update(of=ProspectRow, read=True)
    found = await rows(session, found_by)
    if not found:
        raise OfferNotFound(f"There is no offer {offer_id}.")
    return _offer(found[0])


async def save(
    session: AsyncSession, offer: Offer, channel: Channel, *, by: str, at: datetime
) -> None:
    """Keep the latest reaction on the member, and every reaction in the log."""
    connection = await session.connection()
    await connection.execute(
        MemberRow.__table__.update()  # type: ignore[attr-defined]  # SQLModel types no __table__
        .where(col(MemberRow.offer_id) == offer.id)
        .values(version=offer.version, outcome=offer.outcome, responded_at=offer.responded_at)
    )
    session.add(
        ResponseRow(
            offer_id=offer.id,
            version=offer.version,
            institution=offer.institution,
            outcome=str(offer.outcome),
            channel=channel.value,
            recorded_by=by,
            at=at,
        )
    )
    await session.flush()


def _offer(row: Any) -> Offer:  # noqa: ANN401  (a plain row of `_offers`)
    return Offer(
        id=row.offer_id,
        institution=row.institution,
        customer_id=row.customer_id,
        arm=Arm(row.arm),
        version=row.version,
        outcome=Outcome(row.outcome) if row.outcome else None,
        responded_at=row.responded_at,
        campaign_id=row.campaign_id,
        campaign_name=row.name,
        campaign_status=Status(row.status),
        product_code=row.product_code,
        title=row.title,
        text=row.text,
        channels=tuple(Channel(channel) for channel in row.channels),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        consents=frozenset(row.consents),
        holds_product=row.holds,
    )
