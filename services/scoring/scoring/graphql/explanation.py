"""The explanation tree on the wire.

GraphQL cannot ask for a tree of any depth. So a node is asked for by its path, gives one level with
`children`, and everything below it down to a level as one list with `descendants`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self, TypeAlias

import strawberry
from kit.graphql import PageInfo

from scoring.domain.explained_inputs import explained_inputs
from scoring.domain.explanation import SEPARATOR, Node, NodeKind, at, explain, segment, walk
from scoring.domain.leaf import Leaf
from scoring.domain.money import decimal_text, minor_digits
from scoring.domain.policy import Policy
from scoring.graphql.contribution import RuleInput
from scoring.graphql.loaders import Loaders
from scoring.graphql.paging import After, First, cursor, many, place

strawberry.enum(NodeKind, name="ExplanationKind", description="What a node stands for.")
PathArgument: TypeAlias = Annotated[
    str, strawberry.argument(description="As a node gives it; empty for the total.")
]
MOST_NODES = 1000
FirstNodes: TypeAlias = Annotated[
    int, strawberry.argument(description=f"How many, 1 to {MOST_NODES}.")
]
Depth: TypeAlias = Annotated[
    int, strawberry.argument(description="How many levels; from the total, 6 reach the months.")
]


@dataclass(frozen=True, slots=True)
class Explained:
    """One customer's tree, and the way to its postings."""

    leaves: Sequence[Leaf]
    policy: Policy
    loaders: Loaders

    async def at(self, path: str) -> "ExplanationNode | None":
        """Return the node at a path; below the month of a rule its postings are read."""
        node, rest = at(explain(self.leaves), path)
        if not rest:
            return ExplanationNode.of(node, path, self)
        if node.leaf is None:
            return None
        node, rest = at(await self.opened(node), SEPARATOR.join(rest))
        return None if rest else ExplanationNode.of(node, path, self)

    async def opened(self, node: Node) -> Node:
        """Return the month of a rule with its inputs and their parts below it."""
        leaf = node.leaf
        if leaf is None:
            return node
        book = await self.loaders.accounts.book(leaf.account, leaf.month, self.policy)
        beside = [
            one
            for one in self.leaves
            if one.account.id == leaf.account.id and one.month == leaf.month
        ]
        return node.with_children(explained_inputs(leaf, book, beside, self.policy))


@strawberry.type(description="A number, and what it counts.")
class ExplainedAmount:
    value: str = strawberry.field(description="Decimal number; money with its currency's decimals.")
    unit: str = strawberry.field(description="A currency, a currency x days, items, ...")

    @classmethod
    def of(cls, amount: int, unit: str, currency: str) -> Self:
        """Show a number in minor units, or a count."""
        first, _, rest = unit.partition(" ")
        if first != "minor":
            return cls(value=str(amount), unit=unit)
        own, _, days = rest.partition(" ") if rest and not rest.startswith("x ") else ("", "", rest)
        money = own or currency
        shown = decimal_text(amount, minor_digits(money))
        return cls(value=shown, unit=f"{money} {days}" if days else money)


@strawberry.type(description="One place in the explanation.")
class ExplanationNode:
    path: str = strawberry.field(description="Ask `explain` for it to go on from here.")
    kind: NodeKind
    label: str = strawberry.field(description="For people.")
    amount: ExplainedAmount = strawberry.field(
        description="The sum of the children, in their unit; of a rule's month what the formula "
        "makes of the inputs."
    )
    formula: str = strawberry.field(
        description="How the amount comes about; of a rule's month with its numbers put in, in "
        "minor units, rounded once, half away from zero."
    )
    inputs: list[RuleInput] = strawberry.field(description="What went into a rule's formula.")
    node: strawberry.Private[Node]
    explained: strawberry.Private[Explained]

    @classmethod
    def of(cls, node: Node, path: str, explained: Explained) -> "ExplanationNode":
        """Show a node."""
        currency = explained.policy.currency
        return ExplanationNode(
            path=path,
            kind=node.kind,
            label=node.label,
            amount=ExplainedAmount.of(node.amount, node.unit, currency),
            formula=node.formula,
            inputs=[
                RuleInput(name=one.name, value=str(one.value), unit=one.unit) for one in node.inputs
            ],
            node=node,
            explained=explained,
        )

    @strawberry.field(
        description="The level below, in a fixed order. Below a rule's month: the inputs that are "
        "sums, and below those the opening balance and the postings."
    )
    async def children(self, first: First = 50, after: After = None) -> "ExplanationConnection":
        opened = await self.explained.opened(self.node)
        below = [
            (f"{self.path}{SEPARATOR}{segment(one.key)}" if self.path else segment(one.key), one)
            for one in opened.children
        ]
        return ExplanationConnection.page(below, self.explained, many(first), after)

    @strawberry.field(
        description="Everything below down to so many levels, parents before their children; the "
        "path tells whose child a node is. It ends at the months of the rules."
    )
    def descendants(
        self, depth: Depth = 6, first: FirstNodes = 100, after: After = None
    ) -> "ExplanationConnection":
        below = [(path, one) for path, _, one in walk(self.node, self.path, depth)]
        size = many(first, MOST_NODES)
        return ExplanationConnection.page(below, self.explained, size, after)


@strawberry.type(description="A page of nodes.")
class ExplanationConnection:
    nodes: list[ExplanationNode]
    page_info: PageInfo
    total_count: int = strawberry.field(description="How many there are on all pages.")

    @classmethod
    def page(
        cls,
        below: Sequence[tuple[str, Node]],
        explained: Explained,
        size: int,
        after: str | None,
    ) -> "ExplanationConnection":
        """Show so many nodes behind a cursor, which is a place in the list."""
        begun = place(after)
        start = max(begun[0] + 1, 0) if begun else 0
        shown = below[start : start + size]
        return cls(
            nodes=[ExplanationNode.of(node, path, explained) for path, node in shown],
            page_info=PageInfo(
                has_next_page=start + size < len(below),
                has_previous_page=start > 0,
                start_cursor=cursor(start, "") if shown else None,
                end_cursor=cursor(start + len(shown) - 1, "") if shown else None,
            ),
            total_count=len(below),
        )
