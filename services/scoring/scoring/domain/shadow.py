"""A draft scheme beside what is in force, for one customer: what would change, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.contribution import price, problem_of
from scoring.domain.earned_points import earned_points
from scoring.domain.leaf import Input, Leaf
from scoring.domain.line import Line, View
from scoring.domain.measures import Measures
from scoring.domain.months import Period, last_day
from scoring.domain.policy import Policy
from scoring.domain.problems import NotComputable
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_money import Missing
from scoring.domain.tiers import TierPeriod
from scoring.domain.valuation import balance_days, points_by_month, tiers

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
class Standing:
    """The tier held at the end of the period, since when, and what gave it."""

    code: str
    name: str
    rank: int
    since: date
    rule: str
    value: int | None
    threshold: int | None

    @classmethod
    def of(cls, held: TierPeriod) -> "Standing":
        """Return what a period of a tier says of its end."""
        why = held.reason
        return cls(
            held.code,
            held.name,
            held.rank,
            held.since,
            why.rule,
            None if why.in_points else why.value_minor,
            None if why.in_points else why.threshold_minor,
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One customer under one policy: leaves of the months that it can price, tier, points, pay.

    `pay_minor` is what the points earn whoever looks after the customer; None where no scheme of
    the period pays by points.
    """

    leaves: Sequence[Leaf]
    missing: Sequence[Missing]
    tier: Standing | None = None
    points: int = 0
    pay_minor: int | None = None

    @property
    def fails_from(self) -> date | None:
        """Return the first month that cannot be priced."""
        return min((one.month for one in self.missing), default=None)

    @property
    def problem(self) -> NotComputable | None:
        """Return the refusal that names what is missing."""
        return problem_of(self.missing) if self.missing else None


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


def compare(  # noqa: PLR0913, PLR0917  (one customer under two policies)
    customer_id: CustomerId,
    owned: Sequence[tuple[Account, History]],
    former: Measures,
    before: Policy,
    after: Policy,
    period: Period,
) -> Comparison:
    """Price a customer's period under both policies.

    `former` are the measures kept of the months before the period, the same on both sides, on
    which the tiers build. Where either side ranks customers against one another, no tier is told.
    """
    sides = [_side(owned, former, policy, period) for policy in (before, after)]
    ladders = [policy.ladder(period.last) for policy in (before, after)]
    if any(ladder and ladder.by_rank for ladder in ladders):
        sides = [replace(side, tier=None) for side in sides]
    fails = [side.fails_from for side in sides if side.fails_from]
    kept = [
        [leaf for leaf in side.leaves if not fails or leaf.month < min(fails)] for side in sides
    ]
    sums = [_by_line(leaves) for leaves in kept]
    lines = {line: (sums[0][line], sums[1][line]) for line in Line}
    changes = rule_changes(kept[0], kept[1])
    return Comparison(customer_id, sides[0], sides[1], lines, changes)


def _side(
    owned: Sequence[tuple[Account, History]],
    former: Measures,
    policy: Policy,
    period: Period,
) -> Side:
    priced = price(owned, policy, period)
    side = Side(priced.leaves, priced.missing)
    fails = side.fails_from
    measures = _measures(former, owned, side, policy, period)
    held = tiers([account for account, _ in owned], (), measures, policy, fails)
    earned = [
        one
        for one in earned_points(owned, policy, period).leaves
        if fails is None or one.month < fails
    ]
    schemes = [policy.scheme(month) for month in period]
    paid = any(one and one.points.pay_per_point_minor is not None for one in schemes)
    return replace(
        side,
        tier=Standing.of(held[-1]) if held else None,
        points=sum(one.points for one in earned),
        pay_minor=sum(one.pay_minor or 0 for one in earned) if paid else None,
    )


def _measures(
    former: Measures,
    owned: Sequence[tuple[Account, History]],
    side: Side,
    policy: Policy,
    period: Period,
) -> Measures:
    """Return what ladders read: what is kept of the months before the period, then the side's."""
    contribution = {
        view: {month: n for month, n in months.items() if month < period.first}
        for view, months in former.contribution.items()
    }
    for leaf in side.leaves:
        for view in View:
            if leaf.line in view.lines:
                months = contribution.setdefault(view, {})
                months[leaf.month] = months.get(leaf.month, 0) + leaf.amount_minor
    days = {
        line: {month: n for month, n in months.items() if month < period.first}
        for line, months in former.balance_days.items()
    }
    if policy.measures_balances:
        for (month, line), found in balance_days(owned, policy, period).items():
            days.setdefault(line, {})[month] = found
    points = {month: n for month, n in former.points.items() if month < period.first}
    if policy.measures_points:
        points |= points_by_month(owned, policy, period)
    return replace(
        former,
        business_date=policy.business_date,
        since=policy.priced_from or policy.business_date,
        contribution=contribution,
        balance_days=days,
        points=points,
    )


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
            for one, other in zip(old, new, strict=False):
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


def _input_changes(before: Leaf, after: Leaf) -> list[InputChange]:
    old = {one.name: one for one in before.inputs}
    new = {one.name: one for one in after.inputs}
    nothing = Input("", "", "")
    return [
        InputChange(name, (new.get(name) or old[name]).unit, was.value, now.value)
        for name in dict.fromkeys([*old, *new])
        if (was := old.get(name, nothing)).value != (now := new.get(name, nothing)).value
    ]
