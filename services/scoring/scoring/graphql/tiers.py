"""Tiers as clients see them: a customer's own, each with its phases and its reason."""

from datetime import date, timedelta
from typing import Self

import strawberry

from scoring.domain.index import score_text
from scoring.domain.ladder import Unit
from scoring.domain.money import MILLION, share_text
from scoring.domain.months import month_of
from scoring.domain.policy import Policy
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod
from scoring.graphql.scalars import Money, YearMonth

TOP = "The part of all customers, best first, that the step and those above it hold."
SCORE = "0 to 100, five digits."

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
        "or points or the index are measured."
    )
    points: int | None = strawberry.field(description="What it came to where points are measured.")
    points_needed: int | None = strawberry.field(description="What the tier needs in points.")
    score: str | None = strawberry.field(
        description=f"What it came to where the index is measured. {SCORE}"
    )
    score_needed: str | None = strawberry.field(description="What the tier needs of the index.")
    threshold: Money | None = strawberry.field(
        description="What the tier needs at least; null where places, points or the index count."
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
        value, threshold, top = reason.value_minor, reason.threshold_minor, reason.top_ppm
        of_money, points = reason.unit is Unit.MONEY, reason.unit is Unit.POINTS
        score = reason.unit is Unit.SCORE
        return cls(
            rule=reason.rule,
            value=money(value, currency) if of_money else None,
            points=value if points else None,
            points_needed=threshold if points else None,
            score=score_text(value) if score else None,
            score_needed=score_text(threshold) if score else None,
            threshold=money(threshold, currency) if of_money else None,
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
        description="The measure that began it; null where a person did, or where points or the "
        "index are measured."
    )
    threshold: Money | None = strawberry.field(
        description="What keeps the tier; null where places, points or the index count."
    )

    @classmethod
    def of(cls, phase: Phase, currency: str, unit: Unit) -> Self:
        """Show a phase."""
        of_money = unit is Unit.MONEY
        return cls(
            status=phase.status,
            since=phase.since,
            until=phase.until,
            value=money(phase.value_minor, currency) if of_money else None,
            threshold=money(phase.threshold_minor, currency) if of_money else None,
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
            phases=[TierPhase.of(one, currency, period.reason.unit) for one in period.phases],
            entitlements=list(step.entitlements) if step else [],
            reason=TierReason.of(period.reason, currency),
        )
