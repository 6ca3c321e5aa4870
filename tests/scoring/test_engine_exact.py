"""Numbers inside the engine's expressions are exact, or there are none."""

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.money import half_away
from scoring.engine.exact import narrow, prepare, share

BACKEND = ibis.duckdb.connect(threads=1)
prepare(BACKEND)
MOST = 2**63 - 1
AMOUNTS = (
    st.integers(-MOST, MOST) | st.integers(-10, 10) | st.integers(-(4 * 10**12) - 9, 4 * 10**12 + 9)
)
PARTS = (
    st.integers(-(10**12), 10**12)
    | st.integers(-9, 9)
    | st.sampled_from([10**6, 10**6 + 1, -(10**6) - 1])
)
WHOLES = st.integers(1, 366 * 10**12) | st.integers(1, 9)


def told(amount, part, whole):
    row = ibis.memtable({"n": [amount]}, schema={"n": "int64"})
    expression = row.select(
        told=share(row.n, ibis.literal(part, "int64"), ibis.literal(whole, "int64"))
    )
    return BACKEND.to_pyarrow(expression).to_pydict()["told"][0]


@settings(deadline=None)
@given(AMOUNTS, PARTS, WHOLES)
def test_a_share_is_rounded_half_away_as_the_domain_does_or_refused(amount, part, whole):
    exact = half_away(amount * part, whole)
    if abs(exact) <= MOST:
        assert told(amount, part, whole) == exact
    else:
        with pytest.raises(Exception, match="out of range|Overflow"):
            told(amount, part, whole)


def test_a_sum_beyond_64_bits_is_refused():
    rows = ibis.memtable({"n": [MOST, 1]}, schema={"n": "int64"})
    with pytest.raises(Exception, match="out of range"):
        BACKEND.to_pyarrow(rows.aggregate(told=narrow(rows.n.sum())))
