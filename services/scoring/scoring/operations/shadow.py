"""Pricing everyone under a draft beside what is in force; nothing else moves.

A batch of customers is one transaction together with the place that the run has come to, so a run
that was cut off goes on where it stopped and counts nobody twice. Where the draft ranks customers
against one another, everyone is measured and ranked first.
"""

import logging
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid4

from kit.audit import about
from kit.db import Database, Duty
from kit.idempotency import once
from kit.identity import Principal
from kit.telemetry import span, trace_id, where
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain import lifecycle
from scoring.domain.lifecycle import Act, State
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy
from scoring.domain.problems import ArchiveUnavailable, NothingToSimulate, PeriodInvalid
from scoring.operations.calm import Calm
from scoring.operations.schemes import sellable
from scoring.operations.shadow_pricing import Sides, compared, measure, sides
from scoring.store import schemes, shadow_places, shadow_results, shadow_runs
from scoring.store.institution import Policies
from scoring.store.shadow_runs import NOBODY, Phase, Run, RunState

log = logging.getLogger(__name__)
BATCH, USUAL_MONTHS, MOST_MONTHS, MOST_TRIES = 100, 12, 60, 5
INTERNAL = "INTERNAL"
_LOOK_AGAIN_SECONDS = 10
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
    async with db.transaction(who.institution) as session:

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

        about([f"scheme/{number}"])
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
        seen = db.commits.seen
        if not await advance(db, policies):
            await db.commits.after(seen, _LOOK_AGAIN_SECONDS)


async def advance(db: Database, policies: Policies, batch: int = BATCH) -> bool:
    """Take the oldest run one batch further, in one transaction; False where none waits.

    A run that stops at the same place `MOST_TRIES` times in a row fails, and those behind it go on.
    """
    with span("shadow run"):
        async with db.read(Duty.QUEUE) as session:
            institutions = await shadow_runs.waiting(session)
        for institution in institutions:
            if await _advance(db, policies, institution, batch):
                return True
        return False


async def _advance(db: Database, policies: Policies, institution: str, batch: int) -> bool:
    try:
        async with db.transaction(institution) as session:
            return await further(session, policies, institution, batch)
    except StoppedError as stopped:
        log.error("trace %s: shadow run stopped: %s", trace_id(), where(stopped.error))
        async with db.transaction(institution) as session:
            await _note_stop(session, stopped.run_id)
        return True


class StoppedError(Exception):
    """A run could not go on, by a bug."""

    def __init__(self, run_id: UUID, error: Exception) -> None:
        super().__init__(run_id)
        self.run_id = run_id
        self.error = error


async def _note_stop(session: AsyncSession, run_id: UUID) -> None:
    """Count a try; after the last one the run has failed, and what it found is taken back."""
    run = await shadow_runs.hold(session, run_id)
    if run is None:
        return
    run = replace(run, tries=run.tries + 1, trace_id=trace_id())
    if run.tries >= MOST_TRIES:
        await _forget(session, run)
        run = replace(run, state=RunState.FAILED, failure=INTERNAL)
    await shadow_runs.save(session, run)


async def further(session: AsyncSession, policies: Policies, institution: str, batch: int) -> bool:
    """Take an institution's oldest run one batch further; undone if the transaction fails."""
    run = await shadow_runs.take(session, institution)
    if run is None:
        return False
    try:
        await _further(session, policies, run, batch)
    except (OSError, OperationalError, InterfaceError, ArchiveUnavailable):
        raise
    except Exception as error:
        raise StoppedError(run.id, error) from error
    return True


async def _further(session: AsyncSession, policies: Policies, run: Run, batch: int) -> None:
    policy = await policies.of(session, run.institution)
    if policy is None or not await _wanted(session, run):
        await _forget(session, run)
        await shadow_runs.save(session, replace(run, state=RunState.ABANDONED))
        return
    version, _, customers = await shadow_runs.stands(session, run.institution)
    if (run.policy_version, run.business_date) != (version, policy.business_date):
        await _forget(session, run)
        run = _anew(run, version, policy.business_date)
    policies_of_run = await sides(session, run, policy)
    run = replace(run, state=RunState.RUNNING, tries=0, trace_id=None)
    if run.phase is Phase.RANKING:
        run = await _rank(session, run, policies_of_run, batch)
    else:
        run = await _compare(session, run, policies_of_run, batch)
    total = run.done if run.state is RunState.FINISHED else customers
    await shadow_runs.save(session, replace(run, total=total))


async def _rank(session: AsyncSession, run: Run, policies: Sides, batch: int) -> Run:
    """Measure a batch; after the last one rank all, a month at a time, and then compare."""
    months = policies.after.ranked_months(run.period.first)
    due = [month for month in months if month not in run.cuts]
    looked = await shadow_runs.following(session, run.institution, run.after, batch) if due else []
    if looked:
        await measure(session, run, policies, [one.id for one in looked])
        return replace(run, after=looked[-1].id, done=run.done + len(looked))
    ladder = policies.after.ladder(due[0]) if due else None
    if ladder is not None:
        cuts = await shadow_places.rank(session, run.id, ladder, due[0])
        return replace(run, cuts={**run.cuts, due[0]: cuts})
    run = replace(run, phase=Phase.COMPARING, after=NOBODY, done=0)
    return await _compare(session, run, policies, batch)


async def _compare(session: AsyncSession, run: Run, policies: Sides, batch: int) -> Run:
    """Compare both sides of a batch; after the last one the run is through."""
    looked = await shadow_runs.following(session, run.institution, run.after, batch)
    if looked:
        run = await compared(session, run, policies, looked)
        return replace(run, after=looked[-1].id, done=run.done + len(looked))
    await shadow_places.forget(session, run.id)
    await _simulated(session, run)
    return replace(run, state=RunState.FINISHED)


async def _forget(session: AsyncSession, run: Run) -> None:
    await shadow_results.forget(session, run.id)
    await shadow_places.forget(session, run.id)


async def _wanted(session: AsyncSession, run: Run) -> bool:
    version = await schemes.find(session, run.institution, run.version)
    drafted = version is not None and version.state in (State.DRAFT, State.SIMULATED)
    return drafted and version is not None and version.revision == run.revision


def _anew(run: Run, policy_version: int, business_date: date) -> Run:
    return replace(
        run,
        policy_version=policy_version,
        business_date=business_date,
        phase=Phase.RANKING,
        cuts={},
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


async def found(db: Database, who: Principal, run_id: UUID) -> Run | None:
    """Return a run of the caller's institution."""
    async with db.read(who.institution) as session:
        return await shadow_runs.find(session, who.institution, run_id)
