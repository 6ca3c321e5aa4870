"""Records of customers."""

from datetime import datetime

from kit import outbox
from kit.db import Database

from customer.domain.customer import Customer, fit_customer
from customer.domain.events import CustomerRecorded
from customer.domain.reach import Within
from customer.domain.taking import Outcome, take
from customer.operations.organisation import Lines, counted, recorded_institution
from customer.store import customers as store
from customer.store import organisation
from customer.store.bulk import writing


async def record_customers(
    db: Database, institution: str, told: Lines[Customer], *, at: datetime
) -> Outcome:
    """Take customers whose branch and manager are known."""
    async with writing(db, institution) as session:
        as_of = (await recorded_institution(session, institution)).as_of
        branches = await organisation.branches(session, institution)
        managers = {one.manager_number for _, one in told if one.manager_number is not None}
        staff = await organisation.staff(session, institution, managers)
        held = await store.customers(
            session, Within.whole(institution), {one.id for _, one in told}
        )
        taken = take(
            held,
            told,
            key=lambda one: one.id,
            fit=lambda so_far, one: fit_customer(so_far.get(one.id), one, as_of, branches, staff),
        )
        await store.save_customers(session, institution, taken.changed, at=at)
        events = [
            CustomerRecorded(institution=institution, version=one.version, value=one.value)
            for one in taken.changed.values()
        ]
        await outbox.record(session, events, at=at)
        return counted(taken.outcome)
