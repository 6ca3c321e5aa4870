"""Tiers as clients see them: a customer's own, each with its phases and its reason."""

from datetime import date, timedelta
from typing import Self

import strawberry

from scoring.domain.money import MILLION, share_text
from scoring.domain.months import month_of
from scoring.domain.policy import Policy
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod
from scoring.graphql.scalars import Money, YearMonth

TOP = "The part of all customers, best first, that the step and those above it hold."

strawberry.enum(Status, name="TierStatus", description="How a tier is held.")
strawberry.enum(Move, name="TierMove", description="What gave a tier.")


def money(minor: int | None, currency: str) -> Money | None:
    """Show an amount where there is one."""
    return None if minor is None else Money.of(minor, currency)


@strawberry.type(description="Why a tier was given.")
class TierReason:
    rule: str = strawberry.field(description="What was measured.")
    value: Money | None = strawberry.field(
        description="What it came to in the month that gave the tier; null where a person gave it "
        "or points are measured."
    )
    points: int | None = strawberry.field(description="What it came to where points are measured.")
    points_needed: int | None = strawberry.field(description="What the tier needs in points.")
    threshold: Money | None = strawberry.field(
        description="What the tier needs at least; null where places or points count."
    )
    top_share: str | None = strawberry.field(description=f"{TOP} Null where amounts count.")
    move: Move = strawberry.field(description="Coming in, rising, falling, or a person.")
    measured_in: YearMonth | None = strawberry.field(description="The month that gave the value.")
    scheme_version: int | None = strawberry.field(
        description="The scheme whose ladder decided; null where a person did."
    )
    given_by: str | None = strawberry.field(description="Who gave the tier by hand.")
    note: str | None = strawberry.field(description="Why somebody gave the tier by hand.")

    @classmethod
    def of(cls, reason: Reason, currency: str) -> Self:
        """Show a reason."""
        threshold, top, points = reason.threshold_minor, reason.top_ppm, reason.in_points
        return cls(
            rule=reason.rule,
            value=None if points else money(reason.value_minor, currency),
            points=reason.value_minor if points else None,
            points_needed=threshold if points else None,
            threshold=None if points else money(threshold, currency),
            top_share=None if top is None else share_text(top, MILLION),
            move=reason.move,
            measured_in=YearMonth(reason.measured_in) if reason.measured_in else None,
            scheme_version=reason.scheme_version or None,
            given_by=reason.given_by,
            note=reason.note,
        )


@strawberry.type(description="A part of the time a tier is held, and the measure that began it.")
class TierPhase:
    status: Status
    since: date = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(description="The first day no longer; null if now.")
    value: Money | None = strawberry.field(
        description="The measure that began it; null where a person did or points are measured."
    )
    threshold: Money | None = strawberry.field(
        description="What keeps the tier; null where places or points count."
    )

    @classmethod
    def of(cls, phase: Phase, currency: str, *, points: bool) -> Self:
        """Show a phase."""
        return cls(
            status=phase.status,
            since=phase.since,
            until=phase.until,
            value=None if points else money(phase.value_minor, currency),
            threshold=None if points else money(phase.threshold_minor, currency),
        )


@strawberry.type(description="A tier that a customer holds or held.")
class Tier:
    code: str = strawberry.field(description="Stable: match on it.")
    name: str
    rank: int = strawberry.field(description="1 is the lowest of its ladder.")
    since: date = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(
        description="The first day no longer; of a tier given by hand also one to come. Null if "
        "no end is known."
    )
    status: Status = strawberry.field(description="How it is held, or was when it ended.")
    watch_since: date | None = strawberry.field(
        description="Since when the customer is watched; null where it is not."
    )
    phases: list[TierPhase] = strawberry.field(
        description="Grace, watch and plain holding, oldest first; a few at most."
    )
    entitlements: list[str] = strawberry.field(
        description="What the tier entitles to, by the scheme in force on its last day."
    )
    reason: TierReason

    @classmethod
    def of(cls, period: TierPeriod, policy: Policy) -> Self:
        """Show a period."""
        currency, status = policy.currency, period.status
        last = period.until - timedelta(days=1) if period.until else policy.business_date
        ladder = policy.ladder(month_of(last))
        step = ladder.step(period.code) if ladder else None
        return cls(
            code=period.code,
            name=period.name,
            rank=period.rank,
            since=period.since,
            until=period.until,
            status=status,
            watch_since=period.phases[-1].since if status is Status.WATCH else None,
            phases=[
                TierPhase.of(one, currency, points=period.reason.in_points) for one in period.phases
            ],
            entitlements=list(step.entitlements) if step else [],
            reason=TierReason.of(period.reason, currency),
        )
