"""Who a campaign is for: a tree of conditions, and whether a prospect meets it.

Two-valued on purpose: a condition about something unknown is not met, so its `Not` is met.
"Not at least gold" therefore includes those without a tier; to leave them out, say which
tiers are meant.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from campaign.domain.prospect import Channel, CustomerKind, Prospect, age, marketing


@dataclass(frozen=True, slots=True)
class All:
    """Every one of `rules` is met."""

    rules: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of `rules` is met."""

    rules: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """`rule` is not met."""

    rule: "Rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The tier's rank is at least, and its code is among; what is None does not restrict."""

    at_least: int | None = None
    codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """The contribution in `currency` lies within bounds (minor units, upper one excluded)."""

    currency: str
    at_least: int | None = None
    less_than: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """Open accounts as owner or joint holder: any of these, and none of those."""

    any_products: frozenset[str] | None = None
    no_products: frozenset[str] | None = None
    any_lines: frozenset[str] | None = None
    no_lines: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """Completed years (of a company: since its founding) lie within bounds, upper excluded."""

    at_least: int | None = None
    less_than: int | None = None


@dataclass(frozen=True, slots=True)
class OfKind:
    """A person or an organisation."""

    kind: CustomerKind


@dataclass(frozen=True, slots=True)
class InBranch:
    """The customer's own branch is among `codes`."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class WithManager:
    """The customer's manager is among `numbers`."""

    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Consents:
    """Marketing over `channel` is agreed to."""

    channel: Channel


Rule: TypeAlias = (
    All
    | AnyOf
    | Not
    | Tier
    | Contribution
    | Holds
    | Age
    | OfKind
    | InBranch
    | WithManager
    | Consents
)


def matches(rule: Rule, prospect: Prospect, on: date) -> bool:  # noqa: PLR0911, C901  (one per kind)
    """Say whether `prospect` meets `rule` on the business date `on`."""
    match rule:
        case All(rules):
            return all(matches(one, prospect, on) for one in rules)
        case AnyOf(rules):
            return any(matches(one, prospect, on) for one in rules)
        case Not(one):
            return not matches(one, prospect, on)
        case Tier():
            among = rule.codes is None or prospect.tier_code in rule.codes
            high = rule.at_least is None or _within(prospect.tier_rank, rule.at_least, None)
            return among and high
        case Contribution():
            known = prospect.contribution_minor if prospect.currency == rule.currency else None
            return _within(known, rule.at_least, rule.less_than)
        case Holds():
            return _holds(rule, prospect)
        case Age():
            years = None if prospect.born_on is None else age(prospect.born_on, on)
            return _within(years, rule.at_least, rule.less_than)
        case OfKind(kind):
            return prospect.kind == kind
        case InBranch(codes):
            return prospect.branch_code in codes
        case WithManager(numbers):
            return prospect.manager_number in numbers
        case Consents(channel):
            return marketing(channel) in prospect.consents


def _within(value: int | None, at_least: int | None, less_than: int | None) -> bool:
    if value is None:
        return False
    return (at_least is None or value >= at_least) and (less_than is None or value < less_than)


def _holds(rule: Holds, prospect: Prospect) -> bool:
    return (
        (rule.any_products is None or bool(rule.any_products & prospect.products))
        and (rule.no_products is None or not rule.no_products & prospect.products)
        and (rule.any_lines is None or bool(rule.any_lines & prospect.lines))
        and (rule.no_lines is None or not rule.no_lines & prospect.lines)
    )
