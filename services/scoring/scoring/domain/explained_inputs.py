"""What the inputs of a rule are made of: opening balance and postings, each with its part.

A posting's part in balance-days is its amount times the days that it stood; in the amount or the
count that a rule takes, it is what the rules make of that posting alone. The parts of an input
sum to it exactly; an input that is no sum (a rate, a price) has none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain.account import Account, Activity
from scoring.domain.exchange import conversion
from scoring.domain.explanation import MINOR, Node, NodeKind, rule_key
from scoring.domain.holders import whole_of
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line
from scoring.domain.policy import Policy
from scoring.domain.posting import Channel, Kind
from scoring.domain.rules import acts
from scoring.domain.tax import Base
from scoring.domain.taxation import FEE_RULES

_SIGNS = {"balance_days": 1, "owed_days": -1}
_COUNTED = ("items", "amount")
Parts = Mapping[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting of the month."""

    id: str
    value_date: date
    channel: Channel
    kind: Kind
    purpose: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Book:
    """An account's month, posting by posting, through the last day that counts.

    `moves` are (day, amount) of a loan that follows its terms: then no posting moves its balance.
    """

    opening: int
    through: int
    postings: Sequence[Entry]
    moves: Sequence[tuple[date, int]] | None = None


def explained_inputs(
    leaf: Leaf, book: Book, beside: Sequence[Leaf], policy: Policy
) -> tuple[Node, ...]:
    """Return a node for each input that is a sum; `beside` are the leaves of all its rules."""
    taken = _Taken(leaf, book, policy)
    found: list[Node] = []
    for one in leaf.inputs:
        name = one.name.rpartition(".")[2]
        children: list[Node] = []
        if name in _SIGNS:
            children = _day_parts(one, name, leaf.month, book)
        elif name in _COUNTED:
            children = taken.parts(one)
        elif name == "before_tax":
            children = [_leaf(other) for other in beside if _taxed(other)]
        elif name == "fees":
            children = [_leaf(other) for other in beside if _fee_of(leaf, other, policy)]
        if isinstance(one.value, int) and children:
            rest = one.value - sum(child.amount for child in children)
            if not rest:
                found.append(_input(one, tuple(children)))
    return tuple(found)


def _input(one: Input, children: tuple[Node, ...]) -> Node:
    if not isinstance(one.value, int):
        raise TypeError("only a number is a sum")
    return Node(
        kind=NodeKind.INPUT,
        key=one.name,
        label=one.name.replace("_", " "),
        amount=one.value,
        unit=one.unit,
        formula="sum of its parts",
        children=children,
    )


def _day_parts(one: Input, name: str, month: date, book: Book) -> list[Node]:
    """Return the parts of balance-days, of the whole month or of a run of its days."""
    run = one.name.rpartition(".")[0].split("-")
    first, last = (int(run[0]), int(run[-1])) if run[0] else (1, book.through)
    sign = _SIGNS[name]

    def part(amount: int, since: int) -> tuple[int, str]:
        days = max(last - max(since, first) + 1, 0)
        minus = "-" if sign < 0 and amount else ""
        written = f"{minus}{_shown(amount)} x {days} day{'' if days == 1 else 's'}"
        return sign * amount * days, written

    amount, formula = part(book.opening, 1)
    found = [
        Node(
            kind=NodeKind.OPENING,
            key="opening",
            label=f"balance before {month:%Y-%m}",
            amount=amount,
            unit=one.unit,
            formula=formula,
        )
    ]
    if book.moves is not None:
        for day, moved in book.moves:
            amount, formula = part(moved, day.day)
            label = f"by the terms on {day}"
            found.append(_posting(NodeKind.TERMS, f"terms:{day}", label, amount, formula, one.unit))
        return found
    for entry in book.postings:
        amount, formula = part(entry.amount_minor, entry.value_date.day)
        if amount:
            found.append(
                _posting(NodeKind.POSTING, entry.id, _label(entry), amount, formula, one.unit)
            )
    return found


def _shown(amount: int) -> str:
    return f"({amount})" if amount < 0 else str(amount)


def _label(entry: Entry) -> str:
    what = f"{entry.kind} by {entry.channel}".replace("_", " ")
    return f"{entry.value_date}: {what}{f', {entry.purpose}' if entry.purpose else ''}"


def _posting(  # noqa: PLR0913, PLR0917  (a node's fields)
    kind: NodeKind, key: str, label: str, amount: int, formula: str, unit: str
) -> Node:
    return Node(kind=kind, key=key, label=label, amount=amount, formula=formula, unit=unit)


class _Taken:
    """Which postings a rule counts: asked of the rules themselves, with one act at a time."""

    def __init__(self, leaf: Leaf, book: Book, policy: Policy) -> None:
        self._leaf, self._book = leaf, book
        self._rules = _asked(leaf.account, leaf.month, book.through, policy)
        self._known: dict[tuple[int, Channel, Kind, str], Mapping[str, tuple[int, int]]] = {}

    def parts(self, one: Input) -> list[Node]:
        found: list[Node] = []
        for entry in self._book.postings:
            count, share = self._of(entry).get(one.name, (0, 0))
            amount = count + share * entry.amount_minor
            if amount:
                formula = "one act" if count else str(entry.amount_minor)
                found.append(
                    _posting(NodeKind.POSTING, entry.id, _label(entry), amount, formula, one.unit)
                )
        return found

    def _of(self, entry: Entry) -> Mapping[str, tuple[int, int]]:
        """Return by input what an act like this adds: for being one, and for each minor unit."""
        key = entry.value_date.day, entry.channel, entry.kind, entry.purpose
        if key not in self._known:
            act = Activity(entry.channel, entry.kind, entry.purpose, 1, 0, entry.value_date.day)
            alone = self._values(act)
            more = self._values(Activity(act.channel, act.kind, act.purpose, 1, 1, act.day))
            self._known[key] = {
                name: (value, more.get(name, value) - value) for name, value in alone.items()
            }
        return self._known[key]

    def _values(self, act: Activity) -> dict[str, int]:
        return {
            one.name: one.value
            for leaf in self._rules(act)
            if (leaf.line, rule_key(leaf)) == (self._leaf.line, rule_key(self._leaf))
            for one in leaf.inputs
            if isinstance(one.value, int) and one.name.rpartition(".")[2] in _COUNTED
        }


def _asked(
    account: Account, month: date, through: int, policy: Policy
) -> Callable[[Activity], list[Leaf]]:
    scheme = policy.scheme(month)
    if scheme is None:
        return lambda _: []
    turn = conversion(policy.fx, account.currency, scheme.currency, month, through)
    return lambda act: list(acts(account, month, [act], scheme, turn))


def _taxed(leaf: Leaf) -> bool:
    return leaf.line is not Line.CAPITAL and leaf.rule != "income_tax"


def _fee_of(leaf: Leaf, other: Leaf, policy: Policy) -> bool:
    """Tell whether a turnover tax is on the other leaf's income."""
    scheme = policy.scheme(leaf.month)
    if scheme is None or other.rule not in FEE_RULES:
        return False
    found = scheme.tax.entry(Base.FEES, other.line, other.account.product)
    return found is not None and f"turnover_tax:tax.turnover.{found[0]}" == rule_key(leaf)


def _leaf(leaf: Leaf) -> Node:
    return Node(
        kind=NodeKind.LEAF,
        key=f"{leaf.line}:{rule_key(leaf)}",
        label=f"{leaf.line}: {rule_key(leaf)}".replace("_", " "),
        amount=whole_of(leaf)[0],
        unit=MINOR,
        formula=leaf.formula,
        inputs=leaf.inputs,
    )
