"""Exact integers inside expressions: wide sums, one way to round, and narrow results or none.

Wide numbers have 38 digits; what does not fit stops the whole computation instead of turning
wrong. With amounts below 10^15 a loan's expected loss, the largest number of all, comes there
only with 10^9 postings on one account.
"""

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

WIDE = "decimal(38, 0)"
NARROW = "int64"
_NAME = "sheaf_half_away"
_SIZE = "((2 * abs(n::{type}) + d::{type}) // (2 * d::{type}) * sign(n))::BIGINT"
_MACRO = f"""
CREATE OR REPLACE TEMP MACRO {_NAME}(n, d) AS CASE
  WHEN n BETWEEN -4000000000000000000 AND 4000000000000000000 AND d <= 1000000000000000
  THEN {_SIZE.format(type="BIGINT")} ELSE {_SIZE.format(type="HUGEINT")} END
"""
"""Where 64 bits are enough they are used: they divide many times faster."""


def _half_away(numerator, denominator):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (a mere name)
    """Stand for the backend's function of this name."""


_rounded = ibis.udf.scalar.builtin(_half_away, name=_NAME, signature=((WIDE, NARROW), NARROW))


def prepare(backend: BaseBackend) -> None:
    """Teach a DuckDB connection to divide integers: Ibis' and DuckDB's own go through floats."""
    backend.raw_sql(_MACRO)


def wide(amount: ir.NumericValue) -> ir.DecimalValue:
    """Make an integer 38 digits wide; Ibis must be told again after each calculation."""
    return amount.cast(WIDE)


def minor(amount: ir.DecimalValue) -> ir.IntegerValue:
    """Make an amount 64 bits wide again."""
    return amount.cast(NARROW)


def half_away(numerator: ir.DecimalValue, denominator: ir.IntegerValue) -> ir.IntegerValue:
    """Divide and round half away from zero; `denominator` must be positive."""
    return _rounded(wide(numerator), denominator)


def month_index(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of a day's month; the next month's is one more."""
    return day.year() * 12 + day.month() - 1
