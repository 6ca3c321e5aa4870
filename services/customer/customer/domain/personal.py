"""What a bank decides about personal data: masks, how much is revealed, what lists are for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from customer.domain.masks import Masks
from customer.domain.personal_problems import (
    PurposeMissing,
    ReasonMissing,
    RevealLimit,
    VerificationMissing,
)
from customer.domain.vocabulary import Channel

_SHORTEST_REASON, _LONGEST_REASON = 4, 200


class RevealedField(StrEnum):
    """What can be revealed of a customer."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    BORN_ON = "born_on"


class VerificationMethod(StrEnum):
    """How a caller proved to be the customer; what they said is never kept."""

    QUESTIONS = "questions"
    ONE_TIME_CODE = "one_time_code"
    CALL_BACK = "call_back"
    KNOWN_NUMBER = "known_number"


class ReadPurpose(StrEnum):
    """What many customers are read for."""

    SERVICE = "service"
    MARKETING = "marketing"
    RISK = "risk"
    COMPLIANCE = "compliance"
    DATA_QUALITY = "data_quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How often one caller may do something: some at once, and so many in every hour."""

    at_once: int
    per_hour: int

    def __post_init__(self) -> None:
        if self.at_once < 1 or self.per_hour < 1:
            raise ValueError("an allowance is of at least one at once and one per hour")

    def take(self, full_at: datetime, now: datetime) -> datetime:
        """Return when the allowance will be full again after one more; refused when it is used up.

        `full_at` is when it would be full without this one. Every use puts that off by the time
        in which one comes back, and it is used up when that time lies `at_once` uses ahead.
        """
        one = timedelta(hours=1) / self.per_hour
        after = max(full_at, now) + one
        if after - now > one * self.at_once:
            raise RevealLimit(after - now - one * self.at_once)
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What a bank has decided; `listed_freely` customers are listed without a purpose."""

    masks: Masks
    reveals: Allowance
    verified_for: timedelta
    listed_freely: int

    def check_listing(self, size: int, purpose: ReadPurpose | None, *, first_page: bool) -> None:
        """Refuse a long list, or the rest of a list, to a caller who does not say what for."""
        if purpose is None and (size > self.listed_freely or not first_page):
            raise PurposeMissing(self.listed_freely)


def check_reason(reason: str) -> str:
    """Return the reason in one line; refused when there is none worth the name."""
    told = " ".join(reason.split())
    if not _SHORTEST_REASON <= len(told) <= _LONGEST_REASON or not told.isprintable():
        raise ReasonMissing(_SHORTEST_REASON, _LONGEST_REASON)
    return told


def check_verified(channel: str, *, verified: bool) -> None:
    """Refuse to reveal on the telephone what a caller who proved nothing could then hear."""
    if channel == Channel.PHONE and not verified:
        raise VerificationMissing
