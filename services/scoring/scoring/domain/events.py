"""Facts this service announces. Additive changes only."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from scoring.domain.account import CustomerId
from scoring.domain.index import score_text
from scoring.domain.ladder import Unit
from scoring.domain.tiers import Reason, TierPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionChanged:
    """A customer's contribution of the tier window is now another."""

    type: ClassVar[str] = "scoring.contribution.changed"

    customer_id: CustomerId
    institution: str
    version: int
    window_months: int
    through: date
    contribution_minor: int
    currency: str

    @property
    def subject(self) -> str:
        """Name the aggregate."""
        return str(self.customer_id)

    def data(self) -> dict[str, Any]:
        """Return the event's body."""
        return {
            "customer_id": str(self.customer_id),
            "window_months": self.window_months,
            "through": self.through.isoformat(),
            "contribution_minor": self.contribution_minor,
            "currency": self.currency,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChanged:
    """A customer now holds another tier."""

    type: ClassVar[str] = "scoring.tier.changed"

    customer_id: CustomerId
    institution: str
    version: int
    tier: TierPeriod
    previous_code: str | None

    @property
    def subject(self) -> str:
        """Name the aggregate."""
        return str(self.customer_id)

    def data(self) -> dict[str, Any]:
        """Return the event's body."""
        return {
            "customer_id": str(self.customer_id),
            "tier_code": self.tier.code,
            "tier_rank": self.tier.rank,
            "since": self.tier.since.isoformat(),
            "previous_code": self.previous_code,
            "reason": _reason(self.tier.reason),
        }


def _reason(why: Reason) -> dict[str, Any]:
    """Write a reason; what was measured in points or by the index has those in place of amounts."""
    money = why.unit is Unit.MONEY
    told: dict[str, Any] = {
        "rule": why.rule,
        "move": why.move,
        "scheme_version": why.scheme_version,
        "value_minor": why.value_minor if money else None,
        "threshold_minor": why.threshold_minor if money else None,
    }
    if why.unit is Unit.POINTS:
        told |= {"points": why.value_minor, "points_needed": why.threshold_minor}
    if why.unit is Unit.SCORE:
        needed = score_text(why.threshold_minor)
        told |= {"score": score_text(why.value_minor), "score_needed": needed}
    if why.given_by is not None:
        told |= {"given_by": why.given_by, "note": why.note}
    return told
