"""Costs, tax and capital: what is left of a contribution, against published figures."""

from copy import deepcopy
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain import returns
from scoring.domain.account import Account, AccountId, Activity, CustomerId, History, Moments
from scoring.domain.contribution import by_line, price, total
from scoring.domain.line import Line, View
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.months import Period
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel, Kind
from scoring.domain.reading import Unreadable
from scoring.domain.rules import acts
from scoring.domain.scheme_document import scheme_of

YUAN = 100
YEAR = Period(date(2023, 1, 1), date(2023, 12, 1))
JANUARY = Period(date(2023, 1, 1), date(2023, 1, 1))
FREE = {"channels": {}, "account_month_minor": 0}
TAX = {
    "turnover": [
        {"line": "loan", "base": "interest", "ppm": 50_000},
        {"line": "intermediary", "base": "fees", "ppm": 60_000},
    ],
    "income_ppm": 250_000,
    "on_loss": "credit",
}
CAPITAL = {"ratio_ppm": 105_000, "hurdle_ppm": 120_000, "weights": {"lines": {"loan": 1_000_000}}}


@pytest.fixture
def plain(example_scheme) -> dict:
    """A scheme in which nothing costs anything by itself."""
    losses = example_scheme["expected_loss"] | {"normal": {"pd_ppm": 20_000, "lgd_ppm": 450_000}}
    return example_scheme | {
        "effective_from": "2023-01-01", "day_count_basis": 365, "expected_loss": losses,
        "cost_to_serve": FREE,
    }  # fmt: skip


def account(line=Line.DEPOSIT, product="p", **changes) -> Account:
    values = {
        "id": AccountId(UUID(int=1)), "number": "d", "owner_id": CustomerId(UUID(int=2)),
        "product": product, "line": line, "currency": "CNY", "opened_on": date(2023, 1, 1),
    }  # fmt: skip
    return Account(**(values | changes))


def loan(grade=Grade.NORMAL, **changes) -> Account:
    terms = LoanTerms(
        principal_minor=10**9, granted_on=date(2023, 1, 1), term_months=12, instalment_minor=0,
        grade=grade, balance_basis=BalanceBasis.POSTINGS,
    )  # fmt: skip
    return account(Line.LOAN, loan=terms, **changes)


def priced(document, *owned, period=YEAR, rates=(60_000, 30_000)):
    known = [
        Rate(product, kind, date(2023, 1, 1), ppm)
        for product in ("p", "q")
        for kind, ppm in zip(RateKind, rates, strict=True)
    ]
    policy = Policy(
        institution="A", currency="CNY", time_zone="Asia/Shanghai", business_date=date(2023, 12, 31),
        schemes=[scheme_of(document)], rates=RateBook.of(known),
    )  # fmt: skip
    return price(owned, policy, period).whole()


def a_year_of(balance, days=365) -> History:
    """January holds the balance-days that `balance` makes in a year, so each rule rounds once."""
    opening, rest = divmod(balance * days, 31)
    return History(opening, {JANUARY.first: Moments(rest, rest * 31)})


def views(leaves) -> dict[str, int]:
    sums = by_line(leaves)
    return {view.value: total(sums, view) for view in View}


def test_the_published_loan_leaves_37500_after_tax(plain):
    """{5 M x [6 % x (1 - 5 %) - 3 % - 0.8 %] - 5 M x 2 % x 45 %} x (1 - 25 %), over a year."""
    costs = FREE | {"balance_ppm": {"p": 8_000}}
    document = plain | {"tax": TAX, "cost_to_serve": costs}
    leaves = priced(document, (loan(), a_year_of(-5_000_000 * YUAN)), period=JANUARY)
    by_rule = {}
    for leaf in leaves:
        by_rule[leaf.rule] = by_rule.get(leaf.rule, 0) + leaf.amount_minor
    assert {rule: amount for rule, amount in by_rule.items() if amount} == {
        "loan_margin": 150_000 * YUAN,
        "balance_cost": -40_000 * YUAN,
        "turnover_tax": -15_000 * YUAN,
        "expected_loss": -45_000 * YUAN,
        "income_tax": -12_500 * YUAN,
    }
    assert views(leaves)["net"] == 37_500 * YUAN


def test_margins_of_the_published_deposit_and_loan_stand_before_tax(plain):
    deposit = priced(
        plain, (account(), a_year_of(10_000_000 * YUAN)), period=JANUARY, rates=(15_000, 20_000)
    )
    assert views(deposit)["gross"] == 50_000 * YUAN
    safe = plain | {
        "expected_loss": plain["expected_loss"] | {"normal": {"pd_ppm": 0, "lgd_ppm": 0}}
    }
    lent = priced(safe, (loan(), a_year_of(-10_000_000 * YUAN)), period=JANUARY)
    assert views(lent)["gross"] == 300_000 * YUAN


def test_the_published_expected_losses_come_out(plain):
    """0.1 x 0.5 x 20 yi = 1 yi, and 0.05 % x 75 % x 100,000 = 37.5."""
    for pd, lgd, owed, expected in (
        (100_000, 500_000, 2_000_000_000, 100_000_000 * YUAN),
        (500, 750_000, 100_000, 3_750),
    ):
        losses = plain["expected_loss"] | {"normal": {"pd_ppm": pd, "lgd_ppm": lgd}}
        leaves = priced(
            plain | {"expected_loss": losses}, (loan(), a_year_of(-owed * YUAN)), period=JANUARY
        )
        [loss] = [leaf.amount_minor for leaf in leaves if leaf.rule == "expected_loss"]
        assert loss == -expected


def test_capital_is_charged_and_its_return_told(plain):
    """5 M x 100 % x 10.5 % = 525,000 bound for a year; at 12 % that must earn 63,000."""
    document = plain | {"tax": TAX | {"turnover": []}, "capital": CAPITAL}
    leaves = priced(document, (loan(), a_year_of(-5_000_000 * YUAN)), period=JANUARY)
    found = views(leaves)
    assert found["gross"] == 105_000 * YUAN
    assert found["net"] == 78_750 * YUAN
    assert found["economic"] == (78_750 - 63_000) * YUAN
    bound = [leaf.capital for leaf in leaves if leaf.capital]
    assert sum(one.years_e6 for one in bound) == 525_000 * YUAN * 10**6
    assert returns.whole(leaves).capital_minor(365) == 525_000 * YUAN
    assert returns.whole(leaves).raroc_ppm == 150_000
    assert (returns.whole(leaves[:1]).capital_minor(365), returns.whole(leaves[:1]).raroc_ppm) == (
        None,
        None,
    )
    assert returns.by_line(returns.by_month_and_line(leaves)) == {Line.LOAN: returns.whole(leaves)}


def test_a_grade_weighs_before_a_product_and_a_product_before_a_line(plain):
    weights = {
        "lines": {"loan": 1_000_000},
        "products": {"q": 750_000},
        "grades": {"loss": 1_500_000},
    }
    document = plain | {"capital": CAPITAL | {"weights": weights}}

    def weight(of):
        leaves = priced(document, (of, History(opening=-100)), period=JANUARY)
        told = {i.name: i.value for leaf in leaves if leaf.capital for i in leaf.inputs}
        return told.get("weight")

    assert weight(loan()) == 1_000_000
    assert weight(loan(product="q")) == 750_000
    assert weight(loan(Grade.LOSS, product="q")) == 1_500_000
    assert weight(account()) is None
    assert weight(account(product="q")) == 750_000


def act(kind, amount, *, count=1, channel=Channel.SYSTEM, purpose="") -> Activity:
    return Activity(channel, kind, purpose, count, amount)


def test_turnover_tax_takes_its_part_of_the_fees_and_gives_it_back(plain):
    document = plain | {"tax": TAX | {"income_ppm": 0}}
    acted = {JANUARY.first: [act(Kind.FEE, -1_200, purpose="card"), act(Kind.FEE, -500)]}
    leaves = priced(document, (account(), History(activity=acted)), period=JANUARY)
    assert [(x.rule, x.line, x.amount_minor) for x in leaves] == [
        ("fee", Line.INTERMEDIARY, 1_200),
        ("fee", Line.SETTLEMENT, 500),
        ("cost_to_serve", Line.COST_TO_SERVE, 0),
        ("turnover_tax", Line.TAX, -72),
    ]
    refunded = {JANUARY.first: [act(Kind.FEE, 1_200, purpose="card")]}
    leaves = priced(document, (account(), History(activity=refunded)), period=JANUARY)
    assert leaves[-1].amount_minor == 72


def test_a_products_own_tax_is_taken_before_its_lines(plain):
    turnover = [{"product": "p", "base": "fees", "ppm": 10_000}, *TAX["turnover"]]
    document = plain | {"tax": {"turnover": turnover}}
    acted = {JANUARY.first: [act(Kind.FEE, -1_200, purpose="card"), act(Kind.FEE, -800)]}
    leaves = priced(document, (account(), History(activity=acted)), period=JANUARY)
    assert [(x.amount_minor, x.inputs[0].value) for x in leaves if x.line is Line.TAX] == [
        (-20, "tax.turnover.0")
    ]


@pytest.mark.parametrize(("on_loss", "taxed"), [("credit", [250]), ("none", [])])
def test_a_loss_gives_income_tax_back_or_not(plain, on_loss, taxed):
    costs = FREE | {"account_month_minor": 1_000}
    tax = {"income_ppm": 250_000, "on_loss": on_loss}
    leaves = priced(
        plain | {"tax": tax, "cost_to_serve": costs}, (account(), History()), period=JANUARY
    )
    assert [leaf.amount_minor for leaf in leaves if leaf.line is Line.TAX] == taxed


def test_an_act_costs_what_the_first_entry_says_and_else_what_its_channel_does(plain):
    costs = {
        "channels": {"counter": 400, "online": 60},
        "account_month_minor": 100,
        "acts": [
            {"channel": "counter", "kind": "cash_deposit", "minor": 700},
            {"kind": "cash_deposit", "minor": 90},
        ],
    }
    served = [
        act(Kind.CASH_DEPOSIT, 5, count=2, channel=Channel.COUNTER),
        act(Kind.CASH_DEPOSIT, 5, count=3, channel=Channel.SELF_SERVICE),
        act(Kind.TRANSFER_OUT, -5, count=4, channel=Channel.COUNTER),
        act(Kind.ADJUSTMENT, -5, channel=Channel.COUNTER),
    ]
    leaf = list(
        acts(account(), JANUARY.first, served, scheme_of(plain | {"cost_to_serve": costs}))
    )[-1]
    assert leaf.amount_minor == -(100 + 2 * 700 + 3 * 90 + 4 * 400)
    assert [(i.name, i.value) for i in leaf.inputs] == [
        ("account_month", 100), ("acts.0.items", 2), ("acts.1.items", 3), ("acts.0.cost", 700),
        ("acts.1.cost", 90), ("counter.items", 4), ("counter.channel_cost", 400),
    ]  # fmt: skip


def test_a_balance_costs_whichever_side_it_is_on(plain):
    document = plain | {"cost_to_serve": FREE | {"balance_ppm": {"p": 8_000}}}
    for opening in (365_000_000, -365_000_000):
        leaves = priced(document, (account(), History(opening=opening)), period=JANUARY)
        assert [x.amount_minor for x in leaves if x.rule == "balance_cost"] == [-31 * 8_000]


def test_a_currency_may_have_a_basis_of_its_own(plain):
    scheme = scheme_of(plain | {"day_count_basis": {"default": 360, "GBP": 365, "HKD": "actual"}})
    leap = date(2024, 2, 1)
    assert [scheme.basis(leap, c) for c in ("CNY", "GBP", "HKD", None)] == [360, 365, 366, 360]


MONEY = st.integers(-(10**13), 10**13)


@given(
    MONEY, st.lists(st.tuples(st.integers(1, 28), MONEY), max_size=4), st.sampled_from(list(Grade)),
    st.sampled_from(["credit", "none"]), st.integers(-(10**6), 10**6),
)  # fmt: skip
def test_views_follow_from_one_another_and_signs_hold(
    example_scheme, opening, moves, grade, on_loss, customer
):
    document = example_scheme | {
        "effective_from": "2023-01-01",
        "tax": TAX | {"on_loss": on_loss},
        "capital": CAPITAL,
    }
    first = YEAR.first
    moments = {first: Moments(sum(a for _, a in moves), sum(a * d for d, a in moves))}
    acted = {first: [act(Kind.FEE, opening or 1, purpose="card"), act(Kind.FX_SALE, 7_777)]}
    owned = [
        (loan(grade), History(opening, moments)),
        (account(), History(-opening, moments, acted)),
    ]
    leaves = priced(document, *owned, rates=(customer, 30_000))
    found, sums = views(leaves), by_line(leaves)
    assert sum(leaf.amount_minor for leaf in leaves) == found["economic"]
    assert found["net"] - found["gross"] == sums[Line.TAX]
    assert found["economic"] - found["net"] == sums[Line.CAPITAL] <= 0
    for month in YEAR:
        for number in {leaf.account.line for leaf in leaves}:
            mine = [x for x in leaves if x.month == month and x.account.line is number]
            before = sum(
                x.amount_minor for x in mine if x.rule not in ("income_tax", "capital_charge")
            )
            [taxed] = [x.amount_minor for x in mine if x.rule == "income_tax"] or [0]
            assert taxed * before <= 0
            assert on_loss == "credit" or taxed <= 0
    for leaf in leaves:
        if leaf.capital:
            charged = leaf.capital.years_e6 * Fraction(CAPITAL["hurdle_ppm"], 10**12)
            assert abs(leaf.amount_minor + charged) <= Fraction(1, 2) + Fraction(1, 10**6)
    rate = returns.whole(leaves).raroc_ppm
    if rate is not None and abs(found["economic"]) > len(leaves):
        over = (rate - CAPITAL["hurdle_ppm"]) * found["economic"]
        assert over >= 0


WRONG = [
    (["tax", "turnover", 0, "line"], None, "tax.turnover.0: needs line or product, and not both"),
    (["tax", "turnover", 0, "line"], "deposit", "tax.turnover.0.line: interest is earned on loans only"),
    (["tax", "turnover", 1, "line"], "tax", "tax.turnover.1.line: tax earns nothing to tax"),
    (["tax", "turnover", 1, "ppm"], 1_000_001, "tax.turnover.1.ppm: must be from 0 to 1000000"),
    (["tax", "turnover", 1], {"line": "loan", "base": "interest", "ppm": 1}, "tax.turnover.1: tax.turnover.0 takes all it could fit"),
    (["tax", "on_loss"], None, "tax.on_loss: is missing"),
    (["tax", "on_loss"], "half", "tax.on_loss: must be one of credit, none"),
    (["tax", "vat"], 1, "tax.vat: is not a field here"),
    (["capital", "ratio_ppm"], None, "capital.ratio_ppm: is missing"),
    (["capital", "weights"], {}, "capital.weights: needs at least one of grades, products, lines"),
    (["capital", "weights", "lines", "tax"], 1, "capital.weights.lines.tax: has no accounts to weigh"),
    (["capital", "weights", "lines", "loan"], 20_000_001, "capital.weights.lines.loan: must be from 0 to 20000000"),
    (["cost_to_serve", "acts"], [{"minor": 1}], "cost_to_serve.acts.0: needs at least one of kind, purpose, channel"),
    (["cost_to_serve", "acts"], [{"kind": "fee", "minor": 1}] * 2, "cost_to_serve.acts.1: acts.0 takes all it could fit"),
    (["cost_to_serve", "balance_ppm"], {"p": -1}, "cost_to_serve.balance_ppm.p: must be from 0 to 1000000"),
    (["day_count_basis"], {"GBP": 365}, "day_count_basis.default: is missing"),
    (["day_count_basis"], {"default": 360, "GBP": 364}, "day_count_basis.GBP: must be 360, 365 or actual"),
    (["products"], {"p": {}}, "products.p.customer_ppm: is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_named_by_its_path(plain, path, value, message):
    document = inside = deepcopy(plain | {"tax": TAX, "capital": CAPITAL})
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(Unreadable) as refused:
        scheme_of(document)
    assert str(refused.value) == message
