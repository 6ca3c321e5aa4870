"""The entry points of the customer subgraph."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import strawberry
from kit.access import read_access
from kit.graphql import IdempotencyKeyReused, Schema

from customer.domain.personal import ReadPurpose
from customer.domain.vocabulary import Channel, Purpose
from customer.graphql.audit import AuditQuery
from customer.graphql.connections import CustomerConnection, place
from customer.graphql.context import Info
from customer.graphql.groups import CustomerGroup
from customer.graphql.institution import Institution
from customer.graphql.paging import page_size
from customer.graphql.personal import Key, PersonalMutation, customer_shown
from customer.graphql.problems import (
    HANDLERS,
    ConsentAlreadyGiven,
    ConsentNotGiven,
    CustomerNotFound,
)
from customer.graphql.search import CustomerSearch, storable
from customer.graphql.types import Account, Customer
from customer.operations import consents
from customer.store import groups, organisation

GiveConsentResult = Annotated[
    Customer | CustomerNotFound | ConsentAlreadyGiven | IdempotencyKeyReused,
    strawberry.union("GiveConsentResult"),
]
WithdrawConsentResult = Annotated[
    Customer | CustomerNotFound | ConsentNotGiven | IdempotencyKeyReused,
    strawberry.union("WithdrawConsentResult"),
]


# Every field here may be null: one refused or out of reach must not void what others answered.
@strawberry.type
class Query(AuditQuery):
    @strawberry.field(description="The customer with this id; null where you may see none.")
    async def customer(self, info: Info, id: UUID) -> Customer | None:  # noqa: A002  (the key's name)
        found = await info.context.loaders.profile_by_id.load(id)
        return Customer.of(found) if found else None

    @strawberry.field(description="The customer with the bank's number; null where there is none.")
    async def customer_by_number(self, info: Info, number: str) -> Customer | None:
        if not storable(number):
            return None
        found = await info.context.loaders.profile_by_number.load(number)
        return Customer.of(found) if found else None

    @strawberry.field(
        description="The customer who asks, for callers who reach themselves alone; null of one "
        "whom the bank has not recorded."
    )
    async def me(self, info: Info) -> Customer | None:
        number = info.context.within.customer_number
        found = await info.context.loaders.profile_by_number.load(number) if number else None
        return Customer.of(found) if found else None

    @strawberry.field(
        description="Customers in the order of their numbers, 1 to 100 at a time. More than 20 of "
        "them, and any page but the first, need a purpose (PURPOSE_MISSING)."
    )
    async def customers(
        self,
        info: Info,
        search: CustomerSearch | None = None,
        first: int = 20,
        after: str | None = None,
        purpose: Annotated[
            ReadPurpose | None, strawberry.argument(description="What the list is for.")
        ] = None,
    ) -> CustomerConnection | None:
        size, beyond, wanted = page_size(first), place(after), CustomerSearch.wanted(search)
        found = await info.context.showing.listed(wanted, after=beyond, size=size, purpose=purpose)
        return CustomerConnection.of(found, first=size, after=after)

    @strawberry.field(description="The household or group with the bank's code; null for none.")
    async def customer_group(self, info: Info, code: str) -> CustomerGroup | None:
        if not storable(code):
            return None
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await groups.group_by_code(session, info.context.within, code)
        return CustomerGroup.of(found) if found else None

    @strawberry.field(description="The bank that the caller works for, once it is recorded.")
    async def institution(self, info: Info) -> Institution | None:
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await organisation.institution(session, info.context.principal.institution)
        return Institution.of(found.value) if found else None


@strawberry.type
class Mutation(PersonalMutation):
    @strawberry.mutation(description="Record that a customer agrees to be approached.")
    async def give_consent(
        self,
        info: Info,
        customer_id: UUID,
        channel: Channel,
        idempotency_key: Key,
        purpose: Purpose = Purpose.MARKETING,
    ) -> GiveConsentResult | None:
        return await _change(
            info,
            consents.ConsentRequest(
                customer_id=customer_id,
                purpose=purpose,
                channel=channel,
                idempotency_key=idempotency_key,
            ),
            consents.give_consent,
        )

    @strawberry.mutation(description="Record that a customer withdraws a consent; at once.")
    async def withdraw_consent(
        self,
        info: Info,
        customer_id: UUID,
        channel: Channel,
        idempotency_key: Key,
        purpose: Purpose = Purpose.MARKETING,
    ) -> WithdrawConsentResult | None:
        return await _change(
            info,
            consents.ConsentRequest(
                customer_id=customer_id,
                purpose=purpose,
                channel=channel,
                idempotency_key=idempotency_key,
            ),
            consents.withdraw_consent,
        )


async def _change(
    info: Info, request: consents.ConsentRequest, operation: consents.Change
) -> Customer:
    """Carry out `operation` and show the customer as it is afterwards."""
    context = info.context
    await operation(context.db, context.principal, request, at=context.clock())
    context.loaders.consents_by_customer_id.clear_all()
    return await customer_shown(info, request.customer_id)


PERSONS = {
    "Customer": "id",
    "Account": "id",
    "CustomerGroup": "id",
    "GroupMember": "customer_id",
}
"""The types that tell of somebody, with the attribute that says by id of whom."""

schema = Schema(
    Query,
    Mutation,
    types=[Customer, Account, CustomerGroup],
    access=read_access(Path(__file__).parents[1] / "access.json"),
    handlers=HANDLERS,
    persons=PERSONS,
)
