"""How much comes from how few: known vectors with closed-form answers, by integers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.concentration import Concentration, GiniUndefined

POSITIVE = st.lists(st.integers(0, 10**12), min_size=1, max_size=60)


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_gini_is_0_where_everybody_brings_the_same(count):
    assert Concentration.of([10] * count).gini() == 0


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_gini_is_all_but_one_of_n_where_one_brings_everything(count):
    assert Concentration.of([0] * (count - 1) + [5]).gini() == Fraction(count - 1, count)


def test_gini_of_1_to_n_is_a_third_of_n_minus_1_by_n():
    for count in (2, 10, 99):
        found = Concentration.of(list(range(1, count + 1))).gini()
        assert found == Fraction(count - 1, 3 * count)


@given(POSITIVE)
def test_gini_is_the_mean_difference_of_all_pairs(values):
    found = Concentration.of(values).gini()
    total = sum(values)
    if not total:
        assert found is None
    else:
        apart = sum(abs(a - b) for a in values for b in values)
        assert found == Fraction(apart, 2 * len(values) * total)


def test_gini_is_refused_on_signed_values_and_on_nothing():
    signed, nothing = Concentration.of([5, -1]), Concentration.of([0, 0])
    assert (signed.gini(), signed.lorenz()) == (None, None)
    assert signed.gini_undefined is GiniUndefined.SIGNED_VALUES
    assert (nothing.gini(), nothing.gini_undefined) == (None, GiniUndefined.NOTHING_TO_SHARE)
    assert Concentration.of([]).gini_undefined is GiniUndefined.NOTHING_TO_SHARE


def test_lorenz_of_1_to_20_is_quadratic():
    found = Concentration.of(list(range(1, 21))).lorenz()
    assert found == [(50_000 * k, k * (k + 1) // 2) for k in range(21)]


@given(POSITIVE)
def test_lorenz_rises_ever_faster_to_the_whole(values):
    found = Concentration.of(values)
    curve = found.lorenz()
    if curve is not None:
        assert (curve[0], curve[-1]) == ((0, 0), (1_000_000, found.total))
        assert [amount for _, amount in curve] == sorted(amount for _, amount in curve)
        assert all(amount * 1_000_000 <= found.total * ppm for ppm, amount in curve)


@given(st.lists(st.integers(-(10**9), 10**9), max_size=60), st.integers(0, 70))
def test_the_best_k_are_the_k_largest(values, k):
    assert Concentration.of(values).best(k) == sum(sorted(values, reverse=True)[:k])


@given(POSITIVE, st.integers(0, 1_000_000))
def test_no_fewer_customers_bring_the_share_asked_for(values, ppm):
    found = Concentration.of(values)
    few = found.smallest_for(ppm)
    if few is not None:
        assert found.best(few) * 1_000_000 >= found.total * ppm
        assert few == 0 or found.best(few - 1) * 1_000_000 < found.total * ppm


def test_drift_is_the_difference_of_the_shares_and_sounds_beyond_its_limit():
    equal, skewed = Concentration.of([1] * 100), Concentration.of([1] * 99 + [101])
    drift = skewed.drift(equal)
    assert drift.gini == Fraction(99 * 100, 100 * 200)
    assert drift.top[0] == (10_000, Fraction(101, 200) - Fraction(1, 100))
    assert drift.few == Fraction(60, 100) - Fraction(80, 100)
    assert drift.exceeds(494_999)
    assert not drift.exceeds(495_000)
    back = equal.drift(skewed)
    assert (back.gini, back.few) == (-drift.gini, -drift.few)
    assert back.exceeds(494_999)


def test_what_one_of_two_periods_lacks_does_not_drift():
    drift = Concentration.of([3, 4]).drift(Concentration.of([-1, 0]))
    assert (drift.gini, drift.few, drift.top[0][1]) == (None, None, None)
    assert not drift.exceeds(0)
