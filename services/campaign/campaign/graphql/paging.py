"""Pages of campaigns: their size, and cursors that clients need not understand."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from kit.problem import BadRequest

from campaign.domain.campaign import Campaign

MOST = 100


def size(first: int) -> int:
    """Return `first`, or refuse it."""
    if not 1 <= first <= MOST:
        raise BadRequest(f"'first' must be 1 to {MOST}.")
    return first


def cursor(campaign: Campaign) -> str:
    """Return the place behind `campaign` in the order of the pages."""
    written = f"{campaign.created_at.isoformat()}|{campaign.id}"
    return urlsafe_b64encode(written.encode()).decode()


def place(after: str | None) -> tuple[datetime, UUID] | None:
    """Return the place that a cursor names."""
    if after is None:
        return None
    try:
        at, campaign_id = urlsafe_b64decode(after.encode()).decode().split("|")
        return _aware(datetime.fromisoformat(at)), UUID(campaign_id)
    except ValueError:
        raise BadRequest("'after' must be a cursor that an earlier page gave out.") from None


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError
    return at
