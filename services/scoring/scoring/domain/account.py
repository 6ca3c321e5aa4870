"""An account as scoring knows it, and its history by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NewType
from uuid import UUID

from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, LoanTerms
from scoring.domain.posting import Channel, Kind

AccountId = NewType("AccountId", UUID)
CustomerId = NewType("CustomerId", UUID)


@dataclass(frozen=True, slots=True)
class OwnRate:
    """A yearly rate agreed for one account, in force from a day on."""

    effective_from: date
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; `joint_ids` hold it with the owner, in the order of their ids.

    `own_rates` are in the order of their days and go before its product's.
    """

    id: AccountId
    number: str
    owner_id: CustomerId
    product: str
    line: Line
    currency: str
    opened_on: date
    closed_on: date | None = None
    matures_on: date | None = None
    loan: LoanTerms | None = None
    own_rates: Sequence[OwnRate] = ()
    joint_ids: Sequence[CustomerId] = ()

    @property
    def scheduled(self) -> LoanTerms | None:
        """Return the terms that the balance follows, where it follows terms."""
        terms = self.loan
        return terms if terms and terms.balance_basis is BalanceBasis.SCHEDULE else None

    def own_rate(self, day: date) -> int | None:
        """Return the rate agreed for the account itself: the latest that is effective by then."""
        known = [one.rate_ppm for one in self.own_rates if one.effective_from <= day]
        return known[-1] if known else None

    def open_in(self, month: date) -> bool:
        """Tell whether the account is open on at least one day of the month."""
        opened = (self.opened_on.year, self.opened_on.month) <= (month.year, month.month)
        return opened and (self.closed_on is None or self.closed_on >= month)


@dataclass(frozen=True, slots=True)
class Moments:
    """What a month's postings do to its balance-days: sum of A, and sum of A x day."""

    s0: int = 0
    s1: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done on an account by one channel, kind and purpose: in a month, or on a `day`."""

    channel: Channel
    kind: Kind
    purpose: str
    count: int
    amount_minor: int
    day: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """A posting of the business month that is valued after the business date."""

    day: int
    channel: Channel
    kind: Kind
    purpose: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of one account's months; `opening` is the balance before the first of them.

    `by_day` has the activity of those months that are weighed day by day (`weighing.by_day`).
    """

    opening: int = 0
    moments: Mapping[date, Moments] = field(default_factory=dict)
    activity: Mapping[date, Sequence[Activity]] = field(default_factory=dict)
    ahead: Sequence[Ahead] = ()
    by_day: Mapping[date, Sequence[Activity]] = field(default_factory=dict)
