"""How large an audience is before anyone is approached."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from campaign.domain.prospect import Channel, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """What a campaign must know of its bank: the business date, and in which money it counts."""

    code: str
    currency: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product that a campaign can offer."""

    code: str
    name: str
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCount:
    """How many of an audience stand on one tier; `code` None: on none."""

    code: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An audience as it would be now: its size, by consent for each channel, and by tier."""

    on: date
    count: int
    addressable: Mapping[Channel, int]
    by_tier: tuple[TierCount, ...]
    sample: tuple[UUID, ...]
