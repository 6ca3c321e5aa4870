"""A contribution scheme: the bank's policy of what business is worth, as a typed value.

docs/contribution-scheme.md says what each field means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring.domain.capital import NO_CAPITAL, Capital
from scoring.domain.condition import Condition
from scoring.domain.index import Index
from scoring.domain.ladder import Ladder, Metric
from scoring.domain.line import Line
from scoring.domain.loan import Grade
from scoring.domain.months import days_in_year
from scoring.domain.points import NO_POINTS, Points
from scoring.domain.posting import Channel, Kind
from scoring.domain.tax import NO_TAX, Tax
from scoring.domain.tolerance import EXACT, Tolerance
from scoring.domain.transfer import NO_TRANSFER, Transfer


@dataclass(frozen=True, slots=True)
class LossRates:
    """Yearly probability of default, and what is lost then."""

    pd_ppm: int
    lgd_ppm: int


@dataclass(frozen=True, slots=True)
class FeeShare:
    """Postings that are the bank's income, and the part of them that counts."""

    when: Condition
    line: Line
    share_ppm: int


@dataclass(frozen=True, slots=True)
class UnitIncome:
    """Income by act or by amount, for postings that are not income themselves."""

    when: Condition
    line: Line
    per_item_minor: int
    ppm_of_amount: int


@dataclass(frozen=True, slots=True)
class EBanking:
    """What a posting away from the counter saves, and the share credited for it."""

    counter_cost_minor: int
    credit_share_ppm: int
    channel_cost_minor: Mapping[Channel, int]


@dataclass(frozen=True, slots=True)
class ActCost:
    """What each posting that fits costs."""

    when: Condition
    minor: int


@dataclass(frozen=True, slots=True)
class CostToServe:
    """What a posting costs, an open account by month, and a product's balance by year.

    A posting costs what the first of `acts` that fits says, else what its channel costs.
    """

    channel_cost_minor: Mapping[Channel, int]
    account_month_minor: int
    acts: Sequence[ActCost] = ()
    balance_ppm: Mapping[str, int] = field(default_factory=dict)


class JointHolders(StrEnum):
    """What an account with joint holders counts for: its owner, or all of them equally."""

    OWNER = "owner"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One version of a bank's policy, in force from a month on."""

    name: str
    version: int
    effective_from: date
    currency: str
    basis_days: int | None
    expected_loss: Mapping[Grade, LossRates]
    fees: Sequence[FeeShare]
    unit_income: Sequence[UnitIncome]
    e_banking: EBanking
    international_ppm: Mapping[Kind, int]
    cost_to_serve: CostToServe
    ladder: Ladder
    basis_of_currency: Mapping[str, int | None] = field(default_factory=dict)
    customer_ppm: Mapping[str, int] = field(default_factory=dict)
    transfer: Transfer = NO_TRANSFER
    tax: Tax = NO_TAX
    capital: Capital = NO_CAPITAL
    points: Points = NO_POINTS
    index: Index | None = None
    joint_holders: JointHolders = JointHolders.OWNER
    tolerance: Tolerance = EXACT

    @property
    def measures_balances(self) -> bool:
        """Tell whether the ladder looks at balances."""
        return self.ladder.measure.metric is Metric.AVERAGE_BALANCE

    @property
    def measures_points(self) -> bool:
        """Tell whether the ladder looks at points."""
        return self.ladder.measure.metric is Metric.POINTS

    @property
    def measures_index(self) -> bool:
        """Tell whether the ladder looks at the index."""
        return self.ladder.measure.metric is Metric.INDEX

    def basis(self, month: date, currency: str | None = None) -> int:
        """Return the days that a yearly rate is spread over, in that month's year.

        Without a currency it is that of the scheme.
        """
        days = self.basis_of_currency.get(currency or self.currency, self.basis_days)
        return days or days_in_year(month)


def in_force(schemes: Sequence[Scheme], month: date) -> Scheme | None:
    """Return the scheme for a month: the latest that is effective by then."""
    known = [scheme for scheme in schemes if scheme.effective_from <= month]
    return max(known, key=lambda scheme: scheme.effective_from, default=None)
