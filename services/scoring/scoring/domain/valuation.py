"""One customer worked out for good: sums to keep, tiers held, and what became news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.contribution import price, problem_of
from scoring.domain.line import Line
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy
from scoring.domain.problems import NotComputable
from scoring.domain.scheme import Ladder
from scoring.domain.scheme_money import Missing
from scoring.domain.tiers import TierPeriod, metric, tier_periods

NO_HISTORY = History()


@dataclass(frozen=True, slots=True)
class Valuation:
    """A customer's contribution by month, account and line, up to the first month that fails."""

    customer_id: CustomerId
    sums: Mapping[tuple[date, AccountId, Line], int]
    missing: Sequence[Missing]

    @property
    def fails_from(self) -> date | None:
        """Return the first month that cannot be priced."""
        return min((one.month for one in self.missing), default=None)

    @property
    def problem(self) -> NotComputable:
        """Return the refusal that names what is missing."""
        return problem_of(self.missing)


def value(
    customer_id: CustomerId,
    accounts: Sequence[Account],
    histories: Mapping[AccountId, History],
    policy: Policy,
    period: Period,
) -> Valuation:
    """Price the customer's accounts over the period, with which the histories must begin."""
    owned = [(account, histories.get(account.id, NO_HISTORY)) for account in accounts]
    priced = price(owned, policy, period)
    fails_from = min((one.month for one in priced.missing), default=None)
    sums: dict[tuple[date, AccountId, Line], int] = {}
    for leaf in priced.leaves:
        if fails_from is None or leaf.month < fails_from:
            key = leaf.month, leaf.account.id, leaf.line
            sums[key] = sums.get(key, 0) + leaf.amount_minor
    return Valuation(customer_id, sums, priced.missing)


def tiers(
    accounts: Sequence[Account],
    former: Sequence[TierPeriod],
    totals: Mapping[date, int],
    policy: Policy,
    fails_from: date | None,
) -> list[TierPeriod]:
    """Return the customer's tiers from the first month with an account, while it can be priced."""
    starts = [month_of(account.opened_on) for account in accounts] + [p.since for p in former]
    if not starts or policy.priced_from is None:
        return []
    last = plus(fails_from, -1) if fails_from else month_of(policy.business_date)

    def ladder(month: date) -> Ladder | None:
        scheme = policy.scheme(month)
        return scheme.ladder if scheme else None

    return tier_periods(totals, max(min(starts), policy.priced_from), last, ladder)


def window_value(totals: Mapping[date, int], policy: Policy) -> tuple[int, int] | None:
    """Return (window in months, contribution over it) at the business date; None unpriced."""
    month = month_of(policy.business_date)
    scheme = policy.scheme(month)
    if scheme is None:
        return None
    return scheme.ladder.window_months, metric(totals, month, scheme.ladder.window_months)
