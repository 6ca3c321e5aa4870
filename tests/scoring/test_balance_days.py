"""Balance-days by moments are the day loop's, whatever order the postings come in."""

from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, Activity, Ahead, CustomerId, History
from scoring.domain.balance import (
    account_months,
    average_daily_balance,
    balance_days,
    daily,
    days_counted,
    moments_of,
    scheduled_balance,
)
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms, movements
from scoring.domain.months import Period, days_in, last_day, month_of, plus
from scoring.domain.posting import Channel, Kind

JANUARY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
amounts = st.integers(-(10**15), 10**15)
moves = st.lists(st.tuples(st.integers(1, 31), amounts), max_size=40)


def an_account(**changes) -> Account:
    values = {
        "id": AccountId(UUID(int=1)), "number": "d", "owner_id": CustomerId(UUID(int=2)),
        "product": "demand", "line": Line.DEPOSIT, "currency": "CNY", "opened_on": JANUARY,
    }  # fmt: skip
    return Account(**(values | changes))


def terms(**changes) -> LoanTerms:
    values = {
        "principal_minor": 100_000, "granted_on": date(2024, 1, 31), "term_months": 3,
        "instalment_minor": 33_000, "grade": Grade.NORMAL, "balance_basis": BalanceBasis.SCHEDULE,
    }  # fmt: skip
    return LoanTerms(**(values | changes))


def day_loop(opening: int, posted: list[tuple[int, int]], through: int) -> int:
    """The definition: add up the balance at the end of each day."""
    total, balance = 0, opening
    for day in range(1, through + 1):
        balance += sum(amount for on, amount in posted if on == day)
        total += balance
    return total


def test_the_published_example_is_reproduced():
    posted = [(1, 10_000), (11, 15_000), (26, -20_000)]
    assert balance_days(0, moments_of(posted), 30) == 500_000
    assert average_daily_balance_of(500_000 * 100, 30) == 1_666_667


def average_daily_balance_of(total: int, days: int) -> int:
    class Month:
        balance_days = total

    return average_daily_balance([Month()], days)


@settings(max_examples=2000, deadline=None)
@given(amounts, moves, st.integers(1, 31))
def test_balance_days_equal_the_day_loop(opening, posted, through):
    counted = [(day, amount) for day, amount in posted if day <= through]
    assert balance_days(opening, moments_of(counted), through) == day_loop(opening, posted, through)


@settings(max_examples=3000, deadline=None)
@given(moves, st.randoms(use_true_random=False), st.integers(0, 40))
def test_moments_do_not_depend_on_order_or_splits(posted, random, cut):
    shuffled = random.sample(posted, len(posted))
    first, second = moments_of(shuffled[:cut]), moments_of(shuffled[cut:])
    whole = moments_of(posted)
    assert (first.s0 + second.s0, first.s1 + second.s1) == (whole.s0, whole.s1)


def history_of(posted: list[tuple[date, int]], first: date, business_date: date) -> History:
    """What the store would read of these postings."""
    by_month: dict[date, list[tuple[int, int]]] = {}
    opening = 0
    for day, amount in posted:
        if day < first:
            opening += amount
        else:
            by_month.setdefault(month_of(day), []).append((day.day, amount))
    kind = (Channel.SYSTEM, Kind.ADJUSTMENT, "")
    ahead = [
        Ahead(day.day, *kind, amount)
        for day, amount in posted
        if business_date < day <= last_day(business_date)
    ]
    activity = {
        month: [Activity(*kind, len(inside), sum(amount for _, amount in inside))]
        for month, inside in by_month.items()
    }
    moments = {month: moments_of(inside) for month, inside in by_month.items()}
    return History(opening, moments, activity, ahead)


days = st.dates(date(2023, 10, 1), date(2024, 6, 30))


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(days, st.integers(-(10**9), 10**9)), max_size=30), days, days)
def test_months_of_an_account_equal_the_day_loop_over_the_calendar(posted, business_date, opened):
    period = Period(date(2023, 12, 1), date(2024, 5, 1))
    account = an_account(opened_on=opened)
    history = history_of(posted, period.first, business_date)
    found = account_months(account, history, period, business_date)
    balances = daily(0, posted, date(2023, 10, 1), date(2024, 6, 30))
    start = date(2023, 10, 1)
    expected = {}
    for month in period:
        if month_of(opened) <= month <= month_of(business_date):
            end = min(last_day(month), business_date)
            inside = balances[(month - start).days : (end - start).days + 1]
            expected[month] = sum(inside)
    assert {one.month: one.balance_days for one in found} == expected
    counted = sum(
        act.count for one in found for act in one.activity if month_of(opened) <= one.month
    )
    assert counted == sum(
        1 for day, _ in posted if month_of(day) in expected and day <= business_date
    )


def test_a_day_before_the_month_ends_moves_the_average_by_its_part_only():
    period = Period(MARCH, MARCH)
    history = history_of([(date(2024, 3, 31), 3_100)], MARCH, date(2024, 3, 31))
    months = account_months(an_account(), history, period, date(2024, 3, 31))
    assert average_daily_balance(months, 31) == 100


def test_days_counted_stop_at_the_business_date():
    assert days_counted(Period(FEBRUARY, MARCH), date(2024, 3, 20)) == 29 + 20
    assert days_counted(Period(JANUARY, FEBRUARY), date(2024, 3, 20)) == 60
    assert days_counted(Period(plus(MARCH, 1), plus(MARCH, 2)), date(2024, 3, 20)) == 0


def test_a_schedule_ends_at_exactly_nothing_and_is_clamped_to_short_months():
    assert movements(terms()) == [
        (date(2024, 1, 31), -100_000),
        (date(2024, 2, 29), 33_000),
        (date(2024, 3, 31), 33_000),
        (date(2024, 4, 30), 34_000),
    ]


@settings(max_examples=500, deadline=None)
@given(st.integers(1, 10**12), st.integers(0, 10**11), st.integers(1, 360), days)
def test_every_schedule_sums_to_nothing_and_never_overpays(principal, instalment, term, granted):
    moves = movements(
        terms(
            principal_minor=principal,
            instalment_minor=instalment,
            term_months=term,
            granted_on=granted,
        )
    )
    owed = 0
    for _, amount in moves:
        owed += amount
        assert owed <= 0
    assert owed == 0
    assert moves == sorted(moves)


def test_a_scheduled_loan_owes_what_its_terms_say_whatever_was_posted():
    loan = an_account(line=Line.LOAN, loan=terms(), opened_on=date(2024, 1, 31))
    months = account_months(loan, History(), Period(JANUARY, MARCH), date(2024, 3, 31))
    assert [one.balance_days for one in months] == [
        -100_000,
        -100_000 * 28 - 67_000,
        -67_000 * 30 - 34_000,
    ]
    assert scheduled_balance(loan, date(2024, 3, 30)) == -67_000
    assert [days_in(one.month) for one in months] == [one.through for one in months]
