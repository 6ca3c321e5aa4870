"""The composite index: published weights, exact scores, places among all."""

from bisect import bisect_right
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.ahp import priorities
from scoring.domain.index import (
    FULL,
    Distribution,
    Measure,
    Normalise,
    Source,
    Standing,
    indexed,
    score,
)
from scoring.domain.line import Line, View
from scoring.domain.reading import Unreadable
from scoring.domain.scheme_document import scheme_of
from scoring.store.standings import places

BOUNDS = {"floor_minor": 0, "cap_minor": 1_000_000}
SECTION = {
    "weights": {"profit": 500_000, "money": 300_000, "use": 200_000},
    "measures": {
        "profit": {"of": "net", "normalise": "percentile"},
        "money": {"of": "average_balance", "normalise": "log"} | BOUNDS,
        "use": {"of": "points", "normalise": "cap_floor", "floor_minor": 100, "cap_minor": 400},
    },
}
JUDGED = {
    "measures": ["profit", "money", "use"],
    "matrix": [[1, 2, 4], ["1/2", 1, 2], ["1/4", "1/2", 1]],
}


def measure(normalise, floor=0, cap=0, of=Source.GROSS) -> Measure:
    return Measure("m", of, normalise, 10**6, floor, cap)


def test_between_floor_and_cap_the_score_is_linear_and_stays_within():
    one = measure(Normalise.CAP_FLOOR, -100, 200)
    assert [score(one, x, None) for x in (-500, -100, -99, 50, 200, 10**12)] == [
        0, 0, 33_333, FULL // 2, FULL, FULL,
    ]  # fmt: skip


def test_a_logarithmic_score_grows_by_equal_steps_for_equal_factors():
    one = measure(Normalise.LOG, 0, 999_999)
    assert [score(one, x, None) for x in (-5, 0, 9, 99, 999, 999_999)] == [
        0, 0, 1_666_667, 3_333_333, 5_000_000, FULL,
    ]  # fmt: skip


@given(st.integers(-(10**15), 10**15), st.integers(-(10**12), 10**12), st.integers(1, 10**12))
def test_a_logarithmic_score_is_that_of_the_formula(value, floor, width):
    one = measure(Normalise.LOG, floor, floor + width)
    x = min(max(value, floor), floor + width) - floor
    assert score(one, value, None) == pytest.approx(FULL * log(1 + x) / log(1 + width), abs=1)


def test_a_place_among_all_is_the_middle_of_its_equals():
    all_of_them = Distribution.of([50, 10, 30, 30, 20])
    one = measure(Normalise.PERCENTILE)
    assert [score(one, x, all_of_them.standing(x)) for x in (10, 20, 30, 50)] == [
        1_000_000, 3_000_000, 6_000_000, 9_000_000,
    ]  # fmt: skip
    assert all_of_them.standing(30) == Standing(30, 2, 2, 5, 10, 50)
    assert [all_of_them.standing(x).rank for x in (10, 20, 30, 50)] == [5, 4, 2, 1]


def test_between_the_least_and_the_most_of_all_the_score_is_linear():
    all_of_them = Distribution.of([-10, 0, 20])
    one = measure(Normalise.MIN_MAX)
    assert [score(one, x, all_of_them.standing(x)) for x in (-10, 0, 20)] == [0, 3_333_333, FULL]
    assert score(one, 7, Distribution.of([7, 7]).standing(7)) == 0


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=40))
def test_places_of_all_have_their_middle_at_fifty_and_never_turn_round(values):
    everybody = Distribution.of(values)
    one = measure(Normalise.PERCENTILE)
    scores = [(x, score(one, x, everybody.standing(x))) for x in sorted(values)]
    assert all(a[1] <= b[1] for a, b in pairwise(scores))
    assert abs(sum(s for _, s in scores) - len(values) * FULL // 2) <= len(values)
    assert all(0 < s < FULL for _, s in scores)
    assert {x for x, _ in scores if everybody.standing(x).rank == 1} == {max(values)}


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(1, 5), st.data())
def test_counts_between_cuts_give_the_places_that_all_values_would(kept, idle, data):
    """What the database counts: per cut reached the customers, their least and most."""
    everybody = kept + [0] * idle
    asked = dict(enumerate(data.draw(st.lists(st.sampled_from(everybody), min_size=1, max_size=5))))
    cuts = sorted({cut for value in asked.values() for cut in (value, value + 1)})
    buckets = {}
    for value in kept:
        buckets.setdefault(bisect_right(cuts, value), []).append(value)
    spread = [(place, len(of), min(of), max(of)) for place, of in buckets.items()]
    found = places(asked, cuts, spread, len(everybody))
    assert found == {n: Distribution.of(everybody).standing(x) for n, x in asked.items()}


def test_parts_are_weighed_and_rounded_once_more(example_scheme):
    index = scheme_of(example_scheme | {"index": SECTION}).index
    values = {Source.NET: 5, Source.AVERAGE_BALANCE: 999, Source.POINTS: 201}
    found = indexed(index, values, {Source.NET: Standing(5, 1, 1, 3, 0, 9)})
    assert [(p.measure.name, p.score) for p in found.parts] == [
        ("money", 5_000_000), ("profit", 5_000_000), ("use", 3_366_667),
    ]  # fmt: skip
    assert found.score == 4_673_333


def test_every_line_and_view_can_be_measured():
    assert {one.value for one in Source} == {one.value for one in (*Line, *View)} | {
        "average_balance", "points",
    }  # fmt: skip


def test_consistent_judgements_give_the_weights_they_were_made_of():
    found = priorities([[Fraction(a, b) for b in (5, 3, 2)] for a in (5, 3, 2)])
    assert found.weights_ppm == [500_000, 300_000, 200_000]
    assert found.consistency < Decimal("1e-30")


def test_a_textbook_matrix_gives_its_published_priorities():
    """Saaty's 3 x 3 example: 1 3 5, 1/3 1 3, 1/5 1/3 1 has 0.637, 0.258, 0.105; lambda 3.0385."""
    third, fifth = Fraction(1, 3), Fraction(1, 5)
    found = priorities([[Fraction(1), Fraction(3), Fraction(5)], [third, Fraction(1), Fraction(3)], [fifth, third, Fraction(1)]])  # fmt: skip
    assert found.weights_ppm == [636_986, 258_285, 104_729]
    assert f"{found.consistency:.4f}" == "0.0332"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_weights_sum_to_a_million_whatever_was_judged(importance):
    found = priorities([[Fraction(a, b) for b in importance] for a in importance])
    assert sum(found.weights_ppm) == 10**6
    whole = sum(importance)
    for weight, one in zip(found.weights_ppm, importance, strict=True):
        assert abs(weight - Fraction(one * 10**6, whole)) < 1


def test_judged_weights_stand_in_the_scheme(example_scheme):
    index = scheme_of(
        example_scheme | {"index": {"ahp": JUDGED, "measures": SECTION["measures"]}}
    ).index
    assert [(one.name, one.weight_ppm) for one in index.measures] == [
        ("money", 285_714), ("profit", 571_429), ("use", 142_857),
    ]  # fmt: skip
    assert index.consistency < Decimal("1e-30")


def test_judgements_that_contradict_themselves_are_refused_with_their_ratio(example_scheme):
    judged = JUDGED | {"matrix": [[1, 9, "1/9"], ["1/9", 1, 9], [9, "1/9", 1]]}
    section = {"ahp": judged, "measures": SECTION["measures"]}
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"index": section})
    assert str(refused.value) == (
        "index.ahp.matrix: contradicts itself: its consistency ratio is 6.1303 and must be "
        "less than 0.1"
    )


WEIGHED = [
    (["weights", "profit"], 400_000, "index.weights: must sum to 1000000, not 900000"),
    (["weights", "luck"], 1, "index.weights.luck: is not a field here"),
    (["weights", "use"], None, "index.weights.use: is missing"),
    (["weights"], None, "index: needs weights or ahp, and not both"),
    (["measures", "profit", "of"], "luck", "index.measures.profit.of: must be one of deposit, loan, "),
    (["measures", "money", "normalise"], "percentile", "index.measures.money.normalise: average_balance is not kept for all customers: use cap_floor or log"),
    (["measures", "use", "cap_minor"], 100, "index.measures.use.cap_minor: must be more than floor_minor, 100"),
    (["measures", "use", "cap_minor"], None, "index.measures.use.cap_minor: is missing"),
    (["measures", "profit", "cap_minor"], 1, "index.measures.profit.cap_minor: is not a field here"),
]  # fmt: skip
PAIRS = [
    (["ahp", "measures"], ["profit", "money"], "index.ahp.measures: must name every measure once"),
    (["ahp", "matrix"], [[1]], "index.ahp.matrix: must have 3 rows of 3 judgements"),
    (["ahp", "matrix", 0, 1], 0.5, "index.ahp.matrix.0.1: must be 1 to 9, or a text from 1/1 to 1/9"),
    (["ahp", "matrix", 0, 1], 3, "index.ahp.matrix.0.1: must be 1 / matrix.1.0"),
    (["ahp", "matrix", 1, 1], 2, "index.ahp.matrix.1.1: must be 1"),
    (["weights"], {"profit": 10**6}, "index: needs weights or ahp, and not both"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "path", "value", "message"),
    [("weights", *one) for one in WEIGHED] + [("ahp", *one) for one in PAIRS],
    ids=lambda v: str(v)[:40],
)
def test_what_is_wrong_is_named_by_its_path(example_scheme, base, path, value, message):
    measures = SECTION["measures"]
    section = SECTION if base == "weights" else {"ahp": JUDGED, "measures": measures}
    section = inside = deepcopy(section)
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    with pytest.raises(Unreadable) as refused:
        scheme_of(example_scheme | {"index": section})
    assert str(refused.value).startswith(message)
