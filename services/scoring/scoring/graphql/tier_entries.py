"""The entry points about tiers: giving one by hand, and who is near another."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry
from kit.graphql import IdempotencyKeyReused, Problem, answer

from scoring.domain import problems as domain
from scoring.domain.account import CustomerId
from scoring.domain.tier_override import Wish
from scoring.graphql.context import Info
from scoring.graphql.entities import SCOPE, Customer
from scoring.graphql.scheme_entries import Key
from scoring.operations import tier_overrides
from scoring.operations.tier_overrides import WRITE


@strawberry.type(description="No such customer, or its event has not arrived yet.")
class CustomerNotKnown(Problem): ...


@strawberry.type(description="The ladder in force has no such tier.")
class TierNotKnown(Problem): ...


@strawberry.type(description="A tier given by hand needs a reason and an end that is not far.")
class OverrideInvalid(Problem): ...


@strawberry.type(description="No tier given by hand is in force.")
class NoOverride(Problem): ...


HANDLERS = [
    answer(domain.CustomerNotKnown, CustomerNotKnown),
    answer(domain.TierNotKnown, TierNotKnown),
    answer(domain.OverrideInvalid, OverrideInvalid),
    answer(domain.NoOverride, NoOverride),
]
OverrideTierResult = Annotated[
    Customer | CustomerNotKnown | TierNotKnown | OverrideInvalid | IdempotencyKeyReused,
    strawberry.union("OverrideTierResult"),
]
RevokeTierOverrideResult = Annotated[
    Customer | CustomerNotKnown | NoOverride | OverrideInvalid | IdempotencyKeyReused,
    strawberry.union("RevokeTierOverrideResult"),
]


@strawberry.input(description="A tier to be given by hand, and why.")
class TierOverrideInput:
    customer_id: UUID
    code: str = strawberry.field(description="A tier of the ladder in force.")
    reason: str = strawberry.field(description="1 to 500 characters; shown in the history.")
    until: date = strawberry.field(
        description="The first day no longer; at most three years after the business date."
    )


@strawberry.type
class TierMutations:
    @strawberry.mutation(
        description="Give a customer a tier by hand from the business date on; one that is in "
        "force ends. The rules go on beneath it and decide again when it ends. Needs "
        "tier:override."
    )
    async def override_tier(
        self,
        info: Info,
        tier: Annotated[TierOverrideInput, strawberry.argument(description="What to give.")],
        idempotency_key: Key,
    ) -> OverrideTierResult | None:
        context = info.context
        context.principal.must(WRITE)
        context.principal.must(SCOPE)
        wish = Wish(
            customer_id=CustomerId(tier.customer_id),
            code=tier.code,
            reason=tier.reason,
            until=tier.until,
        )
        await tier_overrides.override_tier(
            context.db,
            context.principal,
            await context.loaders.policy(),
            wish,
            key=idempotency_key,
            at=context.clock(),
        )
        return Customer(id=tier.customer_id)

    @strawberry.mutation(
        description="End the tier given by hand that is in force; the rules decide from the "
        "business date on. Needs tier:override."
    )
    async def revoke_tier_override(
        self,
        info: Info,
        customer_id: UUID,
        reason: Annotated[str, strawberry.argument(description="Why; kept with the override.")],
        idempotency_key: Key,
    ) -> RevokeTierOverrideResult | None:
        context = info.context
        context.principal.must(WRITE)
        context.principal.must(SCOPE)
        await tier_overrides.revoke_override(
            context.db,
            context.principal,
            await context.loaders.policy(),
            CustomerId(customer_id),
            reason=reason,
            key=idempotency_key,
            at=context.clock(),
        )
        return Customer(id=customer_id)
