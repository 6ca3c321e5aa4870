"""Shadow runs: which draft over which months, how far each has come, and whose turn it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.months import Period
from scoring.store.sql import rows, run

NOBODY = UUID(int=0)


class RunState(StrEnum):
    """How far a run is.

    ABANDONED is one whose draft was edited, approved or withdrawn before it was through; FAILED
    one that could not go on, several times over.
    """

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    ABANDONED = "abandoned"
    FAILED = "failed"


class Phase(StrEnum):
    """What a run does: measure everyone to rank them under the draft, or compare both sides."""

    RANKING = "ranking"
    COMPARING = "comparing"


Cuts = Mapping[date, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One simulation of one revision of a draft over some months.

    In its phase it has gone through the customers up to the id `after`, under the policy as of
    `policy_version` and `business_date`; when either moves on it begins anew. `cuts` are those of
    the months at which all are ranked under the draft. `tries` failed since it last went on.
    """

    id: UUID
    institution: str
    version: int
    revision: int
    period: Period
    state: RunState
    phase: Phase
    requested_by: str
    recorded_at: datetime
    finished_at: datetime | None
    policy_version: int
    business_date: date
    after: UUID
    total: int
    done: int
    changed: int
    up: int
    down: int
    fails_before: int
    fails_after: int
    cuts: Cuts = field(default_factory=dict)
    tries: int = 0
    failure: str | None = None
    trace_id: str | None = None


_COLUMNS = (
    "id, institution, version, revision, first_month, last_month, state, phase, requested_by, "
    "recorded_at, finished_at, policy_version, business_date, after, total, done, changed, "
    "up, down, fails_before, fails_after, cuts, tries, failure, trace_id"
)
_ADD = text(
    "insert into shadow_run (id, institution, version, revision, first_month, last_month, state, "
    "phase, requested_by, recorded_at, policy_version, business_date, after, total, done, changed, "
    "up, down, fails_before, fails_after, cuts, tries) values (:id, cast(:institution as text), "
    ":version, :revision, :first, :last, 'queued', 'ranking', :by, now(), :policy_version, "
    ":business_date, :after, "
    "(select count(*) from customer where institution = cast(:institution as text)), "
    "0, 0, 0, 0, 0, 0, '{}', 0)"
)
_FIND = text(
    f"select {_COLUMNS} from shadow_run where institution = :institution and id = :id"  # noqa: S608  (fixed columns)
)
_NEWEST = text(
    f"select {_COLUMNS} from (select *, row_number() over (partition by version "  # noqa: S608  (fixed columns)
    "order by recorded_at desc, id) as back from shadow_run where institution = :institution "
    "and version = any(cast(:versions as int[]))) as last where back <= :limit "
    "order by version, recorded_at desc, id"
)
_WAITING = text(
    "select institution from shadow_run where state in ('queued', 'running') "
    "group by institution order by min(recorded_at), institution"
)
_TAKE = text(
    f"select {_COLUMNS} from shadow_run where institution = :institution "  # noqa: S608  (fixed columns)
    "and state in ('queued', 'running') order by recorded_at, id limit 1 for update skip locked"
)


async def add(  # noqa: PLR0913, PLR0917  (each is one fact)
    session: AsyncSession,
    institution: str,
    run_id: UUID,
    draft: tuple[int, int],
    period: Period,
    by: str,
    policy: tuple[int, date],
) -> None:
    """Let a revision (version, revision) wait for its run, under (policy version, date)."""
    await run(
        session,
        _ADD,
        id=run_id,
        institution=institution,
        version=draft[0],
        revision=draft[1],
        first=period.first,
        last=period.last,
        by=by,
        policy_version=policy[0],
        business_date=policy[1],
        after=NOBODY,
    )


async def find(session: AsyncSession, institution: str, run_id: UUID) -> Run | None:
    """Return a run, if there is one."""
    read = await rows(session, _FIND, institution=institution, id=run_id)
    return _run(read[0]) if read else None


async def newest_by_version(
    session: AsyncSession, institution: str, versions: list[int], limit: int
) -> dict[int, list[Run]]:
    """Return the last runs of each version, newest first."""
    found: dict[int, list[Run]] = {}
    values = {"institution": institution, "versions": versions, "limit": limit}
    for row in await rows(session, _NEWEST, **values):
        found.setdefault(row.version, []).append(_run(row))
    return found


_HOLD = text(
    f"select {_COLUMNS} from shadow_run where id = :id and state in ('queued', 'running') "  # noqa: S608  (fixed columns)
    "for update"
)


async def hold(session: AsyncSession, run_id: UUID) -> Run | None:
    """Return a run that is not through, held until the transaction ends."""
    read = await rows(session, _HOLD, id=run_id)
    return _run(read[0]) if read else None


async def waiting(session: AsyncSession) -> list[str]:
    """Return the institutions whose runs wait, the one that waited longest first."""
    return [row.institution for row in await rows(session, _WAITING)]


async def take(session: AsyncSession, institution: str) -> Run | None:
    """Return the institution's run whose turn it is, held until the transaction ends."""
    read = await rows(session, _TAKE, institution=institution)
    return _run(read[0]) if read else None


def _run(row: Row[Any]) -> Run:
    fields = dict(row._mapping)  # noqa: SLF001  (public in SQLAlchemy)
    period = Period(fields.pop("first_month"), fields.pop("last_month"))
    cuts = {date.fromisoformat(month): steps for month, steps in row.cuts.items()}
    read = {"period": period, "state": RunState(row.state), "phase": Phase(row.phase), "cuts": cuts}
    return Run(**fields | read)


_SAVE = text(
    "update shadow_run set state = cast(:state as text), phase = :phase, after = :after, "
    "total = :total, done = :done, changed = :changed, up = :up, down = :down, "
    "fails_before = :fails_before, fails_after = :fails_after, policy_version = :policy_version, "
    "business_date = :business_date, cuts = cast(:cuts as jsonb), tries = :tries, "
    "failure = :failure, trace_id = :trace_id, "
    "finished_at = case when cast(:state as text) = 'finished' then now() end where id = :id"
)


async def save(session: AsyncSession, one: Run) -> None:
    """Store how far a run has come."""
    await run(
        session,
        _SAVE,
        id=one.id,
        state=one.state.value,
        phase=one.phase.value,
        after=one.after,
        total=one.total,
        done=one.done,
        changed=one.changed,
        up=one.up,
        down=one.down,
        fails_before=one.fails_before,
        fails_after=one.fails_after,
        policy_version=one.policy_version,
        business_date=one.business_date,
        cuts=json.dumps({month.isoformat(): steps for month, steps in one.cuts.items()}),
        tries=one.tries,
        failure=one.failure,
        trace_id=one.trace_id,
    )


_MOVED = text(
    "select policy_version, business_date, (select count(*) from customer "
    "where institution = cast(:institution as text)) as customers from institution "
    "where code = cast(:institution as text)"
)
_NEXT = text(
    "select id, branch, manager from customer where institution = :institution "
    "and id > :after order by id limit :limit"
)


async def stands(session: AsyncSession, institution: str) -> tuple[int, date | None, int]:
    """Return the institution's policy version, business date and number of customers."""
    read = await rows(session, _MOVED, institution=institution)
    if not read:
        return 0, None, 0
    return read[0].policy_version, read[0].business_date, read[0].customers


@dataclass(frozen=True, slots=True)
class Looked:
    """A customer whose turn it is, and who looks after them."""

    id: CustomerId
    branch: str | None
    manager: str | None


async def following(
    session: AsyncSession, institution: str, after: UUID, limit: int
) -> list[Looked]:
    """Return the customers behind `after`, by id."""
    values = {"institution": institution, "after": after, "limit": limit}
    read = await rows(session, _NEXT, **values)
    return [Looked(CustomerId(row.id), row.branch, row.manager) for row in read]
