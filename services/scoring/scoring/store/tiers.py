"""Tiers as last worked out, and what they are worked out from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from kit.db import copy_rows
from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.ladder import Unit
from scoring.domain.line import Line, View
from scoring.domain.measures import Measures
from scoring.domain.policy import Policy
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod
from scoring.store import rankings
from scoring.store.sql import records, rows, run

BalanceDays = tuple[CustomerId, date, str, int]
Earned = tuple[CustomerId, date, int]
Scores = tuple[CustomerId, date, int]
_BALANCE_COLUMNS = ("institution", "customer_id", "month", "line", "balance_days")
_POINT_COLUMNS = ("institution", "customer_id", "month", "points")
_SCORE_COLUMNS = ("institution", "customer_id", "month", "score")
_VIEWS = text(
    "select customer_id, month, gross, net, economic from customer_month "
    "where customer_id = any(cast(:ids as uuid[]))"
)
_BALANCES = text(
    "select customer_id, month, line, balance_days from customer_balance "
    "where customer_id = any(cast(:ids as uuid[]))"
)
_POINTS = text(
    "select customer_id, month, points from customer_points "
    "where customer_id = any(cast(:ids as uuid[]))"
)
_SCORES = text(
    "select customer_id, month, score from customer_index "
    "where customer_id = any(cast(:ids as uuid[]))"
)


async def measures_by_customer_id(
    session: AsyncSession, policy: Policy, ids: Sequence[CustomerId]
) -> dict[CustomerId, Measures]:
    """Return what the ladders of the policy read of each customer, for all its months."""
    contribution: dict[CustomerId, dict[View, dict[date, int]]] = {
        one: {view: {} for view in View} for one in ids
    }
    for row in await rows(session, _VIEWS, ids=ids):
        mine = contribution[CustomerId(row.customer_id)]
        for view in View:
            mine[view][row.month] = int(getattr(row, view))
    balances: dict[CustomerId, dict[Line, dict[date, int]]] = {one: {} for one in ids}
    ladders = [scheme.ladder for scheme in policy.schemes]
    if policy.measures_balances:
        for row in await rows(session, _BALANCES, ids=ids):
            by_line = balances[CustomerId(row.customer_id)]
            by_line.setdefault(Line(row.line), {})[row.month] = int(row.balance_days)
    points: dict[CustomerId, dict[date, int]] = {one: {} for one in ids}
    if policy.measures_points:
        for row in await rows(session, _POINTS, ids=ids):
            points[CustomerId(row.customer_id)][row.month] = int(row.points)
    scores: dict[CustomerId, dict[date, int]] = {one: {} for one in ids}
    if policy.measures_index:
        for row in await rows(session, _SCORES, ids=ids):
            scores[CustomerId(row.customer_id)][row.month] = int(row.score)
    by_rank = any(ladder.by_rank for ladder in ladders)
    places = await rankings.places(session, policy, ids) if by_rank else {}
    cuts = await rankings.cuts(session, policy) if by_rank else {}
    return {
        one: Measures(
            business_date=policy.business_date,
            since=policy.priced_from or policy.business_date,
            contribution=contribution[one],
            balance_days=balances[one],
            points=points[one],
            scores=scores[one],
            places=places.get(one, {}),
            cuts=cuts,
        )
        for one in ids
    }


_FORGET_BALANCES = text(
    "delete from customer_balance where customer_id = any(cast(:ids as uuid[])) and month >= :since"
)


async def replace_balances(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    since: date,
    found: Iterable[BalanceDays],
) -> None:
    """Keep these balance-days (customer, month, line, J) in place of all from `since` on."""
    await run(session, _FORGET_BALANCES, ids=ids, since=since)
    lines = ((institution, *one) for one in found if one[-1])
    await copy_rows(session, "customer_balance", _BALANCE_COLUMNS, lines)


_FORGET_POINTS = text(
    "delete from customer_points where customer_id = any(cast(:ids as uuid[])) and month >= :since"
)


async def replace_points(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    since: date,
    found: Iterable[Earned],
) -> None:
    """Keep these points (customer, month, points) in place of all from `since` on."""
    await run(session, _FORGET_POINTS, ids=ids, since=since)
    earned = ((institution, *one) for one in found if one[-1])
    await copy_rows(session, "customer_points", _POINT_COLUMNS, earned)


_FORGET_SCORES = text(
    "delete from customer_index where customer_id = any(cast(:ids as uuid[])) and month >= :since"
)


async def replace_scores(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    since: date,
    found: Iterable[Scores],
) -> None:
    """Keep the index (customer, month, score) in place of all from `since` on."""
    await run(session, _FORGET_SCORES, ids=ids, since=since)
    scored = ((institution, *one) for one in found if one[-1])
    await copy_rows(session, "customer_index", _SCORE_COLUMNS, scored)


_TIERS = text(
    "select customer_id, since, until, code, name, rank, reason, phases from tier_period "
    "where customer_id = any(cast(:ids as uuid[])) and institution = :institution "
    "order by customer_id, since"
)
_FORGET_TIERS = text("delete from tier_period where customer_id = any(cast(:ids as uuid[]))")
_SAVE_TIERS = text(
    "insert into tier_period (institution, customer_id, since, until, code, name, rank, reason, "
    "phases) select cast(:institution as text), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(customer_id uuid, since date, until date, "
    "code text, name text, rank int, reason jsonb, phases jsonb)"
)


async def tiers_by_customer_id(
    session: AsyncSession, institution: str, ids: Sequence[CustomerId]
) -> dict[CustomerId, list[TierPeriod]]:
    """Return each customer's tiers by rule, oldest first."""
    found: dict[CustomerId, list[TierPeriod]] = {}
    for row in await rows(session, _TIERS, institution=institution, ids=ids):
        found.setdefault(CustomerId(row.customer_id), []).append(_period(row))
    return found


def _period(row: Row[Any]) -> TierPeriod:
    return TierPeriod(
        row.since,
        row.until,
        row.code,
        row.name,
        row.rank,
        _reason(row.reason),
        tuple(_phase(one) for one in row.phases or ()),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _reason(kept: Mapping[str, Any]) -> Reason:
    """Read a reason; those kept by earlier releases have three fields, or say points in another."""
    read = dict(kept)
    unit = Unit.POINTS if read.pop("in_points", False) else Unit.MONEY
    unit = Unit(read.pop("unit", unit))
    move, month = Move(read.pop("move", Move.ENTRY)), _day(read.pop("measured_in", None))
    return Reason(**read, move=move, measured_in=month, unit=unit)


def _phase(kept: Mapping[str, Any]) -> Phase:
    return Phase(
        Status(kept["status"]),
        date.fromisoformat(kept["since"]),
        _day(kept["until"]),
        kept["value_minor"],
        kept["threshold_minor"],
    )


async def replace_tiers(
    session: AsyncSession, institution: str, periods: Mapping[CustomerId, Sequence[TierPeriod]]
) -> None:
    """Keep these tiers in place of all former ones of the same customers."""
    if not periods:
        return
    await run(session, _FORGET_TIERS, ids=list(periods))
    kept = records(
        {"customer_id": str(customer)} | asdict(period)
        for customer, held in periods.items()
        for period in held
    )
    await run(session, _SAVE_TIERS, institution=institution, records=kept)
