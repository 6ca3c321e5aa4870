"""Someone a campaign may approach, as far as the events of other services tell."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

MARKETING = "marketing"


class Channel(StrEnum):
    """A way of reaching a customer; consent is given channel by channel."""

    COUNTER = "counter"
    OUTLET = "outlet"
    PHONE = "phone"
    SELF_SERVICE = "self_service"
    ONLINE = "online"
    MOBILE = "mobile"


class Line(StrEnum):
    """A line of business, the coarsest grouping of products."""

    DEPOSIT = "deposit"
    LOAN = "loan"
    SETTLEMENT = "settlement"
    INTERMEDIARY = "intermediary"
    E_BANKING = "e_banking"
    INTERNATIONAL = "international"


class CustomerKind(StrEnum):
    """A person, or a company or other organisation."""

    INDIVIDUAL = "individual"
    ENTERPRISE = "enterprise"


def marketing(channel: Channel) -> str:
    """Return the consent that marketing over `channel` needs."""
    return f"{MARKETING}/{channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What is known of one customer; None is what no event has told yet."""

    customer_id: UUID
    kind: str | None = None
    born_on: date | None = None
    branch_code: str | None = None
    manager_number: str | None = None
    tier_rank: int | None = None
    tier_code: str | None = None
    contribution_minor: int | None = None
    currency: str | None = None
    products: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()


def age(born_on: date, on: date) -> int:
    """Return the years completed by `on`; who is born on 29 February turns older on 1 March."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def born_by(on: date, years: int) -> date:
    """Return the last birthday of those who have completed `years` years by `on`."""
    if (on.month, on.day) == (2, 29) and not _leap(on.year - years):
        return date(on.year - years, 2, 28)
    return on.replace(year=on.year - years)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
