"""Records of households and groups, and of who belongs to them."""

from collections.abc import Mapping
from datetime import datetime

from kit import outbox
from kit.db import Database
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.events import GroupRecorded
from customer.domain.group import Group, Joining, Roll, fit_group
from customer.domain.ids import GroupId
from customer.domain.taking import Known, Outcome, take
from customer.operations.organisation import Lines, counted, recorded_institution
from customer.store import customers
from customer.store import groups as store
from customer.store.bulk import writing


async def record_groups(
    db: Database, institution: str, told: Lines[Group], *, at: datetime
) -> Outcome:
    """Take households and groups, each after the one it stands under; members stay."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        ids = {one.id for _, one in told} | {one.parent_id for _, one in told if one.parent_id}
        held = await store.groups_and_above(session, institution, ids)
        taken = take(held, told, key=lambda one: one.id, fit=fit_group)
        await _save(session, institution, taken.changed, at=at)
        return counted(taken.outcome)


async def record_members(
    db: Database, institution: str, told: Lines[Joining], *, at: datetime
) -> Outcome:
    """Take who belongs to what; each group is announced once, with all its members."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        ids = {one.member.customer_id for _, one in told}
        known = await customers.customer_ids(session, institution, ids)
        held = await store.groups_with(session, institution, {one.group_id for _, one in told}, ids)
        roll = Roll([one.value for one in held.values()], known)
        taken = take(held, told, key=lambda one: one.group_id, fit=roll.fit)
        await _save(session, institution, taken.changed, at=at)
        return counted(taken.outcome)


async def _save(
    session: AsyncSession,
    institution: str,
    changed: Mapping[GroupId, Known[Group]],
    *,
    at: datetime,
) -> None:
    await store.save_groups(session, institution, changed)
    events = [
        GroupRecorded(institution=institution, version=one.version, value=one.value)
        for one in changed.values()
    ]
    await outbox.record(session, events, at=at)
