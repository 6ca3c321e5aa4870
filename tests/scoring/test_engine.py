"""The engine's contribution is the domain's, to the fen, on whatever history."""

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scoring.domain.months import Period, month_of, plus
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.posting import Channel
from scoring.domain.scheme_document import scheme_of

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
        },
    }  # fmt: skip
    return scheme_of(changed)


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
        }
        if rng.random() >= lacks / 4
    ]
    policy = Policy(
        institution="A",
        currency="CNY",
        time_zone="Asia/Shanghai",
        business_date=business_date,
        schemes=schemes,
        rates=RateBook.of(rates),
    )
    world = World(policy, period, rates)
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
