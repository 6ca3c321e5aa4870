"""What a shadow run found: customers that would change, and sums by manager."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from kit.db import copy_rows
from sqlalchemy import Row, TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.line import Line
from scoring.domain.shadow import InputChange, Movement, RuleChange
from scoring.domain.shadow_side import Standing
from scoring.store.sql import records, rows, run

NO_MANAGER = ""
Pair = tuple[int, int]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCustomer:
    """A customer that would change: amounts, tiers and failures as (before, after)."""

    customer_id: CustomerId
    branch: str | None
    manager: str | None
    size_minor: int
    movement: Movement
    lines: Mapping[Line, Pair]
    tiers: tuple[Standing | None, Standing | None]
    points: Pair
    pay_minor: tuple[int | None, int | None]
    failures: tuple[str | None, str | None]
    changes: Sequence[RuleChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerSum:
    """What one customer adds to its manager's sums, or all of one manager's: (before, after)."""

    manager: str
    customers: int = 1
    changed: int
    lines: Mapping[Line, Pair]
    tiers: Mapping[str, Pair]
    points: Pair
    pay_minor: tuple[int | None, int | None]

    def plus(self, other: "ManagerSum") -> "ManagerSum":
        """Return both together; what only one of them pays is not known of both."""
        pays = [
            None if mine is None or theirs is None else mine + theirs
            for mine, theirs in zip(self.pay_minor, other.pay_minor, strict=True)
        ]
        return ManagerSum(
            manager=self.manager,
            customers=self.customers + other.customers,
            changed=self.changed + other.changed,
            lines=_plus(self.lines, other.lines),
            tiers=_plus(self.tiers, other.tiers),
            points=(self.points[0] + other.points[0], self.points[1] + other.points[1]),
            pay_minor=(pays[0], pays[1]),
        )


def _plus(mine: Mapping[Key, Pair], theirs: Mapping[Key, Pair]) -> dict[Key, Pair]:
    sums = dict(mine)
    for key, (before, after) in theirs.items():
        known = sums.get(key, (0, 0))
        sums[key] = known[0] + before, known[1] + after
    return sums


_COLUMNS = (
    "institution", "run_id", "customer_id", "branch", "manager", "size_minor", "movement",
    "lines", "tier_before", "tier_after", "points_before", "points_after", "pay_before_minor",
    "pay_after_minor", "failure_before", "failure_after", "changes",
)  # fmt: skip


async def add_customers(
    session: AsyncSession, institution: str, run_id: UUID, found: Iterable[ChangedCustomer]
) -> None:
    """Keep customers that would change."""
    await copy_rows(
        session,
        "shadow_customer",
        _COLUMNS,
        (
            (
                institution,
                run_id,
                one.customer_id,
                one.branch,
                one.manager,
                one.size_minor,
                one.movement.value,
                json.dumps(one.lines),
                *(json.dumps(asdict(tier), default=str) if tier else None for tier in one.tiers),
                *one.points,
                *one.pay_minor,
                *one.failures,
                json.dumps([_change(change) for change in one.changes]),
            )
            for one in found
        ),
    )


def _change(change: RuleChange) -> dict[str, Any]:
    return {
        "line": change.line.value,
        "rule": change.rule,
        "entry": change.entry,
        "before": change.before_minor,
        "after": change.after_minor,
        "inputs": [[one.name, one.unit, one.before, one.after] for one in change.inputs],
    }


_ADD_LINES = text(
    "insert into shadow_line (institution, run_id, manager, line, before_minor, after_minor) "
    "select cast(:institution as text), cast(:run_id as uuid), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(manager text, line text, "
    "before_minor numeric, after_minor numeric) on conflict (run_id, manager, line) do update set "
    "before_minor = shadow_line.before_minor + excluded.before_minor, "
    "after_minor = shadow_line.after_minor + excluded.after_minor"
)
_ADD_TIERS = text(
    "insert into shadow_tier (institution, run_id, manager, code, before, after) "
    "select cast(:institution as text), cast(:run_id as uuid), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(manager text, code text, before int, "
    "after int) on conflict (run_id, manager, code) do update set "
    "before = shadow_tier.before + excluded.before, after = shadow_tier.after + excluded.after"
)
_ADD_MANAGERS = text(
    "insert into shadow_manager (institution, run_id, manager, customers, changed, "
    "points_before, points_after, pay_before_minor, pay_after_minor) "
    "select cast(:institution as text), cast(:run_id as uuid), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(manager text, customers int, changed int, "
    "points_before numeric, points_after numeric, pay_before_minor numeric, "
    "pay_after_minor numeric) on conflict (run_id, manager) do update set "
    "customers = shadow_manager.customers + excluded.customers, "
    "changed = shadow_manager.changed + excluded.changed, "
    "points_before = shadow_manager.points_before + excluded.points_before, "
    "points_after = shadow_manager.points_after + excluded.points_after, "
    "pay_before_minor = shadow_manager.pay_before_minor + excluded.pay_before_minor, "
    "pay_after_minor = shadow_manager.pay_after_minor + excluded.pay_after_minor"
)


async def add_sums(
    session: AsyncSession, institution: str, run_id: UUID, found: Iterable[ManagerSum]
) -> None:
    """Add customers to the sums of their managers; in the order of their keys, so none wait."""
    whole: dict[str, ManagerSum] = {}
    for one in found:
        known = whole.get(one.manager)
        whole[one.manager] = known.plus(one) if known else one
    sums = [whole[manager] for manager in sorted(whole)]
    kept: dict[TextClause, list[dict[str, object]]] = {
        _ADD_LINES: [
            _pair(one, "line", line.value, ("before_minor", "after_minor"), pair)
            for one in sums
            for line, pair in sorted(one.lines.items())
        ],
        _ADD_TIERS: [
            _pair(one, "code", code, ("before", "after"), pair)
            for one in sums
            for code, pair in sorted(one.tiers.items())
        ],
        _ADD_MANAGERS: [
            {
                "manager": one.manager,
                "customers": one.customers,
                "changed": one.changed,
                "points_before": one.points[0],
                "points_after": one.points[1],
                "pay_before_minor": one.pay_minor[0],
                "pay_after_minor": one.pay_minor[1],
            }
            for one in sums
        ],
    }
    for statement, lines in kept.items():
        values = {"institution": institution, "run_id": run_id, "records": records(lines)}
        await run(session, statement, **values)


def _pair(
    one: ManagerSum, key: str, value: str, names: tuple[str, str], pair: Pair
) -> dict[str, object]:
    return {"manager": one.manager, key: value, names[0]: pair[0], names[1]: pair[1]}


_FORGET = [
    text(f"delete from {table} where run_id = :run_id")  # noqa: S608  (fixed tables)
    for table in ("shadow_customer", "shadow_line", "shadow_tier", "shadow_manager")
]


async def forget(session: AsyncSession, run_id: UUID) -> None:
    """Take back what a run has found, for it begins anew."""
    for statement in _FORGET:
        await run(session, statement, run_id=run_id)


Place = tuple[int, UUID]
_CUSTOMERS = text(
    f"select {', '.join(_COLUMNS[2:])} from shadow_customer "  # noqa: S608  (fixed columns)
    "where run_id = :run_id and institution = :institution "
    "and (cast(:size as numeric) is null "
    "or (size_minor, customer_id) < (cast(:size as numeric), cast(:id as uuid))) "
    "and (cast(:manager as text) is null or coalesce(manager, '') = cast(:manager as text)) "
    "and (cast(:branch as text) is null or branch = cast(:branch as text)) "
    "and (cast(:movement as text) is null or movement = cast(:movement as text)) "
    "order by size_minor desc, customer_id desc limit :limit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of the changed customers are asked for; None asks for all."""

    manager: str | None = None
    branch: str | None = None
    movement: Movement | None = None


async def customers(  # noqa: PLR0913, PLR0917  (whose run, which of it, from where)
    session: AsyncSession,
    institution: str,
    run_id: UUID,
    wanted: Wanted,
    after: Place | None,
    limit: int,
) -> list[ChangedCustomer]:
    """Return customers that would change, the largest change first."""
    read = await rows(
        session,
        _CUSTOMERS,
        run_id=run_id,
        institution=institution,
        size=after[0] if after else None,
        id=after[1] if after else None,
        manager=wanted.manager,
        branch=wanted.branch,
        movement=wanted.movement,
        limit=limit,
    )
    return [_customer(row) for row in read]


def _customer(row: Row[Any]) -> ChangedCustomer:
    return ChangedCustomer(
        customer_id=CustomerId(row.customer_id),
        branch=row.branch,
        manager=row.manager,
        size_minor=int(row.size_minor),
        movement=Movement(row.movement),
        lines={Line(line): (pair[0], pair[1]) for line, pair in row.lines.items()},
        tiers=(_standing(row.tier_before), _standing(row.tier_after)),
        points=(int(row.points_before), int(row.points_after)),
        pay_minor=(_whole(row.pay_before_minor), _whole(row.pay_after_minor)),
        failures=(row.failure_before, row.failure_after),
        changes=[
            RuleChange(
                Line(one["line"]),
                one["rule"],
                one["entry"],
                one["before"],
                one["after"],
                tuple(InputChange(*inside) for inside in one["inputs"]),
            )
            for one in row.changes
        ],
    )


def _standing(kept: dict[str, Any] | None) -> Standing | None:
    return Standing(**kept | {"since": date.fromisoformat(kept["since"])}) if kept else None


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


_LINES = text(
    "select manager, line, before_minor, after_minor from shadow_line where run_id = :run_id "
    "and institution = :institution and (cast(:managers as text[]) is null "
    "or manager = any(cast(:managers as text[])))"
)
_TIERS = text(
    "select manager, code, before, after from shadow_tier where run_id = :run_id "
    "and institution = :institution and (cast(:managers as text[]) is null "
    "or manager = any(cast(:managers as text[])))"
)
_MANAGERS = text(
    "select m.*, (select coalesce(sum(l.after_minor - l.before_minor), 0) from shadow_line l "
    "where l.run_id = m.run_id and l.manager = m.manager) as change from shadow_manager m "
    "where m.run_id = :run_id and m.institution = :institution and m.changed > 0 "
    "order by abs((select coalesce(sum(l.after_minor - l.before_minor), 0) from shadow_line l "
    "where l.run_id = m.run_id and l.manager = m.manager)) desc, m.manager "
    "limit :limit offset :skip"
)
_ALL = text(
    "select coalesce(sum(customers), 0) as customers, coalesce(sum(changed), 0) as changed, "
    "sum(points_before) as points_before, sum(points_after) as points_after, "
    "sum(pay_before_minor) as pay_before_minor, sum(pay_after_minor) as pay_after_minor "
    "from shadow_manager where run_id = :run_id and institution = :institution"
)


async def managers(
    session: AsyncSession, institution: str, run_id: UUID, skip: int, limit: int
) -> list[ManagerSum]:
    """Return the managers with customers that would change, the largest change first."""
    values = {"institution": institution, "run_id": run_id}
    read = await rows(session, _MANAGERS, **values, limit=limit, skip=skip)
    names = [row.manager for row in read]
    lines, held = await _sums(session, values, names)
    return [_sum(row.manager, row, lines, held) for row in read]


async def whole(session: AsyncSession, institution: str, run_id: UUID) -> ManagerSum:
    """Return the sums over everyone, as those of the manager `NO_MANAGER`."""
    values = {"institution": institution, "run_id": run_id}
    [row] = await rows(session, _ALL, **values)
    lines, held = await _sums(session, values, None)
    return _sum(NO_MANAGER, row, lines, held)


Sums = dict[tuple[str, str], Pair]


async def _sums(
    session: AsyncSession, values: Mapping[str, object], names: Sequence[str] | None
) -> tuple[Sums, Sums]:
    """Return lines and tiers by manager; of everyone together where `names` is None."""
    lines: Sums = {}
    held: Sums = {}
    for row in await rows(session, _LINES, **values, managers=names):
        key = row.manager if names is not None else NO_MANAGER, row.line
        known = lines.get(key, (0, 0))
        lines[key] = known[0] + int(row.before_minor), known[1] + int(row.after_minor)
    for row in await rows(session, _TIERS, **values, managers=names):
        key = row.manager if names is not None else NO_MANAGER, row.code
        known = held.get(key, (0, 0))
        held[key] = known[0] + row.before, known[1] + row.after
    return lines, held


def _sum(manager: str, row: Row[Any], lines: Sums, held: Sums) -> ManagerSum:
    return ManagerSum(
        manager=manager,
        customers=int(row.customers),
        changed=int(row.changed),
        lines={line: lines.get((manager, line.value), (0, 0)) for line in Line},
        tiers={code: pair for (who, code), pair in held.items() if who == manager},
        points=(_whole(row.points_before) or 0, _whole(row.points_after) or 0),
        pay_minor=(_whole(row.pay_before_minor), _whole(row.pay_after_minor)),
    )
