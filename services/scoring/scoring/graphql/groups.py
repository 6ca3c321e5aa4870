"""Households and groups: what their members contribute together."""

from typing import Self
from uuid import UUID

import strawberry

from scoring.domain.account import CustomerId
from scoring.domain.group import counted_leaves, months_by_customer_id
from scoring.graphql.context import Info
from scoring.graphql.contribution import Contribution
from scoring.graphql.reach import MaybeLater
from scoring.graphql.scalars import AsOfArgument, From, To, moment, period


@strawberry.federation.type(
    keys=["id"], description="A household, or companies that belong together and those behind them."
)
class CustomerGroup:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")

    @strawberry.field(
        description="What its members contribute, and those of everything under it; who is in it "
        "more than once counts once, and who is out of the caller's reach not at all. A month "
        "counts for those who belong on its last day, or on the business date in the current "
        "month. Null while the group is unknown here; refused where a month of any member cannot "
        "be priced."
    )
    async def contribution(
        self, info: Info, from_: From, to: To, as_of: AsOfArgument = None
    ) -> Contribution | None:
        whole, loaders = period(from_, to), info.context.loaders.at(moment(as_of))
        policy = await loaders.policy()
        memberships = await loaders.customers.memberships_by_group_id.load(self.id)
        if memberships is None or policy is None:
            return None
        memberships = await info.context.reached.members(memberships)
        months = months_by_customer_id(memberships, whole, policy.business_date)
        members = sorted(months)
        found = await loaders.customers.leaves_by_customer_id.load_many(
            [(one, whole) for one in members]
        )
        leaves = {CustomerId(one): told or () for one, told in zip(members, found, strict=True)}
        return Contribution.of(counted_leaves(leaves, months), whole, policy)

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> MaybeLater[Self]:  # noqa: A002  (the key's name)
        try:
            found = cls(id=UUID(str(id)))
        except ValueError:
            return None
        return found if info.context.reached.within.everybody else found.reached(info)

    async def reached(self, info: Info) -> Self | None:
        """Return the group where a member of it, or of any under it, is or was within reach."""
        memberships = await info.context.loaders.customers.memberships_by_group_id.load(self.id)
        return self if await info.context.reached.members(memberships or ()) else None
