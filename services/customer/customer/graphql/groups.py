"""Households and groups as clients see them, with those who belong to them now."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry
from kit.graphql import PageInfo
from kit.problem import BadRequest

from customer.domain import group
from customer.domain.vocabulary import GroupKind
from customer.graphql.context import Info
from customer.graphql.paging import page_size
from customer.graphql.search import storable

if TYPE_CHECKING:
    from customer.graphql.types import Customer

strawberry.enum(
    GroupKind, description="People who live together, or companies that belong together."
)


@strawberry.type(description="A customer's place in a household or group.")
class GroupMember:
    customer_id: strawberry.Private[UUID]
    role: str = strawberry.field(
        description="The bank's word, such as head, spouse, subsidiary or legal_representative."
    )
    since: date = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(description="The first day no longer; null for no end.")

    @classmethod
    def of(cls, member: group.Member) -> Self:
        return cls(
            customer_id=member.customer_id,
            role=member.role,
            since=member.since,
            until=member.until,
        )

    @strawberry.field(description="Who it is.")
    async def customer(
        self, info: Info
    ) -> Annotated["Customer", strawberry.lazy("customer.graphql.types")] | None:
        from customer.graphql.types import Customer  # noqa: PLC0415  (the two know each other)

        found = await info.context.loaders.profile_by_id.load(self.customer_id)
        return Customer.of(found) if found else None


@strawberry.type(description="One member in a list.")
class GroupMemberEdge:
    cursor: str = strawberry.field(description="The place in the list; opaque.")
    node: GroupMember = strawberry.field(description="The member.")


@strawberry.type(description="A page of members.")
class GroupMemberConnection:
    edges: list[GroupMemberEdge] = strawberry.field(description="In the order of their ids.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on, and where.")

    @classmethod
    def of(cls, found: Sequence[group.Member], *, first: int, after: str | None) -> Self:
        """Make a page of up to `first` of `found`, which holds one more where the list goes on."""
        edges = [
            GroupMemberEdge(cursor=_cursor(one.customer_id), node=GroupMember.of(one))
            for one in found[:first]
        ]
        info = PageInfo(
            has_next_page=len(found) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info)


@strawberry.federation.type(
    keys=["id"], description="A household, or companies that belong together and those behind them."
)
class CustomerGroup:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")
    code: str = strawberry.field(description="The bank's code of it.")
    kind: GroupKind = strawberry.field(description="A household or a group.")
    name: str = strawberry.field(description="What the bank calls it.")
    parent_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, found: group.Group) -> Self:
        return cls(
            id=found.id,
            code=found.code,
            kind=found.kind,
            name=found.name,
            parent_id=found.parent_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002  (the key's name)
        """Return the group that another subgraph names."""
        try:
            key = UUID(str(id))
        except ValueError:
            return None
        found = await info.context.loaders.groups.by_id.load(key)
        return cls.of(found) if found else None

    @strawberry.field(description="What it stands under; null at the top.")
    async def parent(
        self, info: Info
    ) -> Annotated["CustomerGroup", strawberry.lazy("customer.graphql.groups")] | None:
        if self.parent_id is None:
            return None
        found = await info.context.loaders.groups.by_id.load(self.parent_id)
        return CustomerGroup.of(found) if found else None

    @strawberry.field(
        description="What stands right under it, by code, 1 to 100 at a time; `after` is the last "
        "code of the page before."
    )
    async def groups(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> list[Annotated["CustomerGroup", strawberry.lazy("customer.graphql.groups")]]:
        beyond = after if after is not None and storable(after) else None
        key = (self.id, beyond, page_size(first))
        found = await info.context.loaders.groups.under.load(key)
        return [CustomerGroup.of(one) for one in found]

    @strawberry.field(
        description="Who belongs to it on the business date, 1 to 100 at a time; not those of "
        "the groups under it."
    )
    async def members(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> GroupMemberConnection:
        size = page_size(first)
        key = (self.id, _place(after), size + 1)
        found = await info.context.loaders.groups.members.load(key)
        return GroupMemberConnection.of(found, first=size, after=after)


def _cursor(customer_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"member:{customer_id}".encode()).decode()


def _place(after: str | None) -> UUID | None:
    """Return the customer that a cursor of ours stands for."""
    if after is None:
        return None
    try:
        kind, _, found = base64.urlsafe_b64decode(after.encode()).decode().partition(":")
        key = UUID(found)
    except (binascii.Error, ValueError):
        kind, key = "", UUID(int=0)
    if kind != "member":
        raise BadRequest("after must be a cursor that this list gave out.")
    return key
