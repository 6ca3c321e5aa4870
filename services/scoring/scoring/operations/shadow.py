"""Pricing everyone under a draft beside what is in force; nothing else moves.

A batch of customers is one transaction together with the place that the run has come to, so a run
that was cut off goes on where it stopped and counts nobody twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from uuid import UUID, uuid4

from kit.db import Database
from kit.idempotency import once
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain import lifecycle
from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.lifecycle import Act, State
from scoring.domain.measures import Measures
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy
from scoring.domain.problems import NothingToSimulate, PeriodInvalid
from scoring.domain.scheme_document import scheme_of
from scoring.domain.shadow import Comparison, Movement, as_if, compare, through
from scoring.domain.valuation import NO_HISTORY
from scoring.domain.weighing import weighed_by_day
from scoring.operations.recalculation import Calm
from scoring.operations.schemes import sellable
from scoring.store import accounts, history, schemes, shadow_results, shadow_runs, tiers
from scoring.store.institution import Policies
from scoring.store.shadow_results import NO_MANAGER, ChangedCustomer, ManagerSum
from scoring.store.shadow_runs import NOBODY, Looked, Run, RunState

BATCH, USUAL_MONTHS, MOST_MONTHS = 100, 12, 60
_LOOK_AGAIN_SECONDS = 0.5
Months = tuple[date | None, date | None]


async def simulate(  # noqa: PLR0913  (each is one fact, all named)
    db: Database,
    policies: Policies,
    who: Principal,
    number: int,
    months: Months,
    *,
    revision: int,
    key: str,
    at: datetime,
) -> Run:
    """Let a draft wait for its shadow run over `months`; by default a year up to now."""
    async with db.transaction() as session:

        async def effect() -> str:
            await schemes.hold(session, who.institution)
            version = await schemes.get(session, who.institution, number)
            lifecycle.simulatable(version, revision)
            policy = await policies.of(session, who.institution)
            if policy is None:
                raise NothingToSimulate("Nothing is known of your institution yet; load its data.")
            await sellable(session, version)
            period = _period(policy, months)
            stands = await shadow_runs.stands(session, who.institution)
            run_id = uuid4()
            await shadow_runs.add(
                session,
                who.institution,
                run_id,
                (number, revision),
                period,
                who.subject,
                (stands[0], policy.business_date),
            )
            return str(run_id)

        asked = {"simulate": number, "revision": revision, "months": months}
        answer = await once(session, who, key, asked, effect, at=at)
        found = await shadow_runs.find(session, who.institution, UUID(answer))
        if found is None:
            raise NothingToSimulate("The run is there no longer.")
        return found


def _period(policy: Policy, months: Months) -> Period:
    now = month_of(policy.business_date)
    last = months[1] or now
    first = months[0] or max(plus(last, 1 - USUAL_MONTHS), min(policy.priced_from or last, last))
    if not first <= last <= now:
        raise PeriodInvalid(f"'from' must not be after 'to', nor 'to' after {now:%Y-%m}.")
    if plus(first, MOST_MONTHS - 1) < last:
        raise PeriodInvalid(f"Simulate at most {MOST_MONTHS} months at once.")
    return Period(first, last)


async def work(db: Database, policies: Policies, calm: Calm) -> None:
    """Go through whatever run waits, for ever; live work goes first."""
    while True:
        await calm.wait()
        if not await advance(db, policies):
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def advance(db: Database, policies: Policies, batch: int = BATCH) -> bool:
    """Take the oldest run one batch further, in one transaction; False where none waits."""
    async with db.transaction() as session:
        return await further(session, policies, batch)


async def further(session: AsyncSession, policies: Policies, batch: int) -> bool:
    """Take the oldest run one batch further; undone if the transaction fails."""
    run = await shadow_runs.take(session)
    if run is None:
        return False
    policy = await policies.of(session, run.institution)
    if policy is None or not await _wanted(session, run):
        await shadow_results.forget(session, run.id)
        await shadow_runs.save(session, replace(run, state=RunState.ABANDONED))
        return True
    version, _, customers = await shadow_runs.stands(session, run.institution)
    if (run.policy_version, run.business_date) != (version, policy.business_date):
        await shadow_results.forget(session, run.id)
        run = _anew(run, version, policy.business_date)
    looked = await shadow_runs.following(session, run.institution, run.after, batch)
    if looked:
        run = await _batch(session, run, policy, looked)
        await shadow_runs.save(session, replace(run, total=customers, state=RunState.RUNNING))
    else:
        await shadow_runs.save(session, replace(run, total=run.done, state=RunState.FINISHED))
        await _simulated(session, run)
    return True


async def _wanted(session: AsyncSession, run: Run) -> bool:
    version = await schemes.find(session, run.institution, run.version)
    drafted = version is not None and version.state in (State.DRAFT, State.SIMULATED)
    return drafted and version is not None and version.revision == run.revision


def _anew(run: Run, policy_version: int, business_date: date) -> Run:
    return replace(
        run,
        policy_version=policy_version,
        business_date=business_date,
        after=NOBODY,
        done=0,
        changed=0,
        up=0,
        down=0,
        fails_before=0,
        fails_after=0,
    )


async def _simulated(session: AsyncSession, run: Run) -> None:
    """Note on the version that its content is simulated now."""
    await schemes.hold(session, run.institution)
    version = await schemes.get(session, run.institution, run.version)
    changed = lifecycle.simulated(version, run.revision)
    if changed is not None:
        await schemes.save(session, changed, Act.SIMULATED, run.requested_by)


async def _batch(session: AsyncSession, run: Run, policy: Policy, looked: Sequence[Looked]) -> Run:
    document = await schemes.revision_of(session, run.institution, run.version, run.revision)
    before = through(policy, run.period.last)
    after = as_if(before, scheme_of(document), run.period.first)
    ids = [one.id for one in looked]
    owned = await accounts.accounts_by_customer_id(session, run.institution, ids)
    known = list(chain.from_iterable(owned.values()))
    histories = await history.histories(
        session,
        run.institution,
        [account.id for account in known],
        run.period,
        business_date=before.business_date,
        acts=True,
        by_day=weighed_by_day(known, before, run.period),
    )
    former = await tiers.measures_by_customer_id(session, after, ids)
    found = await asyncio.to_thread(
        _compare_all, ids, owned, histories, former, (before, after), run.period
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
        after=ids[-1],
        done=run.done + len(found),
        changed=run.changed + len(changed),
        up=run.up + moves.count(Movement.UP),
        down=run.down + moves.count(Movement.DOWN),
        fails_before=run.fails_before + sum(one.before.fails_from is not None for one in found),
        fails_after=run.fails_after + sum(one.after.fails_from is not None for one in found),
    )


def _compare_all(  # noqa: PLR0913, PLR0917  (a batch under two policies)
    ids: Sequence[CustomerId],
    owned: Mapping[CustomerId, Sequence[Account]],
    histories: Mapping[AccountId, History],
    former: Mapping[CustomerId, Measures],
    policies: tuple[Policy, Policy],
    period: Period,
) -> list[Comparison]:
    return [
        compare(
            one,
            [(account, histories.get(account.id, NO_HISTORY)) for account in owned.get(one, ())],
            former[one],
            *policies,
            period,
        )
        for one in ids
    ]


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


async def found(db: Database, who: Principal, run_id: UUID) -> Run | None:
    """Return a run of the caller's institution."""
    async with db.read() as session:
        return await shadow_runs.find(session, who.institution, run_id)
