"""Pages of customers: Relay connections in the order of customer numbers."""

import base64
import binascii
from collections.abc import Sequence
from typing import Self

import strawberry
from kit.graphql import PageInfo
from kit.problem import BadRequest

from customer.domain.views import Profile
from customer.graphql.types import Customer


@strawberry.type(description="One customer in a list.")
class CustomerEdge:
    cursor: str = strawberry.field(description="The place in the list; opaque.")
    node: Customer = strawberry.field(description="The customer.")


@strawberry.type(description="A page of customers.")
class CustomerConnection:
    edges: list[CustomerEdge] = strawberry.field(description="In the order of their numbers.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on, and where.")

    @classmethod
    def of(cls, found: Sequence[Profile], *, first: int, after: str | None) -> Self:
        """Make a page of up to `first` of `found`, which holds one more where the list goes on."""
        edges = [
            CustomerEdge(cursor=_cursor(one.customer.number), node=Customer.of(one))
            for one in found[:first]
        ]
        info = PageInfo(
            has_next_page=len(found) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info)


def place(after: str | None) -> str | None:
    """Return the number that a cursor of ours stands for."""
    if after is None:
        return None
    try:
        kind, _, number = base64.urlsafe_b64decode(after.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError):
        kind, number = "", ""
    if kind != "number" or "\0" in number:
        raise BadRequest("after must be a cursor that this list gave out.")
    return number


def _cursor(number: str) -> str:
    return base64.urlsafe_b64encode(f"number:{number}".encode()).decode()
