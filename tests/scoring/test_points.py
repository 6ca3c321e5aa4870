"""Points by balance and by act, whole and exact, as the published scale has them."""

from copy import deepcopy
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, Activity, CustomerId, History, Moments
from scoring.domain.earned_points import earned_points
from scoring.domain.exchange import FxBook, FxRate
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.posting import Channel, Kind
from scoring.domain.problems import CurrencyNotPriced, SchemeMissing
from scoring.domain.reading import Unreadable
from scoring.domain.scheme_document import scheme_of

JANUARY = Period(date(2024, 1, 1), date(2024, 1, 1))
SECTION = {
    "per_10000": {"short": 135, "long": 100, "mortgage": 100, "loan": 200, "fine": -3},
    "acts": [
        {"kind": "wealth_purchase", "points": 200},
        {"channel": "mobile", "points": 2},
        {"purpose": "salary", "points": 5},
    ],
    "pay_per_point_minor": 7,
}


def account(product, line=Line.DEPOSIT, **changes) -> Account:
    terms = LoanTerms(
        principal_minor=1, granted_on=date(2024, 1, 1), term_months=1, instalment_minor=1,
        grade=Grade.NORMAL, balance_basis=BalanceBasis.POSTINGS,
    )  # fmt: skip
    values = {
        "id": AccountId(UUID(int=1)), "number": product, "owner_id": CustomerId(UUID(int=2)),
        "product": product, "line": line, "currency": "CNY", "opened_on": date(2024, 1, 1),
        "loan": terms if line is Line.LOAN else None,
    }  # fmt: skip
    return Account(**(values | changes))


@pytest.fixture
def policy(example_scheme) -> Policy:
    return Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=date(2024, 2, 10),
        schemes=[scheme_of(example_scheme | {"points": SECTION})],
        fx=FxBook.of([FxRate("USD", date(2024, 1, 1), 720_000_000), FxRate("USD", date(2024, 1, 9), 720_000_000),
                      FxRate("USD", date(2024, 1, 19), 720_000_000), FxRate("USD", date(2024, 1, 29), 720_000_000)]),
    )  # fmt: skip


def earned(policy, *owned, period=JANUARY):
    return [(one.entry, one.points) for one in earned_points(owned, policy, period).whole()]


@pytest.mark.parametrize(
    ("product", "line", "sign", "points"),
    [
        ("short", Line.DEPOSIT, 1, 135),
        ("long", Line.DEPOSIT, 1, 100),
        ("mortgage", Line.LOAN, -1, 100),
        ("loan", Line.LOAN, -1, 200),
        ("fine", Line.SETTLEMENT, 1, -3),
    ],
)
def test_ten_thousand_yuan_held_for_a_month_earn_the_published_points(
    policy, product, line, sign, points
):
    history = History(opening=sign * 1_000_000)
    assert earned(policy, (account(product, line), history)) == [
        (f"points.per_10000.{product}", points)
    ]


def test_what_is_on_the_other_side_earns_nothing(policy):
    assert earned(policy, (account("short"), History(opening=-1_000_000))) == [
        ("points.per_10000.short", 0)
    ]
    assert earned(policy, (account("loan", Line.LOAN), History(opening=1_000_000))) == [
        ("points.per_10000.loan", 0)
    ]


def test_a_month_under_way_counts_its_days_so_far(policy):
    february = Period(date(2024, 2, 1), date(2024, 2, 1))
    moved = History(moments={date(2024, 2, 1): Moments(1_000_000, 6_000_000)})
    assert earned(policy, (account("short"), moved), period=february) == [
        ("points.per_10000.short", 68)
    ]


def test_an_act_earns_by_the_first_entry_that_fits_and_adjustments_earn_nothing(policy):
    acted = [
        Activity(Channel.MOBILE, Kind.WEALTH_PURCHASE, "", 1, -5),
        Activity(Channel.MOBILE, Kind.TRANSFER_OUT, "", 3, -5),
        Activity(Channel.SYSTEM, Kind.TRANSFER_IN, "salary", 2, 5),
        Activity(Channel.MOBILE, Kind.ADJUSTMENT, "", 9, 5),
    ]
    owned = (account("other"), History(activity={JANUARY.first: acted}))
    assert earned(policy, owned) == [
        ("points.acts.0", 200), ("points.acts.1", 6), ("points.acts.2", 10),
    ]  # fmt: skip
    pay = [one.pay_minor for one in earned_points([owned], policy, JANUARY).whole()]
    assert pay == [1_400, 42, 70]


def test_foreign_money_earns_by_its_worth(policy):
    dollars = account("short", currency="USD")
    history = History(opening=1_000_000, by_day={JANUARY.first: []})
    assert earned(policy, (dollars, history)) == [("points.per_10000.short", 972)]
    with pytest.raises(CurrencyNotPriced, match="EUR for 2024-01"):
        earned(policy, (account("short", currency="EUR"), history))


def test_a_month_without_a_scheme_is_refused(policy):
    before = Period(date(2023, 12, 1), date(2023, 12, 1))
    old = account("short", opened_on=date(2023, 1, 1))
    with pytest.raises(SchemeMissing, match="2023-12"):
        earned(policy, (old, History(opening=1)), period=before)


@given(st.integers(-(10**13), 10**13), st.integers(1, 28), st.integers(-(10**13), 10**13))
def test_points_are_the_exact_share_rounded_once(example_scheme, opening, day, amount):
    policy = Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=date(2024, 2, 10),
        schemes=[scheme_of(example_scheme | {"points": SECTION})],
    )  # fmt: skip
    history = History(opening, {JANUARY.first: Moments(amount, amount * day)})
    days = opening * 31 + amount * (32 - day)
    if not days:
        return
    [(_, points)] = earned(policy, (account("short"), history))
    assert abs(2 * (points * 31 * 10**6 - max(days, 0) * 135)) <= 31 * 10**6


WRONG = [
    (["per_10000", "short"], "135", "points.per_10000.short: must be a whole number"),
    (["acts", 0, "points"], None, "points.acts.0.points: is missing"),
    (["acts", 0], {"points": 1}, "points.acts.0: needs at least one of kind, purpose, channel"),
    (["acts", 1], {"kind": "wealth_purchase", "points": 1}, "points.acts.1: acts.0 takes all it could fit"),
    (["acts", 0, "kind"], "adjustment", "points.acts.0.kind: adjustment is never priced"),
    (["pay_per_point_minor"], -1, "points.pay_per_point_minor: must be from 0 to 1000000000000000"),
    (["bonus"], 1, "points.bonus: is not a field here"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named_by_its_path(example_scheme, path, value, message):
    section = inside = deepcopy(SECTION)
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"points": section})
    assert str(refused.value) == message
