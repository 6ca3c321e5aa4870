"""Which members of a campaign are offered nothing, so that its effect can be measured."""

import hashlib
from enum import StrEnum
from uuid import UUID, uuid5

PPM = 1_000_000
_DIGEST_BITS = 256


class Arm(StrEnum):
    """The side of the experiment a member is on, for ever."""

    TREATED = "treated"
    HELD_OUT = "held_out"


def arm(salt: str, campaign_id: UUID, customer_id: UUID, hold_out_ppm: int) -> Arm:
    """Return the member's arm: held out when SHA-256 of `salt:campaign:customer` falls low.

    The digest, as a fraction of 2^256, is compared with `hold_out_ppm` in whole numbers, so
    anyone who knows the salt can check any member again.
    """
    digest = hashlib.sha256(f"{salt}:{campaign_id}:{customer_id}".encode()).digest()
    low = int.from_bytes(digest, "big") * PPM < hold_out_ppm << _DIGEST_BITS
    return Arm.HELD_OUT if low else Arm.TREATED


def offer_id(campaign_id: UUID, customer_id: UUID) -> UUID:
    """Return the id of the one offer that a campaign can make to a customer."""
    return uuid5(campaign_id, str(customer_id))
