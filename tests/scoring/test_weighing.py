"""Re-priced, foreign, opened, closed and overdrawn accounts against a day loop with fractions."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.account import Account, AccountId, Activity, CustomerId, History, OwnRate
from scoring.domain.balance import daily, moments_of
from scoring.domain.contribution import price
from scoring.domain.exchange import FxBook, FxRate, conversion, spans
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms, movements
from scoring.domain.months import Period, between, last_day, month_of
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.problems import CurrencyNotPriced, FxRatesMissing, RatesMissing
from scoring.domain.scheme_document import scheme_of
from scoring.domain.weighing import by_day

START, END = date(2024, 1, 1), date(2024, 4, 30)
MARCH = date(2024, 3, 1)
DIGITS = {"CNY": 2, "USD": 2, "JPY": 0, "KWD": 3}
EXAMPLE: dict = {}


@pytest.fixture(autouse=True, scope="module")
def example(example_scheme):
    EXAMPLE.update(example_scheme)


def an_account(**changes) -> Account:
    values = {
        "id": AccountId(UUID(int=1)), "number": "d", "owner_id": CustomerId(UUID(int=2)),
        "product": "p", "line": Line.DEPOSIT, "currency": "CNY", "opened_on": START,
    }  # fmt: skip
    return Account(**(values | changes))


def a_policy(rates=(), fx=(), business_date=END, **scheme) -> Policy:
    return Policy(
        institution="A",
        currency="CNY",
        time_zone="Asia/Shanghai",
        business_date=business_date,
        schemes=[scheme_of(EXAMPLE | scheme)],
        rates=RateBook.of([Rate("p", *one) for one in rates]),
        fx=FxBook.of(fx),
    )


def history_of(account, posted, policy, first=START) -> History:
    """What the store would read: moments and acts by month, and by day where that is needed."""
    moves, acts, days = defaultdict(list), defaultdict(list), defaultdict(list)
    opening = sum(amount for day, _, amount in posted if day < first)
    for day, kind, amount in posted:
        month = month_of(day)
        if day >= first and day <= policy.business_date:
            moves[month].append((day.day, amount))
            acts[month, kind, 0].append(amount)
            days[month, kind, day.day].append(amount)
    wanted = [month for month in between(first, END) if by_day(account, policy, month)]
    return History(
        opening,
        {month: moments_of(inside) for month, inside in moves.items()},
        activity(acts),
        (),
        {month: activity(days).get(month, []) for month in wanted},
    )


def activity(amounts):
    found = defaultdict(list)
    for (month, kind, day), inside in amounts.items():
        act = Activity(Channel.ONLINE, kind, "", len(inside), sum(inside), day)
        found[month].append(act)
    return found


# the definition, day by day


def latest(found, day, most_days=10**6):
    known = [(on, value) for on, value in found if on <= day and (day - on).days <= most_days]
    return max(known)[1] if known else None


def by_hand(account, posted, policy, rates, fx, month):
    """(amount by rule, what lacks) of a month, from each day's balance and prices."""
    through = min(last_day(month), policy.business_date)
    moves = movements(account.loan) if account.scheduled else [(d, a) for d, _, a in posted]
    balances = daily(sum(a for d, a in moves if d < START), moves, START, END)
    days = [month + timedelta(n) for n in range((through - month).days + 1)]
    own = [(one.effective_from, one.rate_ppm) for one in account.own_rates]

    def customer(day):
        mine = latest(own, day)
        rate = [(on, ppm) for kind, on, ppm in rates if kind is RateKind.CUSTOMER]
        return latest(rate, day) if mine is None else mine

    def transfer(day):
        return latest([(on, ppm) for kind, on, ppm in rates if kind is RateKind.TRANSFER], day)

    def fx_on(day):
        if account.currency == "CNY":
            return Fraction(1)
        rate = latest([(one.day, one.rate_e8) for one in fx], day, 10)
        scale = Fraction(10 ** DIGITS["CNY"], 10 ** DIGITS[account.currency])
        return None if rate is None else Fraction(rate, 10**8) * scale

    acts = [(d, a) for d, kind, a in posted if month <= d <= through and kind is Kind.FEE]
    lacks, margin, owed = set(), Fraction(0), Fraction(0)
    for (c, t, x), run in groupby(days, lambda d: (customer(d), transfer(d), fx_on(d))):
        held = sum(balances[(day - START).days] for day in run)
        if held and x is None:
            lacks.add(FxRatesMissing)
        elif held and None in {c, t}:
            lacks.add(RatesMissing)
        elif held:
            margin += held * (t - c) * x
            owed -= held * x
    if any(fx_on(day) is None for day, _ in acts):
        lacks.add(FxRatesMissing)
    if lacks:
        return {}, FxRatesMissing if FxRatesMissing in lacks else RatesMissing
    fee = sum((-a * fx_on(d) for d, a in acts), Fraction(0))
    rules = {"fee": rounded(fee)}
    if account.line is Line.LOAN:
        rules["loan_margin"] = rounded(margin / 360 / 10**6)
        rules["expected_loss"] = rounded(-max(owed, 0) * 10_000 * 450_000 / 360 / 10**12)
    else:
        rules["deposit_margin"] = rounded(margin / 360 / 10**6)
    return {rule: amount for rule, amount in rules.items() if amount}, None


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    size = (2 * abs(value) + 1) // 2
    return int(size) if value >= 0 else -int(size)


# dice

days = st.dates(START - timedelta(20), END)
ppm = st.integers(-(10**6), 10**6)
rate_lists = st.lists(st.tuples(st.sampled_from(RateKind), days, ppm), max_size=6, unique_by=lambda r: r[:2]).map(
    lambda more: [*((kind, START - timedelta(30), 12_345) for kind in RateKind), *more]
)  # fmt: skip
own_rates = st.lists(st.tuples(days, ppm), max_size=3, unique_by=lambda r: r[0]).map(
    lambda found: tuple(OwnRate(*one) for one in sorted(found))
)
postings = st.lists(
    st.tuples(days, st.sampled_from([Kind.FEE, Kind.ADJUSTMENT]), st.integers(-(10**12), 10**12)), max_size=15
)  # fmt: skip
published = st.lists(
    st.tuples(days, st.integers(1, 10**10)), min_size=1, max_size=40, unique_by=lambda r: r[0]
)


@st.composite
def accounts(draw):
    line = draw(st.sampled_from([Line.DEPOSIT, Line.SETTLEMENT, Line.LOAN]))
    opened = draw(days)
    closed = draw(st.none() | st.integers(0, 90).map(lambda n: opened + timedelta(n)))
    loan = None
    if line is Line.LOAN:
        loan = LoanTerms(
            principal_minor=draw(st.integers(1, 10**12)),
            granted_on=opened,
            term_months=draw(st.integers(1, 6)),
            instalment_minor=draw(st.integers(0, 10**11)),
            grade=Grade.NORMAL,
            balance_basis=draw(st.sampled_from(BalanceBasis)),
        )
    return an_account(
        line=line,
        currency=draw(st.sampled_from(list(DIGITS))),
        opened_on=opened,
        closed_on=closed,
        loan=loan,
        own_rates=draw(own_rates),
    )


@settings(max_examples=600, deadline=None)
@given(accounts(), postings, rate_lists, published, days.filter(lambda day: day >= START))
def test_every_month_equals_the_day_loop(account, posted, rates, fx, business_date):
    fx = [FxRate(account.currency, *one) for one in fx]
    policy = a_policy(
        rates, fx, business_date, fees=[{"kind": "fee", "line": "settlement", "share_ppm": 10**6}]
    )
    history = history_of(account, posted, policy)
    found = price([(account, history)], policy, Period(START, month_of(END)))
    lacking = {one.month: one.problem for one in found.missing}
    for month in between(START, month_of(business_date)):
        if month < month_of(account.opened_on):
            continue
        expected, lacks = by_hand(account, posted, policy, rates, fx, month)
        assert lacking.get(month) is lacks
        if not lacks:
            made = {
                leaf.rule: leaf.amount_minor
                for leaf in found.leaves
                if leaf.month == month and leaf.amount_minor and leaf.rule in
                ("fee", "deposit_margin", "loan_margin", "expected_loss")
            }  # fmt: skip
            assert made == expected


# what a person sees


def leaf_of(account, posted, policy, rule, month=MARCH):
    history = history_of(account, posted, policy)
    leaves = price([(account, history)], policy, Period(START, month)).whole()
    [found] = [leaf for leaf in leaves if (leaf.rule, leaf.month) == (rule, month)]
    return found


def told(leaf):
    return [(one.name, one.value, one.unit) for one in leaf.inputs]


STANDING = [(RateKind.CUSTOMER, START, 5_000), (RateKind.TRANSFER, START, 20_000)]


def test_a_rate_that_changes_inside_a_month_splits_it_and_is_told():
    policy = a_policy([*STANDING, (RateKind.CUSTOMER, date(2024, 3, 11), 8_000)])
    leaf = leaf_of(an_account(), [(START, Kind.ADJUSTMENT, 36_000_000)], policy, "deposit_margin")
    assert leaf.amount_minor == 10 * 1_500 + 21 * 1_200
    assert leaf.formula == (
        "sum of balance_days x (transfer_rate - customer_rate) / (basis x 10^6)"
    )
    assert told(leaf) == [
        ("1-10.balance_days", 360_000_000, "minor x days"),
        ("1-10.customer_rate", 5_000, "ppm a year"),
        ("1-10.transfer_rate", 20_000, "ppm a year"),
        ("11-31.balance_days", 756_000_000, "minor x days"),
        ("11-31.customer_rate", 8_000, "ppm a year"),
        ("11-31.transfer_rate", 20_000, "ppm a year"),
        ("basis", 360, "days"),
    ]


def test_an_accounts_own_rate_goes_before_its_products():
    account = an_account(own_rates=(OwnRate(date(2024, 3, 16), 19_000),))
    leaf = leaf_of(
        account, [(START, Kind.ADJUSTMENT, 36_000_000)], a_policy(STANDING), "deposit_margin"
    )
    assert leaf.amount_minor == 15 * 1_500 + 16 * 100


def test_yen_are_exact_though_they_have_no_minor_unit():
    """1,000,000 yen a day at 0.04567891 yuan: 4,567,891 fen a month of spread 36 % / 360."""
    policy = a_policy([(RateKind.CUSTOMER, START, 0), (RateKind.TRANSFER, START, 360_000)], [
        FxRate("JPY", day, 4_567_891) for day in (date(2024, 2, 29), date(2024, 3, 8), date(2024, 3, 18), date(2024, 3, 28))
    ])  # fmt: skip
    account = an_account(currency="JPY", opened_on=MARCH)
    leaf = leaf_of(account, [(MARCH, Kind.ADJUSTMENT, 1_000_000)], policy, "deposit_margin")
    assert leaf.amount_minor == rounded(Fraction(31 * 4_567_891 * 360_000, 360 * 10**6))
    assert leaf.formula == (
        "balance_days x (transfer_rate - customer_rate) x fx x minor_units / (basis x 10^6)"
    )
    assert told(leaf) == [
        ("balance_days", 31_000_000, "minor JPY x days"),
        ("customer_rate", 0, "ppm a year"),
        ("transfer_rate", 360_000, "ppm a year"),
        ("fx", "0.04567891", "CNY per JPY"),
        ("minor_units", "100", "minor CNY per minor JPY"),
        ("basis", 360, "days"),
    ]


def test_a_foreign_fee_is_worth_what_its_day_says():
    policy = a_policy(
        STANDING,
        [FxRate("USD", date(2024, 3, 1), 7 * 10**8), FxRate("USD", date(2024, 3, 9), 8 * 10**8)],
    )
    posted = [(date(2024, 3, 8), Kind.FEE, -100), (date(2024, 3, 9), Kind.FEE, -100)]
    account = an_account(currency="USD", line=Line.INTERMEDIARY, opened_on=MARCH)
    leaf = leaf_of(account, posted, policy, "fee")
    assert leaf.amount_minor == 700 + 800
    assert leaf.formula == "-(sum of amount x fx) x share / 10^6"
    assert told(leaf) == [
        ("entry", "fees.3", "scheme"),
        ("8.amount", -100, "minor USD"),
        ("8.fx", "7.00000000", "CNY per USD"),
        ("9.amount", -100, "minor USD"),
        ("9.fx", "8.00000000", "CNY per USD"),
        ("share", 1_000_000, "ppm"),
    ]


def refusal(account, posted, policy):
    history = history_of(account, posted, policy)
    found = price([(account, history)], policy, Period(MARCH, MARCH))
    with pytest.raises(Exception) as refused:
        found.whole()
    return type(refused.value), str(refused.value)


def test_a_rate_holds_over_closed_days_for_ten_and_no_longer():
    fx = [FxRate("USD", date(2024, 2, 25), 7 * 10**8), FxRate("USD", date(2024, 3, 10), 7 * 10**8)]
    turn = conversion(FxBook.of(fx), "USD", "CNY", MARCH, 31)
    assert turn.lacking == [7, 8, 9, *range(21, 32)]
    kind, message = refusal(
        an_account(currency="USD"), [(MARCH, Kind.ADJUSTMENT, 5)], a_policy(STANDING, fx)
    )
    assert kind is FxRatesMissing
    assert message == "Cannot be computed: missing fx rate of USD on 7-9, 21-31 for 2024-03."


def test_days_without_money_need_no_exchange_rate():
    fx = [FxRate("USD", date(2024, 3, 21), 7 * 10**8)]
    posted = [(date(2024, 3, 25), Kind.ADJUSTMENT, 36_000_000)]
    leaf = leaf_of(
        an_account(currency="USD", opened_on=MARCH),
        posted,
        a_policy(STANDING, fx),
        "deposit_margin",
    )
    assert leaf.amount_minor == 7 * 1_500 * 7


def test_a_currency_without_any_rate_is_not_priced():
    kind, message = refusal(
        an_account(currency="USD"), [(MARCH, Kind.ADJUSTMENT, 5)],
        a_policy(STANDING, [FxRate("JPY", MARCH, 1)]),
    )  # fmt: skip
    assert kind is CurrencyNotPriced
    assert message == "Cannot be computed: missing a price in CNY of USD for 2024-03."


def test_a_month_weighed_by_day_is_never_guessed_from_its_moments():
    policy = a_policy([*STANDING, (RateKind.CUSTOMER, date(2024, 3, 11), 8_000)])
    moments = {MARCH: moments_of([(5, 100)])}
    with pytest.raises(ValueError, match="each day's postings"):
        price([(an_account(), History(0, moments))], policy, Period(MARCH, MARCH))


def test_days_are_written_shortly():
    assert spans([]) == ""
    assert spans([7]) == "7"
    assert spans([1, 2, 3, 7, 30, 31]) == "1-3, 7, 30-31"
