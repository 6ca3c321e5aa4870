"""Every way the campaign service can say no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kit.problem import Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one place of an input, as `audience.all[0].tier.atLeast`."""

    path: str
    reason: str


class _Faulty(Problem):
    """An input with faults, each at its place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


class InvalidAudience(_Faulty):
    """The audience rule is empty, too large, or names what does not exist."""

    code: ClassVar[str] = "INVALID_AUDIENCE"


class InvalidCampaign(_Faulty):
    """The draft misses something, or holds a value out of its bounds."""

    code: ClassVar[str] = "INVALID_CAMPAIGN"


class InstitutionNotLoaded(Problem):
    """Nothing has arrived yet about the caller's institution, not even its business date."""

    code: ClassVar[str] = "INSTITUTION_NOT_LOADED"


class CampaignNotFound(Problem):
    """No campaign of the caller's institution has this id."""

    code: ClassVar[str] = "CAMPAIGN_NOT_FOUND"


class StaleVersion(Problem):
    """The campaign has changed since the caller read it."""

    code: ClassVar[str] = "STALE_VERSION"


class WrongStatus(Problem):
    """The campaign's status does not allow this step."""

    code: ClassVar[str] = "WRONG_STATUS"


class SecondPersonRequired(Problem):
    """Whoever wrote a campaign cannot approve it."""

    code: ClassVar[str] = "SECOND_PERSON_REQUIRED"


class ProductNotOnOffer(Problem):
    """The product is unknown or no longer sold."""

    code: ClassVar[str] = "PRODUCT_NOT_ON_OFFER"


class CampaignEnded(Problem):
    """The campaign's last day is over."""

    code: ClassVar[str] = "CAMPAIGN_ENDED"


class OfferNotFound(Problem):
    """No offer with this id may be made through this channel (a held-out member has none)."""

    code: ClassVar[str] = "OFFER_NOT_FOUND"


class OfferClosed(Problem):
    """The offer's campaign is stopped, over, or not begun."""

    code: ClassVar[str] = "OFFER_CLOSED"


class ConsentWithdrawn(Problem):
    """The customer does not, or no longer, agree to marketing through this channel."""

    code: ClassVar[str] = "CONSENT_WITHDRAWN"


class AlreadyAnswered(Problem):
    """The customer has accepted or declined already, and differently."""

    code: ClassVar[str] = "ALREADY_ANSWERED"


class TooManyStreams(Problem):
    """The caller follows as much at once as anybody may."""

    code: ClassVar[str] = "TOO_MANY_STREAMS"
    status: ClassVar[int] = 429
