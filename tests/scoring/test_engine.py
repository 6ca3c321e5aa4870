"""The engine's contribution is the domain's, to the fen, on whatever history."""

import random
from datetime import date, timedelta

import ibis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scoring.domain.exchange import FxBook, FxRate
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel
from scoring.domain.scheme_document import scheme_of
from scoring.engine.bank import Bank
from scoring.engine.calendar_months import NotPricedHereError, Pricing
from scoring.engine.joint import holders

from tests.scoring.engine_banks import (
    PRODUCTS,
    World,
    by_domain,
    by_engine,
    connect,
    fill,
)

ACCOUNTS, EXAMPLES = 900, 12
"""Together more than ten thousand histories."""

PERIODS = st.tuples(st.dates(date(2023, 11, 1), date(2024, 4, 1)).map(month_of), st.integers(0, 7))


@pytest.fixture(scope="module")
def backend():
    return connect()


def scheme(document, rng, number, since):
    """The example with other prices, other entries and another basis."""
    changed = dict(document)
    changed |= {
        "version": number,
        "joint_holders": rng.choice(["owner", "equal"]),
        "effective_from": since.isoformat(),
        "day_count_basis": rng.choice([360, 365, "actual"]),
        "fees": rng.sample(document["fees"][:-1], rng.randrange(3)) + document["fees"][-1:],
        "unit_income": [
            *rng.sample(document["unit_income"], rng.randrange(6)),
            {"purpose": "other", "line": "deposit", "per_item_minor": 7, "ppm_of_amount": rng.randrange(10**6)},
            {"channel": "pos", "kind": "transfer_in", "line": "loan", "ppm_of_amount": 500_000},
        ],
        "international": rng.choice([{}, document["international"], {"fx_sale": rng.randrange(10**6)}]),
        "e_banking": {
            "counter_cost_minor": rng.randrange(1000),
            "credit_share_ppm": rng.choice([0, 500_000, 333_333]),
            "channels": rng.choice([{}, {"online": 60, "phone": 2_000}, document["e_banking"]["channels"]]),
        },
        "cost_to_serve": {
            "channels": {c.value: rng.randrange(500) for c in rng.sample(list(Channel), rng.randrange(9))},
            "account_month_minor": rng.choice([0, 100]),
            "acts": rng.sample([{"channel": "counter", "kind": "fee", "minor": 550}, {"kind": "fx_sale", "minor": 9_000}], rng.randrange(3)),
            "balance_ppm": rng.choice([{}, {"loan_0": 8_000, "deposit_0": 1, "intermediary_0": 5}]),
        },
    }  # fmt: skip
    for section, makes in {"transfer": transfer, "tax": tax, "capital": capital}.items():
        if rng.random() < 0.7:
            changed[section] = makes(rng)
    if rng.random() < 0.5:
        changed["products"] = {
            "deposit_1": {"customer_ppm": 7_000},
            "loan_1": {"customer_ppm": 61_003},
        }
    return scheme_of(changed)


def transfer(rng):
    def curve():
        return [
            {"up_to_days": days, "ppm": rng.randrange(-999, 60_000)} for days in (30, 90, 364)
        ] + [{"ppm": 25_001}]

    reserve = {"requirement_ppm": rng.randrange(200_000), "rate_ppm": 16_200}
    methods = [
        {"method": "matched_maturity", "lock": rng.choice(["origination", "current"]), "policy_ppm": -2_500},
        {"method": "core_volatile", "core_ppm": rng.randrange(10**6), "core_days": 1_000, "volatile_days": 7},
        {"method": "moving_average", "days": 90, "months": rng.choice([1, 3, 7])},
        {"method": "rates", "liquidity_ppm": 1_500},
    ]  # fmt: skip
    products = {product: dict(rng.choice(methods)) for product in rng.sample(sorted(PRODUCTS), 6)}
    for product, price in products.items():
        if rng.random() < 0.5 and not product.startswith("loan"):
            price["reserve"] = reserve
    past = [{"effective_from": "2015-01-01", "curves": {"CNY": curve()}}]
    return {
        "curves": {"CNY": curve()},
        "past": past if rng.random() < 0.7 else [],
        "products": products,
    }


def tax(rng):
    turnover = [
        {"product": "loan_0", "base": "interest", "ppm": rng.choice([0, 33_333])},
        {"line": "loan", "base": "interest", "ppm": 60_000},
        {"line": "intermediary", "base": "fees", "ppm": 60_000},
        {"product": "settlement_1", "base": "fees", "ppm": 123_457},
        {"line": "settlement", "base": "fees", "ppm": 60_000},
        {"line": "loan", "base": "fees", "ppm": 10_000},
    ]  # fmt: skip
    chosen = [one for one in turnover if rng.random() < 0.7]
    return {
        "turnover": chosen,
        "income_ppm": rng.choice([0, 250_000, 333_333]),
        "on_loss": rng.choice(["credit", "none"]),
    }


def capital(rng):
    weights = {
        "grades": {"doubtful": 1_500_000, "loss": rng.randrange(2_000_000)},
        "products": {"loan_0": 333_333, "deposit_1": 200_000},
        "lines": {"loan": 1_000_000},
    }  # fmt: skip
    return {"ratio_ppm": rng.choice([105_000, 80_001]), "hurdle_ppm": 120_000, "weights": weights}


def exchange(rng, first, lacks):
    """Rates of a currency for most of its days, or of none where something is to be lacking."""
    for currency, rate in {"USD": 712_340_000, "JPY": 4_812_300, "KWD": 2_341_000_000}.items():
        if rng.random() >= lacks:
            for step in range(290):
                if rng.random() > max(lacks, 0.3):
                    day = first + timedelta(step - 12)
                    yield FxRate(currency, day, rate + rng.choice([0, rng.randrange(999) * 1000]))


def world_of(document, seed, first, length, lacks, accounts=ACCOUNTS):
    rng = random.Random(seed)
    period = Period(first, plus(first, length))
    business_date = date.fromordinal(
        plus(period.last, 1).toordinal() - rng.choice([1, 1, 2, 15, 31, 45, -20])
    )
    starts = [plus(first, rng.choice([0, -1]) if lacks == 0 else rng.randrange(-2, 3))]
    starts += sorted(rng.sample(range(3, 9), rng.randrange(3)))
    starts = [starts[0], *(plus(first, step) for step in starts[1:])]
    schemes = [scheme(document, rng, n, since) for n, since in enumerate(starts, 1)]
    rates = [
        Rate(product, kind, since, rng.choice([0, rng.randrange(-(10**6), 10**6), 20_000]))
        for product in PRODUCTS
        for kind in RateKind
        for since in {
            plus(first, -2 if lacks == 0 else rng.randrange(-2, 3)),
            plus(first, rng.randrange(9)),
            *(
                plus(first, rng.randrange(9)) + timedelta(rng.randrange(28))
                for _ in range(rng.choice([0, 0, 1, 2]))
            ),
        }
        if rng.random() >= lacks / 4
    ]
    fx_rates = list(exchange(rng, first, lacks))
    policy = Policy(
        institution="A",
        currency="CNY",
        time_zone="Asia/Shanghai",
        business_date=business_date,
        schemes=schemes,
        rates=RateBook.of(rates),
        fx=FxBook.of(fx_rates),
    )
    world = World(policy, period, rates, fx_rates)
    fill(world, rng, accounts, lacks)
    return world


@settings(
    max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
@given(st.integers(0, 2**32), PERIODS, st.sampled_from([0.0, 0.0, 0.1, 0.5]))
def test_the_engine_gives_what_the_domain_gives(
    example_scheme, backend, tmp_path, seed, period, lacks
):
    world = world_of(example_scheme, seed, *period, lacks)
    leaves, missing, sums = by_engine(world, backend, tmp_path)
    expected_leaves, expected_missing, expected_sums = by_domain(world)
    assert leaves == expected_leaves
    assert missing == expected_missing
    assert sums == expected_sums


def test_what_the_engine_does_not_price_is_refused(example_scheme, backend, tmp_path):
    joint = scheme_of(example_scheme | {"joint_holders": "equal"})
    january = date(2024, 1, 1)
    pricing = Pricing(Period(january, january), date(2024, 2, 29), [joint])
    nothing = ibis.memtable({"account": [""]})
    with pytest.raises(NotPricedHereError, match="does not tell the joint holders"):
        holders(Bank(nothing, nothing, nothing, nothing), pricing)
