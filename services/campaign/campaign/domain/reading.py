"""An audience as clients write it, read into a rule: every fault is told with its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from campaign.domain.audience import (
    Age,
    All,
    AnyOf,
    Consents,
    Contribution,
    Holds,
    InBranch,
    Not,
    OfKind,
    Rule,
    Tier,
    WithManager,
)
from campaign.domain.money import minor
from campaign.domain.problems import Fault, InvalidAudience
from campaign.domain.prospect import Channel, CustomerKind, Line
from campaign.domain.words import storable

MOST_DEPTH, MOST_RULES, MOST_NAMES, MOST_YEARS, MOST_FAULTS = 8, 200, 1000, 150, 20
_NOTHING = All(())
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names an audience may use: tiers with their ranks, branches, products."""

    currency: str
    tiers: Mapping[str, int]
    branches: frozenset[str]
    products: frozenset[str]


def read(tree: Mapping[str, Any], known: Known) -> Rule:
    """Return the rule that `tree` says, or raise `InvalidAudience` with what is wrong where.

    A tree holds exactly one key: `all`, `any`, `not`, or one condition; enums by GraphQL name.
    """
    reading = _Reading(known)
    rule = reading.rule(tree, "audience", 1)
    if reading.faults:
        raise InvalidAudience(reading.faults[:MOST_FAULTS])
    return rule


@dataclass(slots=True)
class _Reading:
    known: Known
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def fault(self, path: str, reason: str) -> None:
        self.faults.append(Fault(path, reason))

    def rule(self, tree: Mapping[str, Any], path: str, depth: int) -> Rule:
        self.count += 1
        if self.count == MOST_RULES + 1:
            self.fault(path, f"an audience has at most {MOST_RULES} rules")
        if depth > MOST_DEPTH:
            self.fault(path, f"rules nest at most {MOST_DEPTH} deep")
        elif len(tree) != 1:
            self.fault(path, "give exactly one of all, any, not, or a condition")
        if self.count > MOST_RULES or depth > MOST_DEPTH or len(tree) != 1:
            return _NOTHING
        [(name, value)] = tree.items()
        place = f"{path}.{name}"
        if name in ("all", "any"):
            if not value:
                self.fault(place, "give at least one rule")
            rules = tuple(
                self.rule(one, f"{place}[{index}]", depth + 1) for index, one in enumerate(value)
            )
            return All(rules) if name == "all" else AnyOf(rules)
        if name == "not":
            return Not(self.rule(value, place, depth + 1))
        return self.condition(name, value, place)

    def condition(self, name: str, value: Any, place: str) -> Rule:  # noqa: ANN401  (as written)
        readers: dict[str, Callable[[Any, str], Rule]] = {
            "tier": self.tier,
            "contribution": self.contribution,
            "holds": self.holds,
            "age": self.age,
            "kind": lambda kind, _: OfKind(CustomerKind[kind]),
            "branch": self.branch,
            "managers": lambda given, at: WithManager(self.names(given["in"], f"{at}.in", None)),
            "consent": lambda given, _: Consents(Channel[given["channel"]]),
        }
        if name not in readers:
            self.fault(place, f"there is no condition '{name}'")
            return _NOTHING
        return readers[name](value, place)

    def tier(self, given: Mapping[str, Any], place: str) -> Rule:
        self.something(given, place)
        code = given.get("atLeast")
        rank = None if code is None else self.known.tiers.get(code)
        if code is not None:
            self.names([code], f"{place}.atLeast", ("tier", frozenset(self.known.tiers)))
        known = ("tier", frozenset(self.known.tiers))
        among = self.maybe(given, "in", lambda codes: self.names(codes, f"{place}.in", known))
        return Tier(at_least=rank, codes=among)

    def branch(self, given: Mapping[str, Any], place: str) -> Rule:
        known = ("branch", self.known.branches)
        return InBranch(self.names(given["in"], f"{place}.in", known))

    def contribution(self, given: Mapping[str, Any], place: str) -> Rule:
        self.something(given, place)
        at_least = self.money(given, "atLeast", place)
        less_than = self.money(given, "lessThan", place)
        self.ordered(at_least, less_than, place)
        currency = self.known.currency
        return Contribution(currency=currency, at_least=at_least, less_than=less_than)

    def age(self, given: Mapping[str, Any], place: str) -> Rule:
        self.something(given, place)
        at_least, less_than = given.get("atLeast"), given.get("lessThan")
        for name, years in (("atLeast", at_least), ("lessThan", less_than)):
            if years is not None and not 0 <= years <= MOST_YEARS:
                self.fault(f"{place}.{name}", f"give 0 to {MOST_YEARS} years")
        self.ordered(at_least, less_than, place)
        return Age(at_least=at_least, less_than=less_than)

    def holds(self, given: Mapping[str, Any], place: str) -> Rule:
        self.something(given, place)
        products, lines = given.get("products") or {}, given.get("lines") or {}
        for name in given:
            self.something(given[name], f"{place}.{name}")
        known = ("product", self.known.products)

        def of(group: Mapping[str, Any], which: str, at: str) -> frozenset[str] | None:
            return self.maybe(group, which, lambda codes: self.names(codes, f"{at}.{which}", known))

        def lined(which: str) -> frozenset[str] | None:
            found = self.maybe(
                lines, which, lambda names: self.names(names, f"{place}.lines.{which}", None)
            )
            return None if found is None else frozenset(Line[name] for name in found)

        return Holds(
            any_products=of(products, "any", f"{place}.products"),
            no_products=of(products, "none", f"{place}.products"),
            any_lines=lined("any"),
            no_lines=lined("none"),
        )

    def something(self, given: Mapping[str, Any], place: str) -> None:
        if not given:
            self.fault(place, "an empty condition says nothing")

    def maybe(self, given: Mapping[str, Any], name: str, then: Callable[[Any], T]) -> T | None:
        return then(given[name]) if name in given else None

    def money(self, given: Mapping[str, Any], name: str, place: str) -> int | None:
        try:
            return self.maybe(given, name, lambda text: minor(text, self.known.currency))
        except ValueError as error:
            self.fault(f"{place}.{name}", str(error))
            return None

    def ordered(self, at_least: int | None, less_than: int | None, place: str) -> None:
        if at_least is not None and less_than is not None and at_least >= less_than:
            self.fault(place, "atLeast must be below lessThan, or nobody is meant")

    def names(
        self, given: list[str], place: str, known: tuple[str, frozenset[str]] | None
    ) -> frozenset[str]:
        if not 1 <= len(given) <= MOST_NAMES:
            self.fault(place, f"give 1 to {MOST_NAMES} names")
        kind, names = known or ("name", frozenset(name for name in given if storable(name)))
        self.faults += [
            Fault(place, f"there is no {kind} '{name[:100]}'")
            for name in given[:MOST_NAMES]
            if name not in names
        ]
        return frozenset(given)
