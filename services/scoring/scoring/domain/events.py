"""Facts this service announces. Additive changes only."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from scoring.domain.account import CustomerId
from scoring.domain.tiers import TierPeriod


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
            "reason": {
                "rule": self.tier.reason.rule,
                "value_minor": self.tier.reason.value_minor,
                "threshold_minor": self.tier.reason.threshold_minor,
                "move": self.tier.reason.move,
                "scheme_version": self.tier.reason.scheme_version,
            },
        }
