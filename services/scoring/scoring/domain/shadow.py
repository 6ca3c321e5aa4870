"""A draft scheme beside what is in force, for one customer: what would change, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import zip_longest

from scoring.domain.account import CustomerId
from scoring.domain.holders import HOLDER
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line, View
from scoring.domain.months import Period, last_day
from scoring.domain.policy import Policy
from scoring.domain.scheme import Scheme
from scoring.domain.shadow_side import Side, Theirs, side_of

MOST_INPUTS = 10
_TELLING = ("entry", "kind", "product")


class Movement(StrEnum):
    """Where a customer's tier would go; OTHER is another tier of the same rank."""

    NONE = "none"
    UP = "up"
    DOWN = "down"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input of a rule that the draft changes."""

    name: str
    unit: str
    before: int | str
    after: int | str


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one rule gives on both sides, over all accounts and months, and by which inputs.

    `entry` tells entries of the same rule apart, as the document names them; empty where there is
    one. At most `MOST_INPUTS` different changes of inputs are told.
    """

    line: Line
    rule: str
    entry: str
    before_minor: int
    after_minor: int
    inputs: tuple[InputChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A customer on both sides, over the months that both can price."""

    customer_id: CustomerId
    before: Side
    after: Side
    lines: Mapping[Line, tuple[int, int]]
    changes: Sequence[RuleChange] = field(default=())

    def total(self, view: View) -> tuple[int, int]:
        """Return what the lines of a view come to on both sides."""
        pairs = [self.lines[line] for line in view.lines]
        return sum(before for before, _ in pairs), sum(after for _, after in pairs)

    @property
    def size_minor(self) -> int:
        """Return the largest change of any view, without its sign."""
        return max(abs(after - before) for before, after in map(self.total, View))

    @property
    def movement(self) -> Movement:
        """Tell where the tier goes."""
        before, after = self.before.tier, self.after.tier
        if (before and before.code) == (after and after.code):
            return Movement.NONE
        ranks = before.rank if before else 0, after.rank if after else 0
        if ranks[0] == ranks[1]:
            return Movement.OTHER
        return Movement.UP if ranks[1] > ranks[0] else Movement.DOWN

    @property
    def changed(self) -> bool:
        """Tell whether a line, the tier, points or pay change, or when pricing fails."""
        return (
            any(before != after for before, after in self.lines.values())
            or self.movement is not Movement.NONE
            or self.before.points != self.after.points
            or (self.before.pay_minor or 0) != (self.after.pay_minor or 0)
            or self.before.fails_from != self.after.fails_from
        )


def as_if(policy: Policy, draft: Scheme, first: date) -> Policy:
    """Return the policy as if the draft were in force from month `first` on, whatever it says."""
    earlier = [scheme for scheme in policy.schemes if scheme.effective_from < first]
    return replace(policy, schemes=[*earlier, replace(draft, effective_from=first)])


def through(policy: Policy, last: date) -> Policy:
    """Return the policy as it stands at the end of month `last`, or now if that is earlier."""
    return replace(policy, business_date=min(policy.business_date, last_day(last)))


def compare(theirs: Theirs, policies: tuple[Policy, Policy], period: Period) -> Comparison:
    """Price a customer's period under the policy in force and under the draft's."""
    sides = [
        side_of(theirs, former, policy, period)
        for former, policy in zip(theirs.former, policies, strict=True)
    ]
    fails = [side.fails_from for side in sides if side.fails_from]
    kept = [
        [leaf for leaf in side.leaves if not fails or leaf.month < min(fails)] for side in sides
    ]
    sums = [_by_line(leaves) for leaves in kept]
    lines = {line: (sums[0][line], sums[1][line]) for line in Line}
    changes = rule_changes(kept[0], kept[1])
    return Comparison(theirs.customer_id, sides[0], sides[1], lines, changes)


def _by_line(leaves: Iterable[Leaf]) -> dict[Line, int]:
    sums = dict.fromkeys(Line, 0)
    for leaf in leaves:
        sums[leaf.line] += leaf.amount_minor
    return sums


Key = tuple[Line, str, str]


def rule_changes(before: Sequence[Leaf], after: Sequence[Leaf]) -> list[RuleChange]:
    """Return the rules whose leaves differ, in the order of the lines."""
    sums: dict[Key, list[int]] = {}
    inputs: dict[Key, dict[InputChange, None]] = {}
    for (_, _, line, name, entry), (old, new) in _paired(before, after).items():
        rule: Key = (line, name, entry)
        amounts = [sum(leaf.amount_minor for leaf in leaves) for leaves in (old, new)]
        kept = sums.setdefault(rule, [0, 0, 0])
        kept[0] += amounts[0]
        kept[1] += amounts[1]
        kept[2] += amounts[0] != amounts[1]
        if amounts[0] != amounts[1]:
            found = inputs.setdefault(rule, {})
            for one, other in zip_longest(old, new):
                found.update(dict.fromkeys(_input_changes(one, other)))
    order = list(Line)
    return [
        RuleChange(*rule, kept[0], kept[1], tuple(inputs[rule])[:MOST_INPUTS])
        for rule, kept in sorted(sums.items(), key=lambda one: (order.index(one[0][0]), one[0][1:]))
        if kept[2]
    ]


def _paired(
    before: Sequence[Leaf], after: Sequence[Leaf]
) -> dict[tuple[object, date, Line, str, str], tuple[list[Leaf], list[Leaf]]]:
    pairs: dict[tuple[object, date, Line, str, str], tuple[list[Leaf], list[Leaf]]] = {}
    for place, leaves in enumerate((before, after)):
        for leaf in leaves:
            key = (leaf.account.id, leaf.month, leaf.line, leaf.rule, _entry(leaf))
            pairs.setdefault(key, ([], []))[place].append(leaf)
    return pairs


def _entry(leaf: Leaf) -> str:
    return next((str(one.value) for one in leaf.inputs if one.name in _TELLING), "")


def _input_changes(before: Leaf | None, after: Leaf | None) -> list[InputChange]:
    old, new = _told(before, after), _told(after, before)
    nothing = Input("", "", "")
    return [
        InputChange(*key, was.value, now.value)
        for key in dict.fromkeys([*old, *new])
        if (was := old.get(key, nothing)).value != (now := new.get(key, nothing)).value
    ]


def _told(leaf: Leaf | None, other: Leaf | None) -> dict[tuple[str, str], Input]:
    """Return inputs to compare; where the other side has no such leaf, the holder's share only."""
    inputs = leaf.inputs if leaf else ()
    return {(one.name, one.unit): one for one in inputs if other or one.unit == HOLDER}
