"""Working customers out again when anything beneath them changed; the queue survives a crash."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain

from kit import outbox
from kit.commits import first
from kit.db import Database, Duty
from kit.idempotency import once
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.archive.sheets import Kept, Sheet
from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.events import ContributionChanged, TierChanged
from scoring.domain.holders import counted
from scoring.domain.measures import Measures
from scoring.domain.month_end import MonthEnd, month_ends
from scoring.domain.months import Period, month_of, plus
from scoring.domain.near import LadderPlace, ladder_place
from scoring.domain.policy import Policy
from scoring.domain.tier_override import effective, held_on, until_day
from scoring.domain.tiers import TierPeriod
from scoring.domain.valuation import NO_HISTORY, Valuation, tiers, value, window_value
from scoring.domain.weighing import weighed_by_day
from scoring.operations.calm import Calm
from scoring.operations.sheets import Sheets
from scoring.store import (
    accounts,
    history,
    ladder_places,
    queue,
    rankings,
    returns,
    scores,
    tier_overrides,
)
from scoring.store import tiers as stored_tiers
from scoring.store.institution import BEGINNING, Policies, recalculate_all
from scoring.store.queue import Due
from scoring.store.rankings import DueRanking
from scoring.store.scores import NotComputed, Score

BATCH, NEWS_BATCH, LEAST_BATCH = 200, 100, 20
PIECE = 2_000
_LOOK_AGAIN_SECONDS, _BATCH_SECONDS = 10, 0.3


async def work_on_news(
    db: Database, policies: Policies, news: asyncio.Event, clock: Callable[[], datetime]
) -> None:
    """Work out whoever is news, for ever and at once, whatever else comes in.

    `news` is set when this process has queued some; another may have, so it is looked for too.
    """
    while True:
        seen = db.commits.seen
        if not await _news(db, policies, clock()):
            await first(news.wait(), db.commits.after(seen, _LOOK_AGAIN_SECONDS))
            news.clear()


async def work(
    db: Database, policies: Policies, calm: Calm, sheets: Sheets, clock: Callable[[], datetime]
) -> None:
    """Work out whoever else waits, for ever.

    A batch is as large as takes a moment: no event is read before the transactions end that began
    before it, so a long one would hold the news up.
    """
    size = BATCH
    while True:
        await calm.wait()
        seen = db.commits.seen
        await spread(db)
        begun = time.monotonic()
        done = await _bulk(db, policies, sheets, clock(), size)
        if done:
            size = fitting(size, done, time.monotonic() - begun)
        else:
            await sheets.close()
            await db.commits.after(seen, _LOOK_AGAIN_SECONDS)


def fitting(size: int, done: int, seconds: float) -> int:
    """Return how many to take next, where so many took so long: at most twice as many as now."""
    return max(LEAST_BATCH, min(BATCH, 2 * size, int(done * _BATCH_SECONDS / seconds)))


async def spread(db: Database, limit: int = PIECE) -> None:
    """Turn 'everybody waits' into customers who wait, wherever it does.

    A piece at a time, each a transaction of a moment: one that took a whole bank in would hold up
    whoever reads events or writes to the same customers. A kill goes on behind the last piece.
    """
    async with db.read(Duty.QUEUE) as session:
        institutions = await queue.to_spread(session)
    for institution in institutions:
        more = True
        while more:
            async with db.transaction(institution) as session:
                more = await queue.spread(session, institution, limit)


async def recalculate(
    db: Database, policies: Policies, *, at: datetime, sheets: Sheets | None = None
) -> int:
    """Work out one batch, of news if there is any; return how many customers left the queue.

    When nobody waits, all are ranked at the end of one month that is due; return 1 then.
    """
    return await _news(db, policies, at) or await _bulk(
        db, policies, sheets or Sheets(db, None), at, BATCH
    )


async def _news(db: Database, policies: Policies, at: datetime) -> int:
    async with db.read(Duty.QUEUE) as session:
        institution = await queue.with_news(session)
    if institution is None:
        return 0
    async with db.transaction(institution) as session:
        due = await queue.take_news(session, institution, NEWS_BATCH)
        return await _take(session, due, policies, at)


async def _bulk(db: Database, policies: Policies, sheets: Sheets, at: datetime, size: int) -> int:
    async with db.read(Duty.QUEUE) as session:
        institution = await queue.with_bulk(session)
        ranking = None if institution else await rankings.waiting(session)
    if ranking:
        return await _rank_all(db, policies, ranking)
    if institution is None:
        return 0
    sheet = await sheets.of(institution)
    async with db.transaction(institution) as session:
        due = await queue.take_bulk(session, institution, size)
        return await _take(session, due, policies, at, sheet)


async def _take(
    session: AsyncSession, due: Due, policies: Policies, at: datetime, sheet: Sheet | None = None
) -> int:
    policy = await policies.of(session, due.institution) if due.customers else None
    if policy is not None:
        await _work_out(session, due, policy, at, sheet)
    return len(due.customers)


async def _rank_all(db: Database, policies: Policies, due: DueRanking) -> int:
    """Rank all at the end of a due month; those who moved by it wait again."""
    async with db.transaction(due.institution) as session:
        taken = await rankings.take(session, due)
        policy = await policies.of(session, due.institution) if taken else None
        if policy is None:
            return 0
        ladder = policy.ladder(due.month)
        if ladder is not None and policy.ranks(due.month):
            after = policy.ranked_months(plus(due.month, 1))
            following = after[0] if after else month_of(policy.business_date)
            await rankings.rank(session, policy, ladder, due.month, following=following)
        return 1


async def _work_out(
    session: AsyncSession, due: Due, policy: Policy, at: datetime, sheet: Sheet | None
) -> None:
    month = month_of(policy.business_date)
    since = min(due.since, await scores.failing_since(session, due.customers) or due.since)
    period = Period(min(max(since, policy.priced_from or month), month), month)
    every = await accounts.held_by_customer_id(session, due.institution, due.customers)
    owned = {customer: counted(found, customer, policy) for customer, found in every.items()}
    known = {one.id: one for one in chain.from_iterable(owned.values())}
    histories = await history.histories(
        session,
        due.institution,
        list(known),
        period,
        business_date=policy.business_date,
        acts=True,
        by_day=weighed_by_day(known.values(), policy, period),
        kept=Kept(sheet, due.customers) if sheet else None,
    )
    found = await asyncio.to_thread(_value_all, due, owned, histories, policy, period)
    sums = (
        (one.customer_id, month, account, line.value, amount)
        for one in found
        for (month, account, line), amount in one.sums.items()
    )
    ends = await asyncio.to_thread(_ends_of_all, owned, histories, policy, period)
    await scores.replace_results(session, due.institution, due.customers, period.first, sums, ends)
    if policy.measures_balances:
        balances = (
            (one.customer_id, month, line.value, days)
            for one in found
            for (month, line), days in one.balance_days.items()
        )
        await stored_tiers.replace_balances(
            session, due.institution, due.customers, period.first, balances
        )
    if policy.measures_points:
        points = (
            (one.customer_id, month, earned)
            for one in found
            for month, earned in one.points.items()
        )
        await stored_tiers.replace_points(
            session, due.institution, due.customers, period.first, points
        )
    if policy.measures_index:
        scores_found = (
            (one.customer_id, month, score) for one in found for month, score in one.scores.items()
        )
        await stored_tiers.replace_scores(
            session, due.institution, due.customers, period.first, scores_found
        )
    if policy.binds_capital:
        earned = (
            (one.customer_id, key, earned) for one in found for key, earned in one.returns.items()
        )
        await returns.replace_returns(session, due.institution, due.customers, period.first, earned)
    failed = [
        NotComputed(
            customer_id=one.customer_id,
            from_month=fails_from,
            code=one.problem.code,
            message=str(one.problem),
        )
        for one in found
        if (fails_from := one.fails_from)
    ]
    await scores.replace_not_computed(session, due.institution, due.customers, failed)
    await rankings.note(session, due.institution, policy.ranked_months(period.first))
    await _rank(session, policy, owned, {one.customer_id: one.from_month for one in failed}, at)


def _value_all(
    due: Due,
    owned: Mapping[CustomerId, Sequence[Account]],
    histories: Mapping[AccountId, History],
    policy: Policy,
    period: Period,
) -> list[Valuation]:
    return [value(one, owned.get(one, ()), histories, policy, period) for one in due.customers]


def _ends_of_all(
    owned: Mapping[CustomerId, Sequence[Account]],
    histories: Mapping[AccountId, History],
    policy: Policy,
    period: Period,
) -> list[MonthEnd]:
    return [
        end
        for customer, held in owned.items()
        for end in month_ends(
            ((one, histories.get(one.id, NO_HISTORY)) for one in held), policy, period, customer
        )
    ]


async def _rank(
    session: AsyncSession,
    policy: Policy,
    owned: Mapping[CustomerId, Sequence[Account]],
    failed: Mapping[CustomerId, date],
    at: datetime,
) -> None:
    """Evaluate tiers from the stored months, keep what changed and announce it."""
    ids = list(owned)
    measures = await stored_tiers.measures_by_customer_id(session, policy, ids)
    former_tiers = await stored_tiers.tiers_by_customer_id(session, policy.institution, ids)
    former_scores = await scores.scores(session, ids)
    overrides = await tier_overrides.overrides_by_customer_id(session, policy.institution, ids)
    periods: dict[CustomerId, Sequence[TierPeriod]] = {}
    places: dict[CustomerId, LadderPlace | None] = {}
    kept: list[Score] = []
    events: list[outbox.Event] = []
    for customer, held in owned.items():
        months, before = measures[customer], former_tiers.get(customer, [])
        now = tiers(held, before, months, policy, failed.get(customer))
        if now != before:
            periods[customer] = now
        places[customer] = ladder_place(now, months, policy)
        score, given = former_scores.get(customer), overrides.get(customer, ())
        if not held and not given and score is None:
            continue
        shown = until_day(effective(now, given), policy.business_date)
        after, news = _score(policy, customer, score, months, shown, customer in failed)
        if after != score:
            kept.append(after)
        events.extend(news)
    await stored_tiers.replace_tiers(session, policy.institution, periods)
    await ladder_places.replace_places(session, policy.institution, places)
    if kept:
        await scores.save_scores(session, policy.institution, kept)
    events.sort(key=lambda one: one.type)  # a reader takes those of one type at once
    await outbox.record(session, events, at=at)


def _score(  # noqa: PLR0913, PLR0917  (a customer before and after)
    policy: Policy,
    customer: CustomerId,
    before: Score | None,
    measures: Measures,
    periods: Sequence[TierPeriod],
    failed: bool,  # noqa: FBT001  (one fact among the others)
) -> tuple[Score, list[outbox.Event]]:
    """Return the score to keep and what to announce; a customer that failed is not news."""
    window = None if failed else window_value(measures, policy)
    held = held_on(periods, policy.business_date) if window else None
    score = before or Score(
        customer_id=customer,
        version=0,
        window_months=0,
        through=policy.business_date,
        contribution_minor=None,
        tier_code=None,
    )
    if window is None:
        return replace(score, contribution_minor=None, tier_code=None), []
    events: list[outbox.Event] = []
    version = score.version
    if (score.window_months, score.contribution_minor) != window:
        version += 1
        events.append(
            ContributionChanged(
                customer_id=customer,
                institution=policy.institution,
                version=version,
                window_months=window[0],
                through=policy.business_date,
                contribution_minor=window[1],
                currency=policy.currency,
            )
        )
    if held and held.code != score.tier_code:
        version += 1
        events.append(
            TierChanged(
                customer_id=customer,
                institution=policy.institution,
                version=version,
                tier=held,
                previous_code=periods[-2].code if len(periods) > 1 else None,
            )
        )
    after = Score(
        customer_id=customer,
        version=version,
        window_months=window[0],
        through=policy.business_date,
        contribution_minor=window[1],
        tier_code=held.code if held else None,
    )
    return after, events


async def recompute(db: Database, principal: Principal, key: str, *, at: datetime) -> int:
    """Make every customer of the caller's institution wait; return how many there are."""
    async with db.transaction(principal.institution) as session:

        async def enqueue() -> str:
            await recalculate_all(session, principal.institution, BEGINNING)
            return str(await accounts.count_customers(session, principal.institution))

        return int(await once(session, principal, key, {}, enqueue, at=at))
