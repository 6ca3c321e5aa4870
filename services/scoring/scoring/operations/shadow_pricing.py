"""A batch of customers of a shadow run: measured for a ranking, or compared on both sides."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import Account, CustomerId
from scoring.domain.holders import counted
from scoring.domain.measures import Measures
from scoring.domain.months import Period, plus
from scoring.domain.policy import Policy
from scoring.domain.scheme_document import scheme_of
from scoring.domain.shadow import Comparison, Movement, as_if, compare, through
from scoring.domain.shadow_side import Owned, Theirs, amounts_to_rank, with_lead
from scoring.domain.valuation import NO_HISTORY
from scoring.domain.weighing import weighed_by_day
from scoring.store import (
    accounts,
    history,
    schemes,
    shadow_places,
    shadow_results,
    tier_overrides,
    tiers,
)
from scoring.store.shadow_results import NO_MANAGER, ChangedCustomer, ManagerSum
from scoring.store.shadow_runs import Looked, Run


@dataclass(frozen=True, slots=True)
class Sides:
    """The policy in force and the draft's, as they stand at the end of the run's months."""

    before: Policy
    after: Policy

    @property
    def both(self) -> tuple[Policy, Policy]:
        """Return (in force, under the draft)."""
        return self.before, self.after

    def lead(self, period: Period) -> Period | None:
        """Return the earlier months of which nothing is kept that the draft's ladder looks at."""
        first = self.after.priced_from
        known = self.before.measures_balances or not self.after.measures_balances
        known = known and (self.before.measures_points or not self.after.measures_points)
        known = known and (self.before.measures_index or not self.after.measures_index)
        if known or first is None or first >= period.first:
            return None
        return Period(first, plus(period.first, -1))


async def sides(session: AsyncSession, run: Run, policy: Policy) -> Sides:
    """Return both policies of a run."""
    document = await schemes.revision_of(session, run.institution, run.version, run.revision)
    before = through(policy, run.period.last)
    return Sides(before, as_if(before, scheme_of(document), run.period.first))


async def measure(session: AsyncSession, run: Run, policies: Sides, ids: list[CustomerId]) -> None:
    """Keep what the customers measure under the draft whenever all are ranked."""
    known = await _theirs(session, run, policies, ids)
    months = policies.after.ranked_months(run.period.first)
    found = await asyncio.to_thread(
        lambda: [
            (one.customer_id, month, amount)
            for one in known
            for month, amount in amounts_to_rank(one, policies.after, run.period, months).items()
        ]
    )
    await shadow_places.add_amounts(session, run.institution, run.id, found)


async def compared(
    session: AsyncSession, run: Run, policies: Sides, looked: Sequence[Looked]
) -> Run:
    """Keep what would change for the customers; return the run with them counted."""
    known = await _theirs(session, run, policies, [one.id for one in looked])
    found = await asyncio.to_thread(
        lambda: [compare(one, policies.both, run.period) for one in known]
    )
    by_id = {one.id: one for one in looked}
    changed = [one for one in found if one.changed]
    await shadow_results.add_customers(
        session, run.institution, run.id, [_changed(one, by_id[one.customer_id]) for one in changed]
    )
    await shadow_results.add_sums(
        session, run.institution, run.id, [_sum(one, by_id[one.customer_id]) for one in found]
    )
    moves = [one.movement for one in changed]
    return replace(
        run,
        changed=run.changed + len(changed),
        up=run.up + moves.count(Movement.UP),
        down=run.down + moves.count(Movement.DOWN),
        fails_before=run.fails_before + sum(one.before.fails_from is not None for one in found),
        fails_after=run.fails_after + sum(one.after.fails_from is not None for one in found),
    )


async def _theirs(
    session: AsyncSession, run: Run, policies: Sides, ids: list[CustomerId]
) -> list[Theirs]:
    """Return what is the customers' on either side."""
    every = await accounts.held_by_customer_id(session, run.institution, ids)
    held = {one: _counted(every.get(one, []), one, policies) for one in ids}
    owned = await _owned(session, run, policies, held, run.period)
    former = await tiers.measures_by_customer_id(session, policies.before, ids)
    drafted = await _drafted(session, run, policies, held)
    overrides = await tier_overrides.overrides_by_customer_id(session, run.institution, ids)
    return [
        Theirs(
            customer_id=one,
            owned=owned[one],
            former=(former[one], drafted[one]),
            overrides=overrides.get(one, ()),
        )
        for one in ids
    ]


def _counted(every: Sequence[Account], customer: CustomerId, policies: Sides) -> Sequence[Account]:
    """Return the accounts of which some part counts for the customer on either side."""
    kept = {one.id for policy in policies.both for one in counted(every, customer, policy)}
    return [account for account in every if account.id in kept]


async def _owned(
    session: AsyncSession,
    run: Run,
    policies: Sides,
    held: dict[CustomerId, Sequence[Account]],
    period: Period,
) -> dict[CustomerId, Owned]:
    """Return the accounts with their months, which begin with the period."""
    known = {one.id: one for one in chain.from_iterable(held.values())}
    by_day = {one for side in policies.both for one in weighed_by_day(known.values(), side, period)}
    histories = await history.histories(
        session,
        run.institution,
        list(known),
        period,
        business_date=policies.before.business_date,
        acts=True,
        by_day=sorted(by_day),
    )
    return {
        customer: [(account, histories.get(account.id, NO_HISTORY)) for account in theirs]
        for customer, theirs in held.items()
    }


async def _drafted(
    session: AsyncSession, run: Run, policies: Sides, held: dict[CustomerId, Sequence[Account]]
) -> dict[CustomerId, Measures]:
    """Return what the draft's ladder reads: kept before the period, its own ranking within."""
    ids, first = list(held), run.period.first
    kept = await tiers.measures_by_customer_id(session, policies.after, ids)
    lead = policies.lead(run.period)
    if lead is not None:
        earlier = await _owned(session, run, policies, held, lead)
        kept = await asyncio.to_thread(
            lambda: {
                one: with_lead(kept[one], one, earlier[one], policies.after, lead) for one in ids
            }
        )
    places = await shadow_places.places(session, run.id, ids, run.cuts)
    return {
        one: replace(
            found,
            places={month: place for month, place in found.places.items() if month < first}
            | places[one],
            cuts={month: cut for month, cut in found.cuts.items() if month < first} | {**run.cuts},
        )
        for one, found in kept.items()
    }


def _changed(found: Comparison, looked: Looked) -> ChangedCustomer:
    problems = [side.problem for side in (found.before, found.after)]
    failures = [f"{one.code}: {one}" if one else None for one in problems]
    return ChangedCustomer(
        customer_id=found.customer_id,
        branch=looked.branch,
        manager=looked.manager,
        size_minor=found.size_minor,
        movement=found.movement,
        lines=found.lines,
        tiers=(found.before.tier, found.after.tier),
        points=(found.before.points, found.after.points),
        pay_minor=(found.before.pay_minor, found.after.pay_minor),
        failures=(failures[0], failures[1]),
        changes=found.changes,
    )


def _sum(found: Comparison, looked: Looked) -> ManagerSum:
    before, after = found.before.tier, found.after.tier
    held: dict[str, tuple[int, int]] = {}
    if before:
        held[before.code] = 1, 0
    if after:
        held[after.code] = held.get(after.code, (0, 0))[0], 1
    return ManagerSum(
        manager=looked.manager or NO_MANAGER,
        changed=int(found.changed),
        lines=found.lines,
        tiers=held,
        points=(found.before.points, found.after.points),
        pay_minor=(found.before.pay_minor, found.after.pay_minor),
    )
