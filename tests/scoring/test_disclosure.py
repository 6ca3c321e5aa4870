"""Out of what a union is told, nobody can read what fewer than ten customers bring."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.concentration import Concentration
from scoring.domain.disclosure import FEWEST, Alike, Sums, TierCount, Tops, told, told_tiers
from scoring.domain.line import Line, View

GROSS = [line for line in Line if line in View.GROSS.lines]
lines = st.frozensets(st.sampled_from(Line), max_size=4)
groups = st.lists(st.tuples(lines, st.integers(1, 14)), max_size=6)


def alike(on, customers, each=100) -> Alike:
    amounts = {line: customers * each if line in on else 0 for line in Line}
    return Alike(frozenset(on), customers, amounts)


def of_few(there, told_of) -> bool:
    return 0 < sum(one.customers for one in there if one.lines & told_of) < FEWEST


def test_everything_is_told_of_enough_customers():
    found = Sums.of([alike(Line, 10)])
    assert found.lines == dict.fromkeys(Line, 1_000)
    assert found.views == {View.GROSS: 7_000, View.NET: 8_000, View.ECONOMIC: 9_000}


def test_a_line_of_few_is_kept_back_with_the_smallest_beside_it():
    there = [alike([Line.DEPOSIT], 30), alike([Line.LOAN], 20), alike([Line.INTERNATIONAL], 3)]
    found = Sums.of(there)
    assert found.lines[Line.DEPOSIT] == 3_000
    assert found.lines[Line.LOAN] is None
    assert found.lines[Line.INTERNATIONAL] is None
    assert found.lines[Line.SETTLEMENT] == 0
    assert found.views == dict.fromkeys(View, 5_300)


def test_two_lines_of_few_hide_each_other_where_they_are_of_enough_together():
    there = [alike([Line.DEPOSIT], 30), alike([Line.LOAN], 6), alike([Line.INTERNATIONAL], 4)]
    found = Sums.of(there)
    kept = {line for line, amount in found.lines.items() if amount is None}
    assert kept == {Line.LOAN, Line.INTERNATIONAL}
    overlapping = [alike([Line.DEPOSIT], 30), alike([Line.LOAN, Line.INTERNATIONAL], 6)]
    kept = {line for line, amount in Sums.of(overlapping).lines.items() if amount is None}
    assert kept == {Line.DEPOSIT, Line.LOAN, Line.INTERNATIONAL}


def test_tax_of_few_takes_the_views_with_it_that_would_tell_of_it():
    there = [alike(GROSS, 40), alike([*GROSS, Line.TAX], 4), alike([Line.CAPITAL], 12)]
    found = Sums.of(there)
    assert found.lines[Line.TAX] is None
    assert found.lines[Line.CAPITAL] == 1_200
    assert found.views == {View.GROSS: 30_800, View.NET: None, View.ECONOMIC: None}


def test_of_a_bank_of_few_nothing_is_told():
    found = Sums.of([alike(GROSS, 9)])
    assert {*found.views.values()} == {None}
    assert all(found.lines[line] is None for line in GROSS)
    tops = Tops.of(Concentration.of([5] * 9 + [0] * 500))
    assert {share for _, share in tops.shares} == {None}
    assert (tops.gini, tops.smallest_for_80) == (None, None)


@settings(max_examples=300, deadline=None)
@given(groups)
def test_no_sum_that_can_be_made_of_what_is_told_is_of_few(made):
    """The whole less any of the lines told is what all the others bring together."""
    there = [alike(on, customers, each) for each, (on, customers) in enumerate(made, 1)]
    found = Sums.of(there)
    shown = {line for line in GROSS if found.lines[line] is not None}
    assert not any(of_few(there, {line}) for line in shown)
    if found.views[View.GROSS] is not None:
        assert not of_few(there, {*GROSS})
        assert not of_few(there, {*GROSS} - shown)
        assert found.views[View.GROSS] == sum(one.amounts[line] for one in there for line in GROSS)
    else:
        assert not any(sum(one.amounts[line] for one in there) for line in shown)
    for view, line, before in (
        (View.NET, Line.TAX, View.GROSS), (View.ECONOMIC, Line.CAPITAL, View.NET),
    ):  # fmt: skip
        both = found.views[view] is not None and found.views[before] is not None
        assert not (both and of_few(there, {line}))
    if found.views[View.ECONOMIC] is not None and found.lines[Line.CAPITAL] is not None:
        assert not of_few(there, {Line.TAX})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 40))
def test_no_number_of_holders_can_be_made_that_is_of_few(holders, without):
    counts = [TierCount(None, None, without)]
    counts += [TierCount(f"T{n}", "T", many) for n, many in enumerate(holders)]
    shown = told_tiers(counts)
    assert [one for one, _ in shown] == counts[1:]
    kept = without + sum(one.customers for one, many in shown if many is None)
    assert not any(0 < many < FEWEST for _, many in shown if many is not None)
    if any(many for _, many in shown):
        assert not 0 < kept < FEWEST


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([-5, 0, 0, 1, 7, 40]), max_size=300))
def test_between_the_best_parts_that_are_told_nowhere_few_bring_something(values):
    found = Concentration.of(values)
    tops = Tops.of(found)
    everybody = len(values)
    cuts = {0, everybody}
    cuts |= {-(-everybody * ppm // 1_000_000) for ppm, share in tops.shares if share is not None}
    if tops.smallest_for_80 is not None:
        cuts.add(int(tops.smallest_for_80 * everybody))
    for one, other in combinations(sorted(cuts), 2):
        between = sum(value != 0 for value in found.values[one:other])
        assert not 0 < between < FEWEST or len(cuts) == 2  # then no share is told


def test_large_banks_are_told_what_they_are():
    values = [1_000] * 100 + [10] * 9_900
    found, tops = Concentration.of(values), None
    tops = Tops.of(found)
    assert [share for _, share in tops.shares] == [found.top_share(p) for p, _ in tops.shares]
    assert tops.gini == found.gini()
    assert tops.smallest_for_80 == found.few(800_000)


@pytest.mark.parametrize("parts", [{"a": 3, "b": 0, "c": 12}, {"a": 3, "b": 4, "c": 12, "d": 40}])
def test_parts_are_kept_back_until_they_are_of_enough(parts):
    shown = told(list(parts), lambda some: sum(parts[one] for one in some))
    kept = Counter({one: parts[one] for one in parts if one not in shown})
    assert kept.total() >= FEWEST
    assert "d" in shown or "d" not in parts
