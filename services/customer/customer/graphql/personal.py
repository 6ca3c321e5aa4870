"""Personal data as clients ask for them: revealed, handed out, erased; callers who are known."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from kit.graphql import IdempotencyKeyReused

from customer.domain import customer, problems
from customer.domain.erasure import ErasureBasis
from customer.domain.personal import ReadPurpose, RevealedField, VerificationMethod
from customer.domain.vocabulary import CustomerKind, Sex
from customer.graphql.context import Info
from customer.graphql.problems import (
    AccountsOpen,
    CustomerErased,
    CustomerNotFound,
    ReasonMissing,
    RevealLimit,
    VerificationMissing,
)
from customer.graphql.types import Customer
from customer.operations import erasing, revealing

strawberry.enum(RevealedField, description="What can be revealed of a customer.")
strawberry.enum(VerificationMethod, description="How a caller proved to be the customer.")
strawberry.enum(ErasureBasis, description="Why data may be erased: article 47 of the PIPL.")
strawberry.enum(ReadPurpose, description="What many customers are read for.")


@strawberry.type(description="A value as it is; that it was shown is on record.")
class RevealedValue:
    customer_id: UUID = strawberry.field(description="Whose it is.")
    field: RevealedField = strawberry.field(description="What it is.")
    value: str | None = strawberry.field(description="The value; null where the bank has none.")


@strawberry.type(description="An agent knows that the caller is this customer.")
class Verification:
    customer: Customer = strawberry.field(description="The customer, as the agent now sees it.")
    until: datetime = strawberry.field(description="When the caller has to be asked again.")


@strawberry.type(description="Everything that the bank keeps of who a customer is, as it is.")
class PersonalData:
    number: str = strawberry.field(description="The bank's number of the customer.")
    kind: CustomerKind = strawberry.field(description="A person or an enterprise.")
    name: str = strawberry.field(description="As the bank's records have it.")
    id_type: str | None = strawberry.field(description="The kind of document.")
    id_number: str | None = strawberry.field(description="Its number.")
    born_on: date | None = strawberry.field(description="Born, or of an enterprise founded.")
    sex: Sex | None = strawberry.field(description="Of a person, where the bank knows it.")
    phone: str | None = strawberry.field(description="The number to call.")
    email: str | None = strawberry.field(description="The address to write to.")
    address: str | None = strawberry.field(description="Where the customer lives or works.")
    since: date = strawberry.field(description="Customer of the bank since this day.")

    @classmethod
    def of(cls, found: customer.Customer) -> Self:
        return cls(
            number=found.number,
            kind=found.kind,
            name=found.name,
            id_type=found.id_type,
            id_number=found.id_number,
            born_on=found.born_on,
            sex=found.sex,
            phone=found.phone,
            email=found.email,
            address=found.address,
            since=found.since,
        )


@strawberry.type(description="A customer's own copy.")
class CustomerExport:
    at: datetime = strawberry.field(description="When it was made.")
    personal: PersonalData = strawberry.field(description="Who the customer is, unmasked.")
    customer: Customer = strawberry.field(
        description="The customer, by which everything else that services keep is asked for."
    )


@strawberry.type(description="Who the customer was has been erased.")
class ErasedCustomer:
    customer_id: UUID = strawberry.field(description="Whose data were erased.")
    erased_on: date = strawberry.field(description="The institution's day on which they were.")


RevealFieldResult = Annotated[
    RevealedValue
    | CustomerNotFound
    | ReasonMissing
    | RevealLimit
    | VerificationMissing
    | IdempotencyKeyReused,
    strawberry.union("RevealFieldResult"),
]
RecordVerificationResult = Annotated[
    Verification | CustomerNotFound | IdempotencyKeyReused,
    strawberry.union("RecordVerificationResult"),
]
ExportCustomerResult = Annotated[
    CustomerExport
    | CustomerNotFound
    | CustomerErased
    | ReasonMissing
    | RevealLimit
    | VerificationMissing
    | IdempotencyKeyReused,
    strawberry.union("ExportCustomerResult"),
]
EraseCustomerResult = Annotated[
    ErasedCustomer | CustomerNotFound | CustomerErased | AccountsOpen | IdempotencyKeyReused,
    strawberry.union("EraseCustomerResult"),
]
Key = Annotated[
    str,
    strawberry.argument(
        description="Chosen by the client; the same key has one effect and one answer."
    ),
]


@strawberry.type
class PersonalMutation:
    @strawberry.mutation(
        description="Show a value as it is, to a caller who says why; scope `personal:reveal`."
    )
    async def reveal_field(
        self,
        info: Info,
        customer_id: UUID,
        field: RevealedField,
        reason: str,
        idempotency_key: Key,
    ) -> RevealFieldResult | None:
        context = info.context
        request = revealing.RevealRequest(
            customer_id=customer_id, field=field, reason=reason, idempotency_key=idempotency_key
        )
        value = await revealing.reveal(
            context.db, context.principal, context.personal, request, at=context.clock()
        )
        return RevealedValue(customer_id=customer_id, field=field, value=value)

    @strawberry.mutation(
        description="Record that whoever is on the telephone proved to be the customer; the agent "
        "sees more of this customer for a while. Scope `personal:verify`."
    )
    async def record_verification(
        self,
        info: Info,
        customer_id: UUID,
        method: VerificationMethod,
        idempotency_key: Key,
    ) -> RecordVerificationResult | None:
        context = info.context
        request = revealing.VerificationRequest(
            customer_id=customer_id, method=method, idempotency_key=idempotency_key
        )
        until = await revealing.record_verification(
            context.db, context.principal, context.personal, request, at=context.clock()
        )
        return Verification(customer=await customer_shown(info, customer_id), until=until)

    @strawberry.mutation(
        description="Hand out everything that is kept of a customer, on a stated occasion; counts "
        "as one value revealed. Scope `personal:export`."
    )
    async def export_customer(
        self, info: Info, customer_id: UUID, reason: str, idempotency_key: Key
    ) -> ExportCustomerResult | None:
        context = info.context
        request = erasing.ExportRequest(
            customer_id=customer_id, reason=reason, idempotency_key=idempotency_key
        )
        at = context.clock()
        found = await erasing.export(
            context.db, context.principal, context.personal, request, at=at
        )
        shown = await customer_shown(info, customer_id)
        return CustomerExport(at=at, personal=PersonalData.of(found), customer=shown)

    @strawberry.mutation(
        description="Erase for good who a customer is, withdrawing every consent; figures stay, "
        "under the id. Scope `personal:erase`."
    )
    async def erase_customer(
        self, info: Info, customer_id: UUID, basis: ErasureBasis, idempotency_key: Key
    ) -> EraseCustomerResult | None:
        context = info.context
        request = erasing.ErasureRequest(
            customer_id=customer_id, basis=basis, idempotency_key=idempotency_key
        )
        on = await erasing.erase(context.db, context.principal, request, at=context.clock())
        context.loaders.profile_by_id.clear_all()
        context.loaders.profile_by_number.clear_all()
        return ErasedCustomer(customer_id=customer_id, erased_on=on)


async def customer_shown(info: Info, customer_id: UUID) -> Customer:
    """Return the customer as it is now and as the caller may see it."""
    info.context.loaders.profile_by_id.clear_all()
    found = await info.context.loaders.profile_by_id.load(customer_id)
    if found is None:
        raise problems.CustomerNotFound
    return Customer.of(found)
