"""The pricing rules against published figures, to the minor unit."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, Activity, CustomerId, History, Moments
from scoring.domain.contribution import by_line, by_month, price, total
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.money import decimal_text, half_away, minor_digits, share_text
from scoring.domain.months import Period
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.problems import CurrencyNotPriced, LoanTermsMissing, RatesMissing, SchemeMissing
from scoring.domain.rules import acts, deposit_margin, expected_loss, loan_margin
from scoring.domain.scheme_document import scheme_of
from scoring.domain.weighing import Segment, Weighing

MARCH = date(2023, 3, 1)
YUAN = 100


@pytest.fixture(scope="module")
def scheme(example_scheme):
    return scheme_of(example_scheme | {"effective_from": "2023-01-01"})


def an_account(line=Line.DEPOSIT, **changes) -> Account:
    values = {
        "id": AccountId(UUID(int=1)), "number": "d", "owner_id": CustomerId(UUID(int=2)),
        "product": "p", "line": line, "currency": "CNY", "opened_on": date(2023, 1, 1),
    }  # fmt: skip
    return Account(**(values | changes))


def weighed(balance_days, *rates) -> Weighing:
    """A month without a change of price."""
    return Weighing([Segment(1, 31, balance_days, *rates)])


def test_ten_million_at_one_and_a_half_under_a_price_of_two_bring_fifty_thousand():
    year = 10_000_000 * YUAN * 365
    leaf = deposit_margin(an_account(), MARCH, weighed(year, 15_000, 20_000), 365)
    assert leaf.amount_minor == 50_000 * YUAN


def test_ten_million_lent_at_six_over_a_price_of_three_bring_three_hundred_thousand():
    year = -10_000_000 * YUAN * 365
    leaf = loan_margin(an_account(Line.LOAN), MARCH, weighed(year, 60_000, 30_000), 365)
    assert leaf.amount_minor == 300_000 * YUAN


def test_the_published_expected_loss_is_reproduced(example_scheme):
    """0.05 % x 75 % x 100,000 = 37.5."""
    losses = example_scheme["expected_loss"] | {"normal": {"pd_ppm": 500, "lgd_ppm": 750_000}}
    scheme = scheme_of(example_scheme | {"expected_loss": losses, "day_count_basis": 365})
    year = -100_000 * YUAN * 365
    leaf = expected_loss(an_account(Line.LOAN), MARCH, weighed(year), Grade.NORMAL, scheme)
    assert leaf.amount_minor == -3_750


def test_a_worse_grade_costs_exactly_the_difference_in_default(scheme):
    days = -1_000_000 * 360
    normal, doubtful = (
        expected_loss(an_account(Line.LOAN), MARCH, weighed(days), grade, scheme).amount_minor
        for grade in (Grade.NORMAL, Grade.DOUBTFUL)
    )
    assert (normal, doubtful) == (-4_500, -270_000)


def test_a_loan_that_was_overpaid_expects_no_loss(scheme):
    leaf = expected_loss(an_account(Line.LOAN), MARCH, weighed(500), Grade.LOSS, scheme)
    assert leaf.amount_minor == 0


def test_an_overdrawn_deposit_counts_negative():
    leaf = deposit_margin(an_account(), MARCH, weighed(-36_000_000, 5_000, 20_000), 360)
    assert leaf.amount_minor == -1_500


def test_an_actual_basis_follows_the_year(example_scheme):
    scheme = scheme_of(example_scheme | {"day_count_basis": "actual"})
    assert (scheme.basis(date(2024, 2, 1)), scheme.basis(date(2023, 2, 1))) == (366, 365)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (-15, 10, -2), (0, 7, 0)],
)
def test_half_is_rounded_away_from_zero(numerator, denominator, rounded):
    assert half_away(numerator, denominator) == rounded


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**18))
def test_rounding_is_never_further_than_half_and_symmetric(numerator, denominator):
    rounded = half_away(numerator, denominator)
    assert abs(2 * (rounded * denominator - numerator)) <= denominator
    assert half_away(-numerator, denominator) == -rounded


def test_money_is_written_with_the_decimals_of_its_currency():
    assert decimal_text(-5, minor_digits("CNY")) == "-0.05"
    assert decimal_text(123_456, minor_digits("CZK")) == "1234.56"
    assert decimal_text(-1_500, minor_digits("JPY")) == "-1500"
    assert decimal_text(1, minor_digits("KWD")) == "0.001"
    assert share_text(1, 3) == "0.333333"
    assert share_text(-2, 3) == "-0.666667"


def act(kind, amount, *, count=1, channel=Channel.SYSTEM, purpose="") -> Activity:
    return Activity(channel, kind, purpose, count, amount)


def priced(scheme, *activity, account=None):
    leaves = acts(account or an_account(), MARCH, activity, scheme)
    return [(leaf.rule, leaf.line, leaf.amount_minor) for leaf in leaves]


def test_the_first_fee_entry_that_fits_takes_the_posting(scheme):
    assert priced(
        scheme, act(Kind.FEE, -1_200, purpose="card"), act(Kind.FEE, -300, purpose="statement")
    ) == [
        ("fee", Line.INTERMEDIARY, 1_200),
        ("fee", Line.SETTLEMENT, 300),
        ("cost_to_serve", Line.COST_TO_SERVE, -100),
    ]


def test_a_fee_given_back_takes_the_income_back(scheme):
    assert priced(scheme, act(Kind.FEE, 300))[0] == ("fee", Line.SETTLEMENT, -300)


def test_unit_income_is_by_item_or_by_amount(scheme):
    found = priced(
        scheme,
        act(Kind.WEALTH_PURCHASE, -5_000_000),
        act(Kind.TRANSFER_IN, 800_000, count=2, purpose="salary"),
    )
    assert found[:2] == [
        ("unit_income", Line.INTERMEDIARY, 15_000),
        ("unit_income", Line.SETTLEMENT, 100),
    ]


def test_acts_away_from_the_counter_earn_a_share_of_what_they_save(scheme):
    """3 online and 2 mobile acts save 3 x 340 + 2 x 360, half of it is credited."""
    found = priced(
        scheme,
        act(Kind.TRANSFER_OUT, -900, count=3, channel=Channel.ONLINE),
        act(Kind.TRANSFER_OUT, -900, count=2, channel=Channel.MOBILE),
    )
    assert found == [
        ("e_banking", Line.E_BANKING, 870),
        ("cost_to_serve", Line.COST_TO_SERVE, -100 - 3 * 60 - 2 * 40),
    ]


def test_foreign_exchange_earns_its_spread_on_the_amount_of_either_sign(scheme):
    found = priced(scheme, act(Kind.FX_PURCHASE, -1_000_000), act(Kind.FX_SALE, 500_000))
    assert found[:2] == [
        ("international", Line.INTERNATIONAL, 4_000),
        ("international", Line.INTERNATIONAL, 2_000),
    ]


def test_opening_balances_and_adjustments_are_no_acts(scheme):
    found = priced(
        scheme,
        act(Kind.OPENING_BALANCE, 10**9, channel=Channel.COUNTER),
        act(Kind.ADJUSTMENT, 10**9, channel=Channel.ONLINE),
    )
    assert found == [("cost_to_serve", Line.COST_TO_SERVE, -100)]


def test_a_closed_account_costs_nothing_any_more(scheme):
    closed = an_account(closed_on=date(2023, 2, 28))
    assert priced(scheme, account=closed) == []
    assert priced(scheme, account=an_account(closed_on=MARCH)) != []


RATES = RateBook.of(
    [
        Rate("p", RateKind.CUSTOMER, date(2023, 1, 1), 5_000),
        Rate("p", RateKind.TRANSFER, date(2023, 1, 1), 20_000),
        Rate("p", RateKind.TRANSFER, date(2023, 3, 1), 30_000),
    ]
)


def a_policy(*schemes, rates=RATES) -> Policy:
    return Policy(
        institution="A",
        currency="CNY",
        time_zone="Asia/Shanghai",
        business_date=date(2023, 4, 30),
        schemes=schemes,
        rates=rates,
    )


def test_a_rate_holds_from_its_month_until_the_next_one():
    found = [RATES.find("p", RateKind.TRANSFER, date(2023, month, 1)) for month in (2, 3, 4)]
    assert found == [20_000, 30_000, 30_000]
    assert RATES.find("p", RateKind.TRANSFER, date(2022, 12, 1)) is None
    assert RATES.find("q", RateKind.TRANSFER, date(2023, 1, 1)) is None


def test_leaves_add_up_to_the_total_on_every_way_up(scheme):
    history = History(
        opening=10_007,
        moments={MARCH: Moments(3_333, 3_333 * 7)},
        activity={MARCH: [act(Kind.FEE, -77), act(Kind.TRANSFER_OUT, -5, channel=Channel.ONLINE)]},
    )
    loan = an_account(
        Line.LOAN,
        number="l",
        loan=LoanTerms(
            principal_minor=9_999_999,
            granted_on=date(2023, 1, 15),
            term_months=7,
            instalment_minor=1_428_571,
            grade=Grade.SUBSTANDARD,
            balance_basis=BalanceBasis.SCHEDULE,
        ),
    )
    period = Period(date(2023, 1, 1), date(2023, 4, 1))
    owned = [(an_account(), history), (loan, History())]
    leaves = price(owned, a_policy(scheme), period).whole()
    whole = sum(leaf.amount_minor for leaf in leaves)
    assert total(by_line(leaves)) == whole
    assert sum(map(total, by_month(leaves, period).values())) == whole
    assert set(by_line(leaves)) == set(Line)
    assert set(by_month(leaves, period)) == set(period)


def test_missing_rates_are_named_by_month_and_product_and_nothing_is_guessed(scheme):
    rates = RateBook.of([Rate("p", RateKind.CUSTOMER, date(2023, 3, 1), 5_000)])
    owned = [(an_account(), History(opening=1))]
    found = price(owned, a_policy(scheme, rates=rates), Period(date(2023, 2, 1), MARCH))
    with pytest.raises(RatesMissing) as refused:
        found.whole()
    assert str(refused.value) == (
        "Cannot be computed: missing customer rate of p for 2023-02; "
        "transfer rate of p for 2023-02, 2023-03."
    )


def test_a_month_without_a_scheme_is_refused():
    with pytest.raises(SchemeMissing, match="a scheme for 2023-03"):
        price([(an_account(), History())], a_policy(), Period(MARCH, MARCH)).whole()


def test_another_currency_is_refused_once_there_is_something_to_price(scheme):
    foreign = an_account(currency="USD")
    assert price([(foreign, History())], a_policy(scheme), Period(MARCH, MARCH)).whole() == []
    with pytest.raises(CurrencyNotPriced, match="USD for 2023-03"):
        price([(foreign, History(opening=1))], a_policy(scheme), Period(MARCH, MARCH)).whole()


def test_a_loan_without_terms_is_refused(scheme):
    loan = an_account(Line.LOAN)
    with pytest.raises(LoanTermsMissing, match="2023-03"):
        price([(loan, History(opening=-1))], a_policy(scheme), Period(MARCH, MARCH)).whole()


def test_nothing_counts_before_the_opening_or_after_the_business_month(scheme):
    young = an_account(opened_on=MARCH)
    period = Period(date(2023, 1, 1), date(2023, 12, 1))
    leaves = price([(young, History(opening=10**6))], a_policy(scheme), period).whole()
    assert {leaf.month for leaf in leaves} == {MARCH, date(2023, 4, 1)}
