"""Personal data as clients ask for them: revealed, and callers who proved who they are."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from kit.graphql import IdempotencyKeyReused

from customer.domain.personal import ReadPurpose, RevealedField, VerificationMethod
from customer.graphql.problems import (
    CustomerNotFound,
    ReasonMissing,
    RevealLimit,
    VerificationMissing,
)
from customer.graphql.types import Customer

strawberry.enum(RevealedField, description="What can be revealed of a customer.")
strawberry.enum(VerificationMethod, description="How a caller proved to be the customer.")
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
