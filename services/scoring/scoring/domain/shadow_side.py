"""One customer under one policy, as a shadow run prices it: leaves, tier, points and pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from scoring.domain.account import Account, CustomerId, History
from scoring.domain.contribution import Priced, price, problem_of
from scoring.domain.earned_points import earned_points
from scoring.domain.holders import part_of
from scoring.domain.ladder import Unit
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line, View
from scoring.domain.measured import Scored, scored_months
from scoring.domain.measures import Measures
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.problems import NotComputable
from scoring.domain.scheme_money import Missing
from scoring.domain.tier_override import Override, effective, held_on, until_day
from scoring.domain.tiers import TierPeriod
from scoring.domain.valuation import balance_days, points_by_month, tiers

Owned = Sequence[tuple[Account, History]]


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
            why.value_minor if why.unit is Unit.MONEY else None,
            why.threshold_minor if why.unit is Unit.MONEY else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What is a customer's on either side: accounts with their months, and tiers given by hand.

    `former` are the measures of the months before the period, on which tiers build, and the
    places of all months, as (in force, under the draft).
    """

    customer_id: CustomerId
    owned: Owned
    former: tuple[Measures, Measures]
    overrides: Sequence[Override] = ()


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


def side_of(theirs: Theirs, former: Measures, policy: Policy, period: Period) -> Side:
    """Price a customer's period under one policy, and tell the tier at its end."""
    priced = price(theirs.owned, policy, period, theirs.customer_id)
    scored = scored_months(theirs.owned, policy, period, theirs.customer_id, priced.leaves)
    side = Side(priced.leaves, [*priced.missing, *scored.missing])
    measures = _measures(theirs, former, (priced, scored), policy, period)
    points, pay = _earned(theirs, side.fails_from, policy, period)
    schemes = [policy.scheme(month) for month in period]
    paid = any(one and one.points.pay_per_point_minor is not None for one in schemes)
    return replace(
        side,
        tier=_standing(theirs, measures, policy, side.fails_from),
        points=points,
        pay_minor=pay if paid else None,
    )


def _standing(
    theirs: Theirs, measures: Measures, policy: Policy, fails: date | None
) -> Standing | None:
    """Return what is held at the end: what was given by hand goes before what the rules give."""
    counted = [
        account
        for account, _ in theirs.owned
        if any(part_of(account, theirs.customer_id, one) for one in (None, *policy.schemes))
    ]
    ruled = tiers(counted, (), measures, policy, fails)
    today = policy.business_date
    held = held_on(until_day(effective(ruled, theirs.overrides), today), today)
    return Standing.of(held) if held else None


def _earned(theirs: Theirs, fails: date | None, policy: Policy, period: Period) -> tuple[int, int]:
    """Return points and pay of the months that can be priced, as the accounts are shared."""
    points = pay = 0
    for leaf in earned_points(theirs.owned, policy, period, theirs.customer_id).leaves:
        if fails is None or leaf.month < fails:
            points += leaf.points
            pay += leaf.pay_minor or 0
    return points, pay


def amounts_to_rank(
    theirs: Theirs, policy: Policy, period: Period, months: Sequence[date]
) -> dict[date, int]:
    """Return what the customer measures under the draft at the end of each month that ranks all.

    As in force, who has no open account in the month or cannot be priced is not ranked.
    """
    priced = price(theirs.owned, policy, period, theirs.customer_id)
    scored = scored_months(theirs.owned, policy, period, theirs.customer_id, priced.leaves)
    fails = min((one.month for one in (*priced.missing, *scored.missing)), default=None)
    measures = _measures(theirs, theirs.former[1], (priced, scored), policy, period)
    found: dict[date, int] = {}
    for month in months:
        ladder, scheme = policy.ladder(month), policy.scheme(month)
        here = any(
            account.open_in(month) and part_of(account, theirs.customer_id, scheme)
            for account, _ in theirs.owned
        )
        if ladder and here and (fails is None or month < fails):
            found[month] = measures.amount(ladder, month)
    return found


def with_lead(
    former: Measures, customer: CustomerId, owned: Owned, policy: Policy, lead: Period
) -> Measures:
    """Add the balance-days, points and index of the months before the period, none of them kept.

    That is so where a draft's ladder is the first to look at them; the histories begin with `lead`.
    """
    days: dict[Line, dict[date, int]] = {}
    if policy.measures_balances:
        for (month, line), found in balance_days(owned, policy, lead, customer).items():
            days.setdefault(line, {})[month] = found
    points = points_by_month(owned, policy, lead, customer) if policy.measures_points else {}
    leaves = price(owned, policy, lead, customer).leaves if policy.measures_index else []
    scores = scored_months(owned, policy, lead, customer, leaves).scores
    return replace(former, balance_days=days, points=points, scores=scores)


def _measures(
    theirs: Theirs,
    former: Measures,
    found: tuple[Priced, Scored],
    policy: Policy,
    period: Period,
) -> Measures:
    """Return what ladders read: what is kept of the months before the period, then the side's."""
    priced, scored = found
    contribution = {
        view: dict(_before(months, period)) for view, months in former.contribution.items()
    }
    for leaf in priced.leaves:
        for view in View:
            if leaf.line in view.lines:
                months = contribution.setdefault(view, {})
                months[leaf.month] = months.get(leaf.month, 0) + leaf.amount_minor
    days = {line: _before(months, period) for line, months in former.balance_days.items()}
    if policy.measures_balances:
        mine = balance_days(theirs.owned, policy, period, theirs.customer_id)
        for (month, line), kept in mine.items():
            days.setdefault(line, {})[month] = kept
    points = _before(former.points, period)
    if policy.measures_points:
        points |= points_by_month(theirs.owned, policy, period, theirs.customer_id)
    return replace(
        former,
        business_date=policy.business_date,
        since=policy.priced_from or policy.business_date,
        contribution=contribution,
        balance_days=days,
        points=points,
        scores=_before(former.scores, period) | dict(scored.scores),
    )


def _before(months: Mapping[date, int], period: Period) -> dict[date, int]:
    return {month: found for month, found in months.items() if month < period.first}
