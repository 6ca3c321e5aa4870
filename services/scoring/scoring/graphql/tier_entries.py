"""The entry points about tiers: giving one by hand, and who is near another."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry
from kit.graphql import IdempotencyKeyReused, PageInfo, Problem, answer
from kit.problem import BadRequest

from scoring.domain import problems as domain
from scoring.domain.account import CustomerId
from scoring.domain.index import score_text
from scoring.domain.ladder import Ladder, Unit
from scoring.domain.months import month_of
from scoring.domain.near import MOST_PPM, Direction, bands
from scoring.domain.tier_override import Wish
from scoring.graphql.context import Info
from scoring.graphql.entities import Customer
from scoring.graphql.paging import CURSOR, After, First, cursor, many, place
from scoring.graphql.scalars import Money
from scoring.graphql.scheme_entries import Key
from scoring.operations import tier_overrides
from scoring.store import ladder_places, rankings
from scoring.store.ladder_places import FIRST, Near, Place


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


strawberry.enum(Direction, name="TierDirection", description="Up to the next tier, or down.")


@strawberry.type(description="A customer near a threshold, by what the rules give.")
class NearThreshold:
    customer: Customer | None
    customer_id: UUID
    code: str = strawberry.field(description="The tier held by the rules.")
    near_code: str = strawberry.field(description="The tier that is near.")
    value: Money | None = strawberry.field(
        description="The measure now; null where it is no amount."
    )
    threshold: Money | None = strawberry.field(
        description="What is near: what the next tier needs, or below what the held one is lost."
    )
    points: int | None = strawberry.field(description="The measure, where it is points.")
    threshold_points: int | None = strawberry.field(description="The threshold in points.")
    score: str | None = strawberry.field(
        description="The measure, where it is the index: 0 to 100, five digits."
    )
    threshold_score: str | None = strawberry.field(description="The threshold of the index.")


@strawberry.type(description="One customer in the list.")
class NearThresholdEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: NearThreshold


@strawberry.type(description="A page of customers near a threshold.")
class NearThresholdConnection:
    edges: list[NearThresholdEdge] = strawberry.field(
        description="By tier, lowest first, then by measure and id."
    )
    page_info: PageInfo = strawberry.field(description="Whether the list goes on, and where.")


Within = Annotated[
    int,
    strawberry.argument(
        description=f"How far from the threshold, in millionths of it: 1 to {MOST_PPM}."
    ),
]


@strawberry.type
class TierQueries:
    @strawberry.field(
        description="Exactly the customers who are within a part of the threshold: up, below the "
        "next tier's and not below what keeps theirs; down, at or above what keeps theirs. As "
        "last worked out. Needs report:read."
    )
    async def near_threshold(
        self,
        info: Info,
        within_ppm: Within,
        direction: Direction = Direction.UP,
        first: First = 20,
        after: After = None,
    ) -> NearThresholdConnection | None:
        context, size, start = info.context, many(first), _place(after)
        if not 1 <= within_ppm <= MOST_PPM:
            raise BadRequest(f"'withinPpm' must be from 1 to {MOST_PPM}.")
        policy = await context.loaders.policy()
        ladder = policy.ladder(month_of(policy.business_date)) if policy else None
        if policy is None or ladder is None:
            return None
        async with context.db.read(context.principal.institution) as session:
            cuts: Mapping[str, int] = {}
            if ladder.by_rank:
                month = month_of(policy.business_date)
                cuts = await rankings.latest_cuts(session, policy.institution, month)
            asked = bands(ladder, cuts, within_ppm, direction)
            found = await ladder_places.near(
                session, policy.institution, context.reached.within, asked, start, size + 1
            )
        edges = [
            _edge(one, ladder, policy.currency, 1 if direction is Direction.UP else -1)
            for one in found[:size]
        ]
        return NearThresholdConnection(
            edges=edges,
            page_info=PageInfo(
                has_next_page=len(found) > size,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )


def _edge(found: Near, ladder: Ladder, currency: str, step: int) -> NearThresholdEdge:
    unit, value, threshold = ladder.unit, found.amount_minor, found.threshold
    node = NearThreshold(
        customer=Customer(id=found.customer_id),
        customer_id=found.customer_id,
        code=ladder.steps[found.rank - 1].code,
        near_code=ladder.steps[found.rank - 1 + step].code,
        value=Money.of(value, currency) if unit is Unit.MONEY else None,
        threshold=Money.of(threshold, currency) if unit is Unit.MONEY else None,
        points=value if unit is Unit.POINTS else None,
        threshold_points=threshold if unit is Unit.POINTS else None,
        score=score_text(value) if unit is Unit.SCORE else None,
        threshold_score=score_text(threshold) if unit is Unit.SCORE else None,
    )
    key = f"{found.amount_minor}:{found.customer_id}"
    return NearThresholdEdge(cursor=cursor(found.rank, key), node=node)


def _place(after: str | None) -> Place:
    """Read a cursor: the step, the measure and the customer."""
    found = place(after)
    if found is None:
        return FIRST
    amount, _, customer = found[1].partition(":")
    try:
        return found[0], int(amount), UUID(customer)
    except ValueError:
        raise BadRequest("'after' must be the cursor of an entry.") from None


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
