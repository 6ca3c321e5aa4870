"""The explanation of a contribution as a tree: total, view, line, product, account, rule, month.

Every node is the sum of its children in its own unit, down to the month of a rule, whose amount
its formula makes of inputs. `explained_inputs` goes on from there to the postings.

Each view stands for what it adds to the one before: all lines but two for gross, tax for net, the
charge for capital for economic. So the root, the sum of the views, is the economic contribution.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from scoring.domain.holders import shared_text
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line, View
from scoring.domain.worked import worked

MINOR = "minor"
SEPARATOR = "/"


class NodeKind(StrEnum):
    """What a node stands for."""

    TOTAL = "total"
    VIEW = "view"
    LINE = "line"
    PRODUCT = "product"
    ACCOUNT = "account"
    RULE = "rule"
    MONTH = "month"
    INPUT = "input"
    OPENING = "opening"
    POSTING = "posting"
    TERMS = "terms"
    LEAF = "leaf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One place in the tree; `key` tells it from its siblings, `unit` says what `amount` counts.

    `leaf` is what a month of a rule shows, and what its inputs come from.
    """

    kind: NodeKind
    key: str
    label: str
    amount: int
    formula: str
    unit: str = MINOR
    inputs: tuple[Input, ...] = ()
    children: tuple["Node", ...] = ()
    leaf: Leaf | None = None

    def with_children(self, children: tuple["Node", ...]) -> "Node":
        """Return the node with others below it."""
        return replace(self, children=children)


def segment(key: str) -> str:
    """Write a key as a part of a path."""
    return quote(key, safe="")


def at(node: Node, path: str) -> tuple[Node, list[str]]:
    """Follow a path as far as the tree goes; return the node there and the parts left over."""
    parts = path.split(SEPARATOR) if path else []
    for number, part in enumerate(parts):
        below = next((one for one in node.children if segment(one.key) == part), None)
        if below is None:
            return node, parts[number:]
        node = below
    return node, []


def walk(node: Node, path: str, depth: int) -> Iterator[tuple[str, int, Node]]:
    """Give everything below a node, parents first: path, level from 1, node."""
    yield from _walk(node, path, 1, depth)


def _walk(node: Node, path: str, level: int, depth: int) -> Iterator[tuple[str, int, Node]]:
    if level > depth:
        return
    for one in node.children:
        below = f"{path}{SEPARATOR}{segment(one.key)}" if path else segment(one.key)
        yield below, level, one
        yield from _walk(one, below, level + 1, depth)


_VIEWS = {
    View.GROSS: "gross: the lines of business, less what serving costs",
    View.NET: "net: what tax takes off",
    View.ECONOMIC: "economic: what the charge for capital takes off",
}


def explain(leaves: Sequence[Leaf]) -> Node:
    """Return the whole tree down to the months of the rules; every view and line is there."""
    adds = _adds()
    views = tuple(
        _sum(
            NodeKind.VIEW,
            view.value,
            _VIEWS[view],
            "sum of the lines",
            tuple(
                _line(line, [leaf for leaf in leaves if leaf.line is line])
                for line in Line
                if line in adds[view]
            ),
        )
        for view in View
    )
    return _sum(NodeKind.TOTAL, "", "contribution", "gross + net + economic", views)


def _adds() -> dict[View, frozenset[Line]]:
    """Return the lines that each view adds to the one before."""
    found: dict[View, frozenset[Line]] = {}
    before: frozenset[Line] = frozenset()
    for view in View:
        found[view] = view.lines - before
        before = view.lines
    return found


def _sum(kind: NodeKind, key: str, label: str, formula: str, children: tuple[Node, ...]) -> Node:
    amount = sum(child.amount for child in children)
    return Node(kind=kind, key=key, label=label, amount=amount, formula=formula, children=children)


def _line(line: Line, leaves: Sequence[Leaf]) -> Node:
    products = _nodes(leaves, lambda leaf: leaf.account.product, _product)
    return _sum(
        NodeKind.LINE, line.value, line.value.replace("_", " "), "sum of the products", products
    )


def _nodes(
    leaves: Sequence[Leaf], key: Callable[[Leaf], str], node: Callable[[str, list[Leaf]], Node]
) -> tuple[Node, ...]:
    groups: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(key(leaf), []).append(leaf)
    return tuple(node(one, groups[one]) for one in sorted(groups))


def _product(code: str, leaves: list[Leaf]) -> Node:
    accounts = _nodes(leaves, lambda leaf: leaf.account.number, _account)
    return _sum(NodeKind.PRODUCT, code, code, "sum of the accounts", accounts)


def _account(number: str, leaves: list[Leaf]) -> Node:
    rules = _nodes(leaves, rule_key, _rule)
    key = str(leaves[0].account.id)
    return _sum(NodeKind.ACCOUNT, key, f"account {number}", "sum of the rules", rules)


def rule_key(leaf: Leaf) -> str:
    """Tell a rule's leaves of a month apart by the scheme's entry, or the kind, they are of."""
    told = [str(one.value) for one in leaf.inputs if one.name in ("entry", "kind")]
    return ":".join([leaf.rule, *told])


def _rule(key: str, leaves: list[Leaf]) -> Node:
    months = tuple(_month(leaf) for leaf in sorted(leaves, key=lambda one: one.month))
    label = key.replace("_", " ").replace(":", ", ")
    return _sum(NodeKind.RULE, key, label, "sum of the months", months)


def _month(leaf: Leaf) -> Node:
    month = f"{leaf.month:%Y-%m}"
    return Node(
        kind=NodeKind.MONTH,
        key=month,
        label=month,
        amount=leaf.amount_minor,
        formula=f"{leaf.formula}: {worked(leaf)}{shared_text(leaf)}",
        inputs=leaf.inputs,
        leaf=leaf,
    )
