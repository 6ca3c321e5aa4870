"""Transfer prices by every method, exactly, and what is missing is named."""

from copy import deepcopy
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, CustomerId, History
from scoring.domain.contribution import price
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.problems import LoanTermsMissing, RatesMissing
from scoring.domain.reading import Unreadable
from scoring.domain.rules import deposit_margin
from scoring.domain.scheme_document import scheme_of
from scoring.domain.transfer import ProductPrice, Reserve
from scoring.domain.transfer_price import Lacks, adders, adjusted, base_price, exact
from scoring.domain.weighing import Segment, Weighing

MARCH = date(2024, 3, 1)
CURVES = {
    "CNY": [
        {"up_to_days": 30, "ppm": 15_000},
        {"up_to_days": 365, "ppm": 20_000},
        {"ppm": 28_000},
    ]
}
LATER = {"CNY": [{"up_to_days": 30, "ppm": 16_000}, {"up_to_days": 365, "ppm": 23_000}, {"ppm": 30_001}]}  # fmt: skip
MATCHED = {"method": "matched_maturity", "lock": "current"}
LOCKED = {"method": "matched_maturity", "lock": "origination"}
CORE = {"method": "core_volatile", "core_ppm": 700_000, "core_days": 1_000, "volatile_days": 7}
MEAN = {"method": "moving_average", "days": 90, "months": 3}


def scheme(document, since, transfer, version=1, **more):
    return scheme_of(
        document | {"version": version, "effective_from": since, "transfer": transfer} | more
    )


def account(line=Line.DEPOSIT, **changes) -> Account:
    values = {
        "id": AccountId(UUID(int=1)), "number": "d", "owner_id": CustomerId(UUID(int=2)),
        "product": "p", "line": line, "currency": "CNY", "opened_on": date(2024, 1, 1),
    }  # fmt: skip
    return Account(**(values | changes))


def loan(months=12, granted_on=date(2024, 1, 31)) -> Account:
    terms = LoanTerms(
        principal_minor=100, granted_on=granted_on, term_months=months, instalment_minor=1,
        grade=Grade.NORMAL, balance_basis=BalanceBasis.POSTINGS,
    )  # fmt: skip
    return account(Line.LOAN, loan=terms)


def policy(*schemes, rates=()) -> Policy:
    return Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai",
        business_date=date(2024, 3, 31), schemes=schemes, rates=RateBook.of(rates),
    )  # fmt: skip


def ppm(of, *schemes, month=MARCH):
    known = policy(*schemes)
    found = base_price(of, month, known)
    if isinstance(found, Lacks):
        return found.problem, found.what
    return adjusted(found.ppm, known.scheme(month).transfer.of(of.product), of.line)


@pytest.fixture
def one(example_scheme):
    def make(product):
        return scheme(example_scheme, "2024-01-01", {"curves": CURVES, "products": {"p": product}})

    return make


@pytest.fixture
def two(example_scheme):
    """Two schemes: the first until February, the second with other curves."""

    def make(product):
        products = {"p": product}
        return (
            scheme(example_scheme, "2024-01-01", {"curves": CURVES, "products": products}),
            scheme(example_scheme, "2024-03-01", {"curves": LATER, "products": products}, 2),
        )

    return make


@pytest.mark.parametrize(
    ("matures_on", "expected"),
    [
        ("2024-01-31", 15_000),
        ("2024-02-01", 20_000),
        ("2024-12-31", 20_000),
        ("2025-01-01", 28_000),
    ],
)
def test_a_time_deposit_has_the_price_of_its_own_term(one, matures_on, expected):
    deposit = account(matures_on=date.fromisoformat(matures_on))
    assert ppm(deposit, one(MATCHED)) == expected


def test_a_loans_term_runs_from_its_grant_to_its_last_instalment(one):
    assert ppm(loan(1), one(MATCHED)) == 15_000
    assert ppm(loan(2), one(MATCHED)) == 20_000
    assert ppm(loan(12), one(MATCHED)) == 28_000
    assert ppm(loan(12, date(2023, 1, 31)), one(MATCHED)) == 20_000


def test_a_locked_price_is_that_of_the_month_of_opening(two):
    deposit = account(matures_on=date(2024, 6, 1))
    assert ppm(deposit, *two(LOCKED)) == 20_000
    assert ppm(deposit, *two(MATCHED)) == 23_000
    assert ppm(loan(3), *two(LOCKED)) == 20_000
    assert ppm(loan(3, MARCH), *two(LOCKED)) == 23_000


def test_a_stable_core_and_the_rest_blend_without_rounding(one):
    assert ppm(account(), one(CORE)) == Fraction(7 * 28_000 + 3 * 15_000, 10) == 24_100
    odd = one(CORE | {"core_ppm": 333_333})
    assert ppm(account(), odd) == Fraction(333_333 * 28_000 + 666_667 * 15_000, 10**6)
    assert exact(ppm(account(), odd)) == "19333.329"


def test_a_moving_average_takes_each_months_own_curve_and_is_rounded_once(two):
    assert ppm(account(), *two(MEAN)) == 21_000
    assert ppm(account(), *two(MEAN | {"days": 1_000})) == 28_667
    assert ppm(account(), *two(MEAN | {"months": 1})) == 23_000


def test_curves_of_before_the_first_scheme_are_its_past(example_scheme):
    past = [
        {"effective_from": "2022-01-01", "curves": {"CNY": [{"ppm": 40_000}]}},
        {"effective_from": "2023-06-01", "curves": {"CNY": [{"ppm": 35_000}]}},
    ]
    known = scheme(
        example_scheme,
        "2024-01-01",
        {"curves": CURVES, "past": past, "products": {"p": LOCKED}},
    )

    def opened(day):
        return account(opened_on=date.fromisoformat(day), matures_on=date(2030, 1, 1))

    assert ppm(opened("2023-05-31"), known) == 40_000
    assert ppm(opened("2023-06-01"), known) == 35_000
    assert ppm(opened("2024-01-01"), known) == 28_000
    assert ppm(opened("2021-12-31"), known) == (
        RatesMissing, "CNY transfer curve of 2021-12 for p",
    )  # fmt: skip


def test_the_reserve_comes_off_the_price_of_a_deposit_before_what_is_added(one):
    """FTP_eff = 2 % x 92.5 % + 7.5 % x 1.62 % + 0.1 % - 0.05 %."""
    product = MATCHED | {
        "liquidity_ppm": 1_000,
        "policy_ppm": -500,
        "reserve": {"requirement_ppm": 75_000, "rate_ppm": 16_200},
    }
    expected = Fraction(20_000 * 925_000 + 75_000 * 16_200, 10**6) + 500
    assert ppm(account(matures_on=date(2024, 6, 1)), one(product)) == expected == 20_215
    assert ppm(loan(3), one(product)) == 20_500


def test_what_a_product_adds_is_told_beside_the_rate_it_is_added_to():
    product = ProductPrice(reserve=Reserve(75_001, 16_200), policy_ppm=-500)
    found = adjusted(20_000, product, Line.DEPOSIT)
    assert [(one.name, one.value) for one in adders(product, Line.DEPOSIT)] == [
        ("reserve_requirement", 75_001), ("reserve_rate", 16_200), ("policy", -500),
    ]  # fmt: skip
    assert [one.name for one in adders(product, Line.LOAN)] == ["policy"]
    assert exact(found) == "19214.9962"
    assert exact(-found) == "-19214.9962"


def test_a_product_that_is_not_listed_has_the_price_of_the_rates(one):
    assert base_price(account(product="q"), MARCH, policy(one(CORE))) is None
    rates = [Rate("q", kind, date(2024, 1, 1), 17_000) for kind in RateKind]
    owned = [(account(product="q"), History(opening=36_000_000))]
    found = price(owned, policy(one(CORE), rates=rates), Period(MARCH, MARCH)).whole()
    assert [leaf.amount_minor for leaf in found] == [0, -100]
    with pytest.raises(RatesMissing, match="transfer rate of q for 2024-03"):
        price(owned, policy(one(CORE), rates=rates[:1]), Period(MARCH, MARCH)).whole()


def test_what_a_product_adds_is_added_to_each_days_rate_too(one):
    rates = [
        Rate("p", RateKind.CUSTOMER, date(2024, 1, 1), 5_000),
        Rate("p", RateKind.TRANSFER, date(2024, 1, 1), 10_000),
    ]
    owned = [(account(), History(opening=36_000_000))]
    plain = policy(one({"liquidity_ppm": 2_000}), rates=rates)
    [margin, _] = price(owned, plain, Period(MARCH, MARCH)).whole()
    assert margin.amount_minor == 31 * 36_000_000 * 7_000 // 360_000_000
    assert [(i.name, i.value) for i in margin.inputs][-2:] == [("basis", 360), ("liquidity", 2_000)]
    assert margin.inputs[2].value == 12_000


def test_what_is_missing_is_named_and_nothing_is_guessed(one, example_scheme):
    euro = account(currency="EUR", matures_on=date(2024, 6, 1))
    assert ppm(euro, one(MATCHED)) == (RatesMissing, "EUR transfer curve of 2024-03 for p")
    assert ppm(account(), one(MATCHED)) == (RatesMissing, "maturity of an account of p")
    assert ppm(account(Line.LOAN), one(MATCHED)) == (LoanTermsMissing, "the terms of a loan")
    long = one(MEAN | {"months": 6})
    assert ppm(account(), long) == (RatesMissing, "CNY transfer curve of 2023-10 for p")


def test_a_month_without_its_price_is_refused_by_name(one):
    rates = [Rate("p", RateKind.CUSTOMER, date(2024, 1, 1), 5_000)]
    owned = [(account(), History(opening=1))]
    found = price(owned, policy(one(MATCHED), rates=rates), Period(MARCH, MARCH))
    with pytest.raises(RatesMissing) as refused:
        found.whole()
    assert str(refused.value) == (
        "Cannot be computed: missing maturity of an account of p for 2024-03."
    )


def test_the_schemes_customer_rate_holds_where_the_rates_have_none(one, example_scheme):
    transfer = {"curves": CURVES, "products": {"p": CORE}}
    known = scheme(example_scheme, "2024-01-01", transfer, products={"p": {"customer_ppm": 4_100}})
    owned = [(account(), History(opening=36_000_000))]
    [margin, _] = price(owned, policy(known), Period(MARCH, MARCH)).whole()
    assert margin.amount_minor == 31 * 36_000_000 * 20_000 // 360_000_000
    rates = [Rate("p", RateKind.CUSTOMER, MARCH, 24_100)]
    [margin, _] = price(owned, policy(known, rates=rates), Period(MARCH, MARCH)).whole()
    assert margin.amount_minor == 0


@given(
    st.integers(-(10**15), 10**15),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(-(10**5), 10**5),
)
def test_a_margin_is_the_exact_quotient_rounded_once(days, core_ppm, requirement, customer):
    base = Fraction(core_ppm * 28_000 + (10**6 - core_ppm) * 15_001, 10**6)
    paid = adjusted(base, ProductPrice(reserve=Reserve(requirement, 16_199)), Line.DEPOSIT)
    weighing = Weighing([Segment(1, 31, days, customer, paid)])
    leaf = deposit_margin(account(), MARCH, weighing, 360)
    naive = days * (paid - customer) / 360 / 10**6
    assert abs(leaf.amount_minor - naive) <= Fraction(1, 2)
    assert Fraction(exact(paid)) == paid


WRONG = [
    (["curves", "CNY"], [], "transfer.curves.CNY: needs at least one point"),
    (["curves", "CNY", 1, "up_to_days"], 30, "transfer.curves.CNY.1.up_to_days: must be more than 30, the point before"),
    (["curves", "CNY", 1, "up_to_days"], None, "transfer.curves.CNY.1.up_to_days: is missing; only the last point is open"),
    (["curves", "CNY", 2, "up_to_days"], 900, "transfer.curves.CNY.2.up_to_days: must be left out: the last point takes all longer terms"),
    (["curves", "CNY", 0, "ppm"], 1_000_001, "transfer.curves.CNY.0.ppm: must be from -1000000 to 1000000"),
    (["products", "p"], {"method": "guess"}, "transfer.products.p.method: must be one of rates, matched_maturity, core_volatile, moving_average"),
    (["products", "p", "lock"], None, "transfer.products.p.lock: is missing"),
    (["products", "p", "lock"], "never", "transfer.products.p.lock: must be one of origination, current"),
    (["products", "p", "core_ppm"], 1, "transfer.products.p.core_ppm: is not a field here"),
    (["products", "p", "reserve"], {"requirement_ppm": 1}, "transfer.products.p.reserve.rate_ppm: is missing"),
    (["products", "p"], CORE | {"core_ppm": -1}, "transfer.products.p.core_ppm: must be from 0 to 1000000"),
    (["products", "p"], MEAN | {"months": 0}, "transfer.products.p.months: must be from 1 to 120"),
    (["past", 0, "effective_from"], "2022-01-02", "transfer.past.0.effective_from: must be the first day of a month"),
    (["past", 1, "effective_from"], "2022-01-01", "transfer.past.1.effective_from: must be after 2022-01-01"),
    (["colour"], 1, "transfer.colour: is not a field here"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named_by_its_path(example_scheme, path, value, message):
    section = {
        "curves": CURVES,
        "past": [{"effective_from": f"{year}-01-01", "curves": LATER} for year in (2022, 2023)],
        "products": {"p": MATCHED},
    }
    section = inside = deepcopy(section)
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"transfer": section})
    assert str(refused.value) == message
