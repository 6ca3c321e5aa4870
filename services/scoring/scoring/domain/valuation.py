"""One customer worked out for good: sums to keep, tiers held, and what became news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.domain import returns
from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.balance import account_months
from scoring.domain.contribution import price, problem_of
from scoring.domain.earned_points import earned_points
from scoring.domain.holders import part_of
from scoring.domain.ladder import BALANCE_LINES
from scoring.domain.line import Line, View
from scoring.domain.measured import scored_months
from scoring.domain.measures import Measures, window_sum
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy
from scoring.domain.problems import NotComputable
from scoring.domain.scheme_money import Missing
from scoring.domain.tiers import TierPeriod, tier_periods

NO_HISTORY = History()


@dataclass(frozen=True, slots=True)
class Valuation:
    """A customer's contribution by month, account and line, up to the first month that fails."""

    customer_id: CustomerId
    sums: Mapping[tuple[date, AccountId, Line], int]
    missing: Sequence[Missing]
    balance_days: Mapping[tuple[date, Line], int]
    points: Mapping[date, int]
    scores: Mapping[date, int]
    returns: Mapping[returns.Key, returns.Return]

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
    priced = price(owned, policy, period, customer_id)
    scored = scored_months(owned, policy, period, customer_id, priced.leaves)
    missing = [*priced.missing, *scored.missing]
    fails_from = min((one.month for one in missing), default=None)
    sums: dict[tuple[date, AccountId, Line], int] = {}
    for leaf in priced.leaves:
        if fails_from is None or leaf.month < fails_from:
            key = leaf.month, leaf.account.id, leaf.line
            sums[key] = sums.get(key, 0) + leaf.amount_minor
    measured = policy.measures_balances
    balances = balance_days(owned, policy, period, customer_id) if measured else {}
    points = points_by_month(owned, policy, period, customer_id) if policy.measures_points else {}
    whole = (leaf for leaf in priced.leaves if fails_from is None or leaf.month < fails_from)
    bound = returns.by_month_and_line(whole) if policy.binds_capital else {}
    return Valuation(customer_id, sums, missing, balances, points, scored.scores, bound)


def points_by_month(
    owned: Sequence[tuple[Account, History]],
    policy: Policy,
    period: Period,
    whose: CustomerId | None = None,
) -> dict[date, int]:
    """Return the points of each month that earns any, as the accounts are shared."""
    found: dict[date, int] = {}
    for one in earned_points(owned, policy, period, whose).leaves:
        found[one.month] = found.get(one.month, 0) + one.points
    return found


def balance_days(
    owned: Sequence[tuple[Account, History]],
    policy: Policy,
    period: Period,
    whose: CustomerId | None = None,
) -> dict[tuple[date, Line], int]:
    """Return J by month and line of what is kept in the bank's own currency, as it is shared."""
    found: dict[tuple[date, Line], int] = {}
    for account, history in owned:
        if account.currency == policy.currency and account.line in BALANCE_LINES:
            for atom in account_months(account, history, period, policy.business_date):
                part = part_of(account, whose, policy.scheme(atom.month))
                if part is not None:
                    key = atom.month, account.line
                    found[key] = found.get(key, 0) + part.of(atom.balance_days)
    return found


def tiers(  # noqa: PLR0913  (what they rest on, and where they begin and end)
    accounts: Sequence[Account],
    former: Sequence[TierPeriod],
    measures: Measures,
    policy: Policy,
    fails_from: date | None,
    *,
    earlier: Sequence[date] = (),
) -> list[TierPeriod]:
    """Return the customer's tiers from the first month with an account, while it can be priced.

    An account that was theirs before counts for the beginning: by a former tier, or `earlier`.
    """
    starts = [month_of(account.opened_on) for account in accounts] + [p.since for p in former]
    starts += earlier
    if not starts or policy.priced_from is None:
        return []
    last = plus(fails_from, -1) if fails_from else month_of(policy.business_date)
    return tier_periods(measures, max(min(starts), policy.priced_from), last, policy.ladder)


def window_value(measures: Measures, policy: Policy) -> tuple[int, int] | None:
    """Return (window in months, contribution over it) at the business date; None unpriced."""
    month = month_of(policy.business_date)
    ladder = policy.ladder(month)
    if ladder is None:
        return None
    gross = measures.contribution.get(View.GROSS, {})
    return ladder.window_months, window_sum(gross, month, ladder.window_months)
