"""How many different products and lines the customers hold."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

import strawberry

from scoring.domain import cross_holding as domain
from scoring.domain.problems import PeriodInvalid
from scoring.graphql.context import Info
from scoring.graphql.scalars import SHARE, share
from scoring.graphql.scope import Beneath, Branch, Manager, scope_of
from scoring.store.cross_holding import cross_holding

MEAN = "Decimal number of six digits. Null where there is no customer."
Day = Annotated[
    date | None,
    strawberry.argument(name="on", description="At the end of which day; by default today's."),
]


@strawberry.type(description="Customers who hold so many.")
class HoldingStep:
    held: int
    customers: int
    share: str | None = strawberry.field(description=f"Part of all customers. {SHARE}")


@strawberry.type(
    description="How many different products and lines customers own open accounts of. Accounts "
    "that they hold with their owner do not count."
)
class CrossHolding:
    day: date
    customers: int = strawberry.field(description="All who were asked for.")
    holders: int = strawberry.field(description="Of them, those who hold anything.")
    products_per_customer: str | None = strawberry.field(description=MEAN)
    lines_per_customer: str | None = strawberry.field(description=MEAN)
    products: list[HoldingStep] = strawberry.field(
        description="By number of products, least first; only numbers that occur."
    )
    lines: list[HoldingStep] = strawberry.field(
        description="By number of lines of business, least first; only numbers that occur."
    )

    @classmethod
    def of(cls, day: date, found: domain.CrossHolding) -> Self:
        """Show what was counted."""

        def steps(distribution: Mapping[int, int]) -> list[HoldingStep]:
            return [
                HoldingStep(held=held, customers=many, share=share(many, found.customers))
                for held, many in distribution.items()
            ]

        return cls(
            day=day,
            customers=found.customers,
            holders=found.holders,
            products_per_customer=share(domain.held(found.products), found.customers),
            lines_per_customer=share(domain.held(found.lines), found.customers),
            products=steps(found.products),
            lines=steps(found.lines),
        )


@strawberry.type
class CrossHoldingQuery:
    @strawberry.field(description="How many products and lines of business customers hold at once.")
    async def cross_holding(
        self,
        info: Info,
        day: Day = None,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
    ) -> CrossHolding | None:
        principal = info.context.principal
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        day = day or policy.business_date
        if day > policy.business_date:
            raise PeriodInvalid(f"{day} is after the business date {policy.business_date}.")
        scope = scope_of(info, branch, manager, beneath=beneath)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await cross_holding(session, principal.institution, day, scope)
        return CrossHolding.of(day, found)
