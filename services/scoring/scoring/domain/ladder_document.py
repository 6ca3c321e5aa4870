"""Makes a ladder of the section `tiers` of a scheme, or says by path what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Final

from scoring.domain.index import FULL
from scoring.domain.ladder import (
    BALANCE_LINES,
    Ladder,
    Measure,
    Metric,
    Moves,
    Step,
    Up,
    place_of,
)
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION
from scoring.domain.months import last_day
from scoring.domain.reading import Fields

MONEY: Final = 10**15
SCHEDULES: Final[Mapping[str, frozenset[int] | None]] = {
    "live": None,
    "monthly": frozenset(range(1, 13)),
    "quarterly": frozenset({3, 6, 9, 12}),
    "half_yearly": frozenset({6, 12}),
}


class By(StrEnum):
    """What the steps compare: amounts, places among all, or the index."""

    AMOUNT = "amount"
    RANK = "rank"
    INDEX = "index"


_MEASURED = {
    By.AMOUNT: Metric.CONTRIBUTION,
    By.RANK: Metric.CONTRIBUTION,
    By.INDEX: Metric.INDEX,
}
_MOST_EVALUATIONS = 24
_LEAP_YEAR = "2024"


def ladder_of(entry: Fields, version: int) -> Ladder:
    """Read the ladder of a scheme of that version; a pack's name must be spelled out by now."""
    if entry.has("pack"):
        entry.text("pack", 40)
    by = entry.one_of("by", By) if entry.has("by") else By.AMOUNT
    by_rank = by is By.RANK
    schedule = _schedule(entry) if entry.has("schedule") else None
    if by_rank and schedule is None and entry.sound("schedule"):
        entry.wrong("schedule", "a ladder by rank needs its days")
    measure = _measure(entry, by)
    ladder = Ladder(
        window_months=entry.whole("window_months", 1, 24),
        steps=_shares(entry) if by_rank else _amounts(entry, measure.metric),
        measure=measure,
        schedule=schedule,
        moves=_moves(entry, schedule=schedule, by_rank=by_rank),
        by_rank=by_rank,
        version=version,
    )
    entry.close()
    return ladder


def _schedule(entry: Fields) -> frozenset[int] | None:
    value = entry.value("schedule")
    if isinstance(value, list):
        if not value:
            entry.wrong("schedule", "needs at least one day")
        return frozenset(_month_end(entry, number, one) for number, one in enumerate(value))
    if str(value) not in SCHEDULES:
        entry.wrong(
            "schedule",
            f"must be one of {', '.join(SCHEDULES)}, or a list of days like '06-30'",
        )
    return SCHEDULES.get(str(value))


def _month_end(entry: Fields, number: int, value: object) -> int:
    """Return the month that a day like '06-30' ends; balance-days are kept by whole months."""
    try:
        day = date.fromisoformat(f"{_LEAP_YEAR}-{value}")
    except ValueError:
        entry.wrong(f"schedule.{number}", "must be a day like '06-30'")
        return 12
    if day != last_day(day) and (day.month, day.day) != (2, 28):
        entry.wrong(f"schedule.{number}", "must be the last day of a month")
    return day.month


def _measure(entry: Fields, by: By) -> Measure:
    metric = entry.one_of("metric", Metric) if entry.has("metric") else _MEASURED[by]
    if by is By.INDEX and metric is not Metric.INDEX:
        entry.wrong("metric", "must be index, or left out, where steps are by index")
    if by is By.AMOUNT and metric is Metric.INDEX:
        entry.wrong("metric", "the index is no amount: give by: index, or by: rank")
    if metric is Metric.CONTRIBUTION:
        view = entry.one_of("view", View) if entry.has("view") else View.GROSS
        return Measure(metric, view)
    if metric in {Metric.POINTS, Metric.INDEX}:
        return Measure(metric)
    lines = _lines(entry) if entry.has("lines") else BALANCE_LINES
    month_days = entry.whole("month_days", 28, 31) if entry.has("month_days") else None
    return Measure(metric, lines=frozenset(lines), month_days=month_days)


def _lines(entry: Fields) -> tuple[Line, ...]:
    value = entry.value("lines")
    if not isinstance(value, list) or not value:
        entry.wrong("lines", "must be a list of lines")
        return ()
    for number, line in enumerate(value):
        if line not in set(BALANCE_LINES):
            entry.wrong(f"lines.{number}", f"must be one of {', '.join(BALANCE_LINES)}")
    return tuple(line for line in BALANCE_LINES if line in value)


def _moves(entry: Fields, *, schedule: frozenset[int] | None, by_rank: bool) -> Moves:
    if not entry.has("moves"):
        return Moves()
    moves = entry.fields("moves")

    def count(name: str, least: int, otherwise: int) -> int:
        return moves.whole(name, least, _MOST_EVALUATIONS) if moves.has(name) else otherwise

    up = moves.one_of("up", Up) if moves.has("up") else Up.SCHEDULED
    below = count("below", 1, 1)
    found = Moves(
        up=up,
        below=below,
        of=count("of", 1, below),
        watch=count("watch", 0, 0),
        best_of=count("best_of", 1, 1),
        grace_months=count("grace_months", 0, 0),
    )
    if schedule is None and entry.sound("schedule"):
        entry.wrong("moves", "a live ladder follows its measure; give it days")
    if by_rank and up is Up.AT_ONCE:
        moves.wrong("up", "a ladder by rank moves on its days only")
    if found.below > found.of:
        moves.wrong("below", f"must be at most {found.of}, the value of 'of'")
    moves.close()
    return found


def _entitlements(one: Fields) -> tuple[str, ...]:
    if not one.has("entitlements"):
        return ()
    value = one.value("entitlements")
    if not isinstance(value, list):
        one.wrong("entitlements", "must be a list of texts")
        return ()
    named = {str(number): text for number, text in enumerate(value)}
    read = Fields.at(named, one.under("entitlements"), one.findings)
    return tuple(read.text(name) for name in named)


@dataclass(frozen=True, slots=True)
class _Written:
    """How thresholds are written: the ending of their fields, their bounds, what 1 stands for."""

    ending: str
    least: int
    most: int
    times: int = 1


_MINOR = _Written("minor", -MONEY, MONEY)
_WRITTEN = {
    Metric.POINTS: _Written("points", -MONEY, MONEY),
    Metric.INDEX: _Written("index_ppm", 0, MILLION, FULL // MILLION),
}


def _amounts(entry: Fields, metric: Metric) -> tuple[Step, ...]:
    written = _WRITTEN.get(metric, _MINOR)
    at_least, times = f"at_least_{written.ending}", written.times

    def read(one: Fields) -> Step:
        code, name = one.text("code", 40), one.text("name")
        least = one.whole(at_least, written.least, written.most)
        down = _down_below(one, written, least)
        return Step(
            code=code,
            name=name,
            rank=0,
            at_least_minor=least * times,
            down_below_minor=None if down is None else down * times,
            entitlements=_entitlements(one),
        )

    found = entry.each("ladder", read)
    if entry.sound("ladder"):
        for number, (lower, upper) in enumerate(pairwise(found), start=1):
            if upper.at_least_minor <= lower.at_least_minor:
                entry.wrong(
                    f"ladder.{number}.{at_least}",
                    f"must be more than {lower.at_least_minor // times}, the step before",
                )
        _distinct(entry, [step.code for step in found])
    return tuple(replace(step, rank=rank) for rank, step in enumerate(found, 1))


def _down_below(one: Fields, written: _Written, least: int) -> int | None:
    name = f"down_below_{written.ending}"
    if not one.has(name):
        return None
    down = one.whole(name, written.least, written.most)
    if down > least:
        one.wrong(name, f"must be at most {least}, the step's at_least_{written.ending}")
    return down


def _distinct(entry: Fields, codes: Sequence[str]) -> None:
    if not codes:
        entry.wrong("ladder", "needs at least one step")
    if len(set(codes)) < len(codes):
        entry.wrong("ladder", "every step needs a code of its own")


def _shares(entry: Fields) -> tuple[Step, ...]:
    """Read steps by the share of all customers that stands on each, lowest first."""

    def read(one: Fields) -> tuple[Step, int]:
        code, name = one.text("code", 40), one.text("name")
        share = one.whole("share_ppm", 1, MILLION)
        return Step(code, name, 0, 0, entitlements=_entitlements(one)), share

    found = entry.each("ladder", read)
    if entry.sound("ladder"):
        _distinct(entry, [step.code for step, _ in found])
        whole = sum(share for _, share in found)
        if found and whole != MILLION:
            entry.wrong("ladder", f"shares come to {whole}, not to {MILLION}")
    tops = [MILLION - lower for lower in accumulate((share for _, share in found), initial=0)]
    return tuple(
        replace(step, rank=rank, at_least_minor=place_of(top), top_ppm=top)
        for rank, ((step, _), top) in enumerate(zip(found, tops, strict=False), 1)
    )
