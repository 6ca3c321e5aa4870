"""Tiers follow the contribution of their window, month by month, each with its reason."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.concentration import Concentration
from scoring.domain.ladder import Ladder, Step, step_for
from scoring.domain.line import View
from scoring.domain.measures import Measures, window_sum
from scoring.domain.months import last_day, plus
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod, tier_periods

JANUARY = date(2024, 1, 1)
LADDER = Ladder(
    3, (Step("LOW", "Low", 1, -100), Step("MID", "Mid", 2, 50), Step("TOP", "Top", 3, 200))
)


def months(*values):
    return {plus(JANUARY, n): value for n, value in enumerate(values)}


def measured(*values):
    last = last_day(plus(JANUARY, len(values) - 1))
    by_view = {View.GROSS: months(*values)}
    return Measures(business_date=last, since=JANUARY, contribution=by_view)


def codes(*values, ladder=LADDER):
    last = plus(JANUARY, len(values) - 1)
    found = tier_periods(measured(*values), JANUARY, last, lambda _: ladder)
    return [(period.since.month, period.code) for period in found]


def test_a_threshold_is_reached_when_it_is_met():
    assert [step_for(LADDER, value).code for value in (-500, 49, 50, 199, 200)] == [
        "LOW", "LOW", "MID", "MID", "TOP",
    ]  # fmt: skip


def test_the_window_looks_back_and_lets_old_months_go():
    assert codes(60, 0, 0, 0, 300) == [(1, "MID"), (4, "LOW"), (5, "TOP")]


def test_periods_meet_and_the_last_one_lasts_and_says_why():
    found = tier_periods(measured(60, 0, 0, 0), JANUARY, plus(JANUARY, 3), lambda _: LADDER)
    rule = "contribution of 3 months"
    april = date(2024, 4, 1)
    entry = Reason(rule, 60, 50, Move.ENTRY, JANUARY)
    down = Reason(rule, 0, -100, Move.DOWN, april)
    held = [Phase(Status.HELD, JANUARY, april, 60, 50), Phase(Status.HELD, april, None, 0, -100)]
    assert found == [
        TierPeriod(JANUARY, april, "MID", "Mid", 2, entry, (held[0],)),
        TierPeriod(april, None, "LOW", "Low", 1, down, (held[1],)),
    ]


def test_a_month_without_a_ladder_ends_the_tier():
    def until_february(month):
        return LADDER if month < date(2024, 3, 1) else None

    found = tier_periods(measured(60, 60, 60), JANUARY, date(2024, 3, 1), until_february)
    assert [(one.code, one.until) for one in found] == [("MID", date(2024, 3, 1))]


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=24))
def test_every_month_has_the_tier_of_its_own_window(values):
    last = plus(JANUARY, len(values) - 1)
    found = tier_periods(measured(*values), JANUARY, last, lambda _: LADDER)
    for n in range(len(values)):
        month = plus(JANUARY, n)
        [held] = [p for p in found if p.since <= month and (p.until is None or month < p.until)]
        assert held.code == step_for(LADDER, window_sum(months(*values), month, 3)).code


def test_one_customer_of_a_hundred_who_brings_everything():
    found = Concentration.of([0] * 99 + [1000])
    assert (found.top(10_000), found.top(200_000)) == (1000, 1000)
    assert found.smallest_for(800_000) == 1


def test_equal_customers_bring_their_own_share():
    found = Concentration.of([10] * 100)
    assert [found.top(ppm) for ppm in (10_000, 40_000, 100_000, 200_000)] == [10, 40, 100, 200]
    assert found.smallest_for(800_000) == 80


def test_loss_makers_make_a_whale_of_the_curve():
    found = Concentration.of([-50, 100, 50])
    assert (found.total, found.profitable, found.loss_making) == (100, 2, 1)
    assert found.smallest_for(800_000) == 1
    assert max(amount for _, amount in found.curve()) == 150
    assert found.curve()[0] == (0, 0)
    assert found.curve()[-1] == (1_000_000, 100)


def test_a_part_of_a_customer_counts_whole():
    assert Concentration.of([5, 3, 2]).top(10_000) == 5


def test_shares_of_nothing_are_refused():
    assert Concentration.of([]).smallest_for(800_000) is None
    assert Concentration.of([-1]).smallest_for(800_000) is None
    assert Concentration.of([]).top(200_000) == 0
