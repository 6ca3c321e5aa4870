"""Records of the institution and how it is organised."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

from kit import audit, outbox
from kit.db import Database
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain import organisation as rules
from customer.domain.events import BranchRecorded, InstitutionRecorded, ProductRecorded
from customer.domain.organisation import Branch, Institution, Product, Staff
from customer.domain.problems import InstitutionNotRecorded
from customer.domain.taking import Outcome, take
from customer.store import organisation as store
from customer.store.bulk import writing

Told = TypeVar("Told")
Lines: TypeAlias = Sequence[tuple[int, Told]]
"""Records by the number of their line in the request."""


def counted(outcome: Outcome) -> Outcome:
    """Count what became of the lines in the audit entry of the open transaction."""
    audit.counted(
        accepted=outcome.accepted, unchanged=outcome.unchanged, rejected=len(outcome.refused)
    )
    return outcome


async def recorded_institution(session: AsyncSession, code: str) -> Institution:
    """Return the institution that records are taken for, or refuse them all."""
    found = await store.institution(session, code)
    if found is None:
        raise InstitutionNotRecorded(code)
    return found.value


async def record_institutions(
    db: Database, institution: str, told: Lines[Institution], *, at: datetime
) -> Outcome:
    """Take the caller's institution's own record."""
    async with writing(db, institution) as session:
        held = await store.institution(session, institution)
        taken = take(
            {institution: held} if held else {},
            told,
            key=lambda one: one.code,
            fit=lambda _, one: rules.fit_institution(one, institution),
        )
        await store.save_institutions(session, taken.changed)
        events = [
            InstitutionRecorded(institution=institution, version=one.version, value=one.value)
            for one in taken.changed.values()
        ]
        await outbox.record(session, events, at=at)
        return counted(taken.outcome)


async def record_products(
    db: Database, institution: str, told: Lines[Product], *, at: datetime
) -> Outcome:
    """Take products; one that has accounts keeps its line of business."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        codes = {one.code for _, one in told}
        held = await store.products(session, institution, codes)
        used = await store.products_with_accounts(session, institution, codes)
        taken = take(
            held,
            told,
            key=lambda one: one.code,
            fit=lambda so_far, one: rules.fit_product(so_far.get(one.code), one, used),
        )
        await store.save_products(session, institution, taken.changed)
        events = [
            ProductRecorded(institution=institution, version=one.version, value=one.value)
            for one in taken.changed.values()
        ]
        await outbox.record(session, events, at=at)
        return counted(taken.outcome)


async def record_branches(
    db: Database, institution: str, told: Lines[Branch], *, at: datetime
) -> Outcome:
    """Take branches, each after the one it stands under."""
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        held = await store.branches(session, institution)
        taken = take(held, told, key=lambda one: one.code, fit=rules.fit_branch)
        await store.save_branches(session, institution, taken.changed)
        events = [
            BranchRecorded(institution=institution, version=one.version, value=one.value)
            for one in taken.changed.values()
        ]
        await outbox.record(session, events, at=at)
        return counted(taken.outcome)


async def record_staff(
    db: Database, institution: str, told: Lines[Staff], *, at: datetime
) -> Outcome:
    """Take staff; nobody outside needs to hear of them."""
    del at
    async with writing(db, institution) as session:
        await recorded_institution(session, institution)
        branches = await store.branches(session, institution)
        held = await store.staff(session, institution, {one.number for _, one in told})
        taken = take(
            held,
            told,
            key=lambda one: one.number,
            fit=lambda _, one: rules.fit_staff(one, branches),
        )
        await store.save_staff(session, institution, taken.changed)
        return counted(taken.outcome)
