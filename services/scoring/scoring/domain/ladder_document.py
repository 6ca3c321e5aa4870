"""Makes a ladder of the section `tiers` of a scheme, or says by path what is wrong with it."""

from collections.abc import Mapping
from itertools import accumulate, pairwise
from typing import Final

from scoring.domain.ladder import (
    BALANCE_LINES,
    Ladder,
    Measure,
    Metric,
    Moves,
    Step,
    Up,
    View,
    place_of,
)
from scoring.domain.line import Line
from scoring.domain.money import MILLION
from scoring.domain.months import last_day
from scoring.domain.reading import Fields, Unreadable, word

MONEY: Final = 10**15
SCHEDULES: Final[Mapping[str, frozenset[int] | None]] = {
    "live": None,
    "monthly": frozenset(range(1, 13)),
    "quarterly": frozenset({3, 6, 9, 12}),
    "half_yearly": frozenset({6, 12}),
}
_MOST_EVALUATIONS = 24
_LEAP_YEAR = "2024"


def ladder_of(entry: Fields, version: int) -> Ladder:
    """Read the ladder of a scheme of that version; a pack's name must be spelled out by now."""
    if entry.has("pack"):
        entry.text("pack", 40)
    by_rank = entry.has("by") and _by_rank(entry)
    schedule = _schedule(entry) if entry.has("schedule") else None
    if by_rank and schedule is None:
        raise Unreadable(f"{entry.under('schedule')}: a ladder by rank needs its days")
    ladder = Ladder(
        window_months=entry.whole("window_months", 1, 24),
        steps=_shares(entry) if by_rank else _amounts(entry),
        measure=_measure(entry),
        schedule=schedule,
        moves=_moves(entry, schedule=schedule, by_rank=by_rank),
        by_rank=by_rank,
        version=version,
    )
    entry.close()
    return ladder


def _by_rank(entry: Fields) -> bool:
    by = entry.value("by")
    if by not in {"amount", "rank"}:
        raise Unreadable(f"{entry.under('by')}: must be one of amount, rank")
    return by == "rank"


def _schedule(entry: Fields) -> frozenset[int] | None:
    value, path = entry.value("schedule"), entry.under("schedule")
    if isinstance(value, list):
        if not value:
            raise Unreadable(f"{path}: needs at least one day")
        return frozenset(_month_end(one, f"{path}.{n}") for n, one in enumerate(value))
    if str(value) not in SCHEDULES:
        raise Unreadable(
            f"{path}: must be one of {', '.join(SCHEDULES)}, or a list of days like '06-30'"
        )
    return SCHEDULES[str(value)]


def _month_end(value: object, path: str) -> int:
    """Return the month that a day like '06-30' ends; balance-days are kept by whole months."""
    read = Fields({"day": f"{_LEAP_YEAR}-{value}"}, "")
    try:
        day = read.day("day")
    except Unreadable:
        raise Unreadable(f"{path}: must be a day like '06-30'") from None
    if day != last_day(day) and (day.month, day.day) != (2, 28):
        raise Unreadable(f"{path}: must be the last day of a month")
    return day.month


def _measure(entry: Fields) -> Measure:
    metric = entry.one_of("metric", Metric) if entry.has("metric") else Metric.CONTRIBUTION
    if metric is Metric.CONTRIBUTION:
        view = entry.one_of("view", View) if entry.has("view") else View.GROSS
        return Measure(metric, view)
    lines = _lines(entry) if entry.has("lines") else BALANCE_LINES
    month_days = entry.whole("month_days", 28, 31) if entry.has("month_days") else None
    return Measure(metric, lines=frozenset(lines), month_days=month_days)


def _lines(entry: Fields) -> tuple[Line, ...]:
    value, path = entry.value("lines"), entry.under("lines")
    if not isinstance(value, list) or not value:
        raise Unreadable(f"{path}: must be a list of lines")
    lines = tuple(word(one, Line, f"{path}.{number}") for number, one in enumerate(value))
    for number, line in enumerate(lines):
        if line not in BALANCE_LINES:
            raise Unreadable(f"{path}.{number}: must be one of {', '.join(BALANCE_LINES)}")
    return lines


def _moves(entry: Fields, *, schedule: frozenset[int] | None, by_rank: bool) -> Moves:
    if not entry.has("moves"):
        return Moves()
    if schedule is None:
        raise Unreadable(f"{entry.under('moves')}: a live ladder follows its measure; give it days")
    moves = entry.fields("moves")

    def count(name: str, least: int, otherwise: int) -> int:
        return moves.whole(name, least, _MOST_EVALUATIONS) if moves.has(name) else otherwise

    up = moves.one_of("up", Up) if moves.has("up") else Up.SCHEDULED
    if by_rank and up is Up.AT_ONCE:
        raise Unreadable(f"{moves.under('up')}: a ladder by rank moves on its days only")
    below = count("below", 1, 1)
    found = Moves(
        up=up,
        below=below,
        of=count("of", 1, below),
        watch=count("watch", 0, 0),
        best_of=count("best_of", 1, 1),
        grace_months=count("grace_months", 0, 0),
    )
    if found.below > found.of:
        raise Unreadable(f"{moves.under('below')}: must be at most {found.of}, the value of 'of'")
    moves.close()
    return found


def _named(one: Fields) -> tuple[str, str, tuple[str, ...]]:
    return one.text("code", 40), one.text("name"), _entitlements(one)


def _entitlements(one: Fields) -> tuple[str, ...]:
    if not one.has("entitlements"):
        return ()
    value, path = one.value("entitlements"), one.under("entitlements")
    if not isinstance(value, list):
        raise Unreadable(f"{path}: must be a list of texts")
    read = Fields({str(number): text for number, text in enumerate(value)}, path)
    return tuple(read.text(name) for name in read.of)


def _distinct(entry: Fields, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not steps:
        raise Unreadable(f"{entry.under('ladder')}: needs at least one step")
    if len({step.code for step in steps}) < len(steps):
        raise Unreadable(f"{entry.under('ladder')}: every step needs a code of its own")
    return steps


def _amounts(entry: Fields) -> tuple[Step, ...]:
    def read(one: Fields) -> Step:
        code, name, entitlements = _named(one)
        least = one.whole("at_least_minor", -MONEY, MONEY)
        down = None
        if one.has("down_below_minor"):
            down = one.whole("down_below_minor", -MONEY, MONEY)
            if down > least:
                raise Unreadable(
                    f"{one.under('down_below_minor')}: must be at most {least}, "
                    "the step's at_least_minor"
                )
        return Step(code, name, 0, least, down, entitlements)

    found = entry.each("ladder", read)
    for number, (lower, upper) in enumerate(pairwise(found), start=1):
        if upper.at_least_minor <= lower.at_least_minor:
            raise Unreadable(
                f"{entry.under('ladder')}.{number}.at_least_minor: must be more than "
                f"{lower.at_least_minor}, the step before"
            )
    return _distinct(
        entry,
        tuple(
            Step(s.code, s.name, rank, s.at_least_minor, s.down_below_minor, s.entitlements)
            for rank, s in enumerate(found, 1)
        ),
    )


def _shares(entry: Fields) -> tuple[Step, ...]:
    """Read steps by the share of all customers that stands on each, lowest first."""

    def read(one: Fields) -> tuple[str, str, tuple[str, ...], int]:
        return *_named(one), one.whole("share_ppm", 1, MILLION)

    found = entry.each("ladder", read)
    whole = sum(share for *_, share in found)
    if found and whole != MILLION:
        raise Unreadable(f"{entry.under('ladder')}: shares come to {whole}, not to {MILLION}")
    below = accumulate((share for *_, share in found), initial=0)
    steps = []
    for rank, ((code, name, entitlements, _), lower) in enumerate(
        zip(found, below, strict=False), 1
    ):
        top = MILLION - lower
        steps.append(Step(code, name, rank, place_of(top), None, entitlements, top))
    return _distinct(entry, tuple(steps))
