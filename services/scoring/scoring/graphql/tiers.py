"""Tiers as clients see them: a customer's own, and the ladder of the bank."""

from datetime import date
from typing import Self

import strawberry

from scoring.domain.tiers import TierPeriod
from scoring.graphql.scalars import Money


@strawberry.type(description="Why a tier was given.")
class TierReason:
    rule: str = strawberry.field(description="What was measured.")
    value: Money = strawberry.field(description="What it came to in the month the tier began.")
    threshold: Money = strawberry.field(description="What the tier needs at least.")


@strawberry.type(description="A tier that a customer holds or held.")
class Tier:
    code: str = strawberry.field(description="Stable: match on it.")
    name: str
    rank: int = strawberry.field(description="1 is the lowest of its ladder.")
    since: date = strawberry.field(description="The first day.")
    until: date | None = strawberry.field(description="The first day no longer; null if held now.")
    reason: TierReason

    @classmethod
    def of(cls, period: TierPeriod, currency: str) -> Self:
        """Show a period."""
        reason = TierReason(
            rule=period.reason.rule,
            value=Money.of(period.reason.value_minor, currency),
            threshold=Money.of(period.reason.threshold_minor, currency),
        )
        return cls(
            code=period.code,
            name=period.name,
            rank=period.rank,
            since=period.since,
            until=period.until,
            reason=reason,
        )
