"""Tiers as of a past moment: worked out from its months, as they would have been kept then."""

from collections.abc import Mapping, Sequence
from datetime import date

from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.line import Line, View
from scoring.domain.measures import Measures
from scoring.domain.months import Period, month_of
from scoring.domain.policy import Policy
from scoring.domain.problems import TiersNotReplayed
from scoring.domain.tiers import TierPeriod
from scoring.domain.valuation import Valuation, tiers, value


def replay_period(policy: Policy) -> Period | None:
    """Return the months that tiers rest on; None before any is priced.

    A ladder by rank is refused: a place among all customers would need all of them worked out.
    """
    if any(scheme.ladder.by_rank for scheme in policy.schemes):
        raise TiersNotReplayed("Tiers by rank are known as of now only: they rest on everybody.")
    month = month_of(policy.business_date)
    if policy.priced_from is None or policy.priced_from > month:
        return None
    return Period(policy.priced_from, month)


def replayed(  # noqa: PLR0913, PLR0917  (whose, what is theirs, since when, under which policy)
    customer_id: CustomerId,
    accounts: Sequence[Account],
    histories: Mapping[AccountId, History],
    opened_on: date | None,
    policy: Policy,
    period: Period,
) -> list[TierPeriod]:
    """Return the tiers by rule; `opened_on` is the first day of any account ever theirs."""
    found = value(customer_id, accounts, histories, policy, period)
    earlier = [] if opened_on is None else [month_of(opened_on)]
    measures = _measures(found, policy)
    return tiers(accounts, (), measures, policy, found.fails_from, earlier=earlier)


def _measures(found: Valuation, policy: Policy) -> Measures:
    contribution: dict[View, dict[date, int]] = {view: {} for view in View}
    for (month, _, line), amount in found.sums.items():
        for view in View:
            if line in view.lines:
                months = contribution[view]
                months[month] = months.get(month, 0) + amount
    balance_days: dict[Line, dict[date, int]] = {}
    for (month, line), days in found.balance_days.items():
        balance_days.setdefault(line, {})[month] = days
    return Measures(
        business_date=policy.business_date,
        since=policy.priced_from or policy.business_date,
        contribution=contribution,
        balance_days=balance_days,
        points=found.points,
        scores=found.scores,
    )
