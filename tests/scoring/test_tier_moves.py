"""Customers move on a ladder by its rules, and only the months themselves decide how."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.ladder import BALANCE_LINES, Ladder, Measure, Metric, Moves, Step, Up
from scoring.domain.line import Line, View
from scoring.domain.measures import Measures
from scoring.domain.months import between, days_in, last_day, month_of, plus
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import states, tier_periods

JANUARY = date(2024, 1, 1)
STEPS = (Step("LOW", "Low", 1, 0), Step("MID", "Mid", 2, 100), Step("TOP", "Top", 3, 1000))
MONTHLY = frozenset(range(1, 13))


def measured(values, business_date=None):
    months = {plus(JANUARY, n): value for n, value in enumerate(values)}
    last = business_date or last_day(plus(JANUARY, len(values) - 1))
    return Measures(business_date=last, since=JANUARY, contribution={View.GROSS: months})


def held(ladder, *values):
    """Return code and status of each month."""
    last = plus(JANUARY, len(values) - 1)
    found = states(measured(values), JANUARY, last, lambda _: ladder)
    return " ".join(f"{one.step.code}{MARKS[one.status]}" for _, one in found if one)


MARKS = {Status.HELD: "", Status.WATCH: "?", Status.GRACE: "+"}


def ladder(schedule=MONTHLY, steps=STEPS, window=1, **moves):
    return Ladder(window, steps, schedule=schedule, moves=Moves(**moves))


def test_an_evaluation_holds_from_the_next_month_on():
    assert held(ladder(), 100, 50, 50) == "MID MID LOW"
    assert held(ladder(), 50, 100, 100) == "LOW LOW MID"


def test_who_may_rise_at_once_rises_in_the_month_that_reaches_the_step():
    assert held(ladder(up=Up.AT_ONCE), 50, 100, 1000, 50) == "LOW MID TOP TOP"


def test_a_quarterly_ladder_moves_after_quarters_only():
    quarterly = ladder(frozenset({3, 6, 9, 12}))
    assert held(quarterly, 100, 0, 1000, 0, 0, 0, 0) == "MID MID MID TOP TOP TOP LOW"


def test_a_lower_down_threshold_keeps_who_is_between():
    steps = (STEPS[0], replace(STEPS[1], down_below_minor=60), STEPS[2])
    assert held(ladder(steps=steps), 100, 60, 59, 99, 100) == "MID MID MID LOW LOW"
    live = Ladder(1, steps)
    assert held(live, 100, 60, 59, 99, 100) == "MID MID LOW LOW MID"


def test_a_fall_needs_so_many_of_the_last_evaluations_below():
    two_of_three = ladder(below=2, of=3)
    assert held(two_of_three, 100, 50, 100, 50, 0) == "MID MID MID MID LOW"
    assert held(two_of_three, 100, 50, 100, 100, 50, 0) == "MID MID MID MID MID MID"


def test_a_watch_comes_before_the_fall_and_is_lifted_by_one_good_month():
    watched = ladder(below=2, of=2, watch=2)
    assert held(watched, 100, 0, 0, 0, 0, 0) == "MID MID MID MID? MID? LOW"
    assert held(watched, 100, 0, 0, 0, 100, 0, 0, 0) == "MID MID MID MID? MID? MID MID MID?"


def test_at_once_lifts_a_watch_in_the_good_month_itself():
    watched = ladder(below=2, of=2, watch=2, up=Up.AT_ONCE)
    assert held(watched, 100, 0, 0, 0, 100, 0) == "MID MID MID MID? MID MID"


def test_a_fall_goes_to_the_best_of_the_last_evaluations_but_by_a_step():
    best = ladder(below=2, of=2, best_of=3)
    assert held(best, 1000, 150, 0, 0) == "TOP TOP TOP MID"
    assert held(ladder(below=2, of=2), 1000, 150, 0, 0) == "TOP TOP TOP LOW"
    assert held(ladder(below=1, of=3, best_of=3), 1000, 1000, 999, 0) == "TOP TOP TOP MID"


def test_nothing_counts_as_below_in_grace():
    gracious = ladder(grace_months=2)
    assert held(gracious, 100, 0, 0, 0) == "MID+ MID+ MID LOW"
    rising = ladder(grace_months=2, up=Up.AT_ONCE)
    assert held(rising, 0, 100, 0, 0, 0, 0) == "LOW+ MID+ MID+ MID LOW LOW"


def test_nobody_falls_off_the_lowest_step_or_is_watched_there():
    assert held(ladder(watch=3), -50, -50, -50, -50) == "LOW LOW LOW LOW"


def test_a_period_tells_its_phases_with_what_began_them():
    watched = ladder(below=2, of=2, watch=2, best_of=4)
    values = (150, 0, 10, 20, 30, 40)
    found = tier_periods(measured(values), JANUARY, date(2024, 6, 1), lambda _: watched)
    mid, low = found
    april, june = date(2024, 4, 1), date(2024, 6, 1)
    assert [(p.status, p.since, p.until, p.value_minor, p.threshold_minor) for p in mid.phases] == [
        (Status.HELD, JANUARY, april, 150, 100),
        (Status.WATCH, april, june, 10, 100),
    ]
    assert (low.since, low.reason.move, low.reason.value_minor, low.reason.measured_in) == (
        june, Move.DOWN, 30, date(2024, 5, 1),
    )  # fmt: skip


def test_another_ladder_keeps_the_step_of_the_same_code_or_begins_anew():
    watched = ladder(below=1, of=1, watch=9)
    other = ladder(steps=(Step("ALL", "All", 1, 0),))
    strict = ladder(steps=(STEPS[0], replace(STEPS[1], at_least_minor=200)), watch=9)

    def in_force(month):
        if month < date(2024, 4, 1):
            return watched
        return strict if month < date(2024, 6, 1) else other

    found = list(states(measured([100, 0, 0, 0, 0, 0]), JANUARY, date(2024, 6, 1), in_force))
    assert [(one.step.code, one.step.at_least_minor, one.status) for _, one in found] == [
        ("MID", 100, Status.HELD), ("MID", 100, Status.HELD), ("MID", 100, Status.WATCH),
        ("MID", 200, Status.WATCH), ("MID", 200, Status.WATCH), ("ALL", 0, Status.HELD),
    ]  # fmt: skip


def average(values, *, business_date=None, month_days=None, window=1):
    """Return the average after months that end-of-day balances of these amounts fill."""
    months = {plus(JANUARY, n): value * 31 for n, value in enumerate(values)}
    last = plus(JANUARY, len(values) - 1)
    measures = Measures(
        business_date=business_date or last_day(last),
        since=JANUARY,
        balance_days={Line.DEPOSIT: months, Line.LOAN: months},
    )
    measure = Measure(Metric.AVERAGE_BALANCE, lines=frozenset(BALANCE_LINES), month_days=month_days)
    return measures.amount(Ladder(window, STEPS, measure), last)


def test_an_average_divides_by_the_days_that_have_come_or_by_fixed_ones():
    assert average([100]) == 100
    assert average([100], month_days=30) == 103
    assert average([100], business_date=date(2024, 1, 10)) == 310
    assert average([100, 100], window=2) == 103  # 6200 / 60
    assert average([100, 100], window=6) == 103  # months that are not priced are no part of it


SERIES = st.lists(st.integers(-200, 1500), min_size=1, max_size=30)
SCHEDULES = st.sampled_from([MONTHLY, frozenset({3, 6, 9, 12}), frozenset({6, 12}), None])


@st.composite
def ladders(draw):
    schedule = draw(SCHEDULES)
    down = draw(st.integers(0, 100))
    steps = (STEPS[0], replace(STEPS[1], down_below_minor=down), STEPS[2])
    window = draw(st.integers(1, 4))
    if schedule is None:
        return Ladder(window, steps)
    of = draw(st.integers(1, 4))
    return ladder(
        schedule,
        steps,
        window,
        up=draw(st.sampled_from(Up)),
        below=draw(st.integers(1, of)),
        of=of,
        watch=draw(st.integers(0, 3)),
        best_of=draw(st.integers(1, 6)),
        grace_months=draw(st.integers(0, 4)),
    )


def on(periods, month):
    [found] = [p for p in periods if p.since <= month and (p.until is None or month < p.until)]
    [phase] = [p for p in found.phases if p.since <= month and (p.until is None or month < p.until)]
    return found.code, found.since, found.reason, phase.status, phase.since


@given(SERIES, ladders(), ladders(), st.integers(0, 30))
def test_going_on_month_by_month_gives_what_going_through_all_again_gives(
    values, one, other, change
):
    """At each month's end the answer of then is the answer that the whole series gives of then."""
    changed = plus(JANUARY, change)

    def in_force(month):
        return one if month < changed else other

    last = plus(JANUARY, len(values) - 1)
    whole = tier_periods(measured(values), JANUARY, last, in_force)
    for n, month in enumerate(between(JANUARY, last), 1):
        then = tier_periods(measured(values[:n]), JANUARY, month, in_force)
        assert on(then, month) == on(whole, month)


@given(SERIES, ladders(), st.data())
def test_what_comes_later_never_changes_an_earlier_month(values, rules, data):
    n = data.draw(st.integers(0, len(values) - 1))
    other = [*values[: n + 1], *data.draw(st.lists(st.integers(-200, 1500), max_size=6))]
    month = plus(JANUARY, n)
    found = [
        tier_periods(measured(one), JANUARY, plus(JANUARY, len(one) - 1), lambda _: rules)
        for one in (values, other)
    ]
    assert on(found[0], month) == on(found[1], month)


@given(SERIES, ladders())
def test_periods_and_phases_meet_without_gap(values, rules):
    last = plus(JANUARY, len(values) - 1)
    found = tier_periods(measured(values), JANUARY, last, lambda _: rules)
    assert found[0].since == JANUARY
    assert [p.until for p in found] == [*[p.since for p in found[1:]], None]
    for period in found:
        assert period.phases[0].since == period.since
        ends = [*[p.since for p in period.phases[1:]], period.until]
        assert [p.until for p in period.phases] == ends


@pytest.mark.parametrize("day", range(1, 32))
def test_the_month_under_way_can_do_good_only(day):
    """A month that has hardly begun measures little and costs nobody a tier."""
    rules = Ladder(
        1,
        STEPS,
        Measure(Metric.AVERAGE_BALANCE, lines=frozenset({Line.DEPOSIT}), month_days=30),
        MONTHLY,
        Moves(up=Up.AT_ONCE),
    )
    business_date = JANUARY + timedelta(30 + day) if day < 30 else date(2024, 2, 29)
    february = month_of(business_date)
    days = {JANUARY: 100 * days_in(JANUARY), february: 100 * business_date.day}
    measures = Measures(
        business_date=business_date, since=JANUARY, balance_days={Line.DEPOSIT: days}
    )
    [period] = tier_periods(measures, JANUARY, february, lambda _: rules)
    assert period.code == "MID"
