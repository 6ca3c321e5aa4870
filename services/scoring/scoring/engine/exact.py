"""Exact integers inside expressions: 64 bits where they are enough, one way to round, or none.

What does not fit stops the whole computation instead of turning wrong: both backends refuse a sum,
a product or a cast that overflows. Ibis' `//` and the backends' own `/` on integers go through
floats, so each backend is taught the few functions below before anything is priced.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

NARROW, WIDE = "int64", "decimal(38, 0)"
"""Enough for any sum that can be told; and for what is weighed with a rate before it is divided."""

_DUCKDB = (
    "CREATE OR REPLACE TEMP MACRO sheaf_narrow(n) AS n::BIGINT",
    """
CREATE OR REPLACE TEMP MACRO sheaf_share(n, part, whole) AS CASE
  WHEN abs(n) <= 4000000000000 AND abs(part) <= 1000000
  THEN (abs(n * part) + whole // 2) // whole * sign(n) * sign(part)
  ELSE ((abs(n::HUGEINT * part) + whole // 2) // whole * sign(n) * sign(part))::BIGINT END
""",
    """
CREATE OR REPLACE TEMP MACRO sheaf_fine_share(n, part, whole) AS (
  (abs(n::HUGEINT * part::HUGEINT) + whole::HUGEINT // 2) // whole::HUGEINT
  * sign(n) * sign(part::HUGEINT))::BIGINT
""",
    """
CREATE OR REPLACE TEMP MACRO sheaf_weighed(n, weight) AS
  (n::HUGEINT * weight::HUGEINT)::DECIMAL(38, 0)
""",
    """
CREATE OR REPLACE TEMP MACRO sheaf_rounded(n, whole) AS (
  (abs(n::HUGEINT) + whole::HUGEINT // 2) // whole::HUGEINT * sign(n::HUGEINT)
)::BIGINT
""",
    """
CREATE OR REPLACE TEMP MACRO sheaf_converted(n, divisor, part, whole) AS (
  (abs(n::HUGEINT) // divisor::HUGEINT * abs(part::HUGEINT)) // whole::HUGEINT
  + ((abs(n::HUGEINT) // divisor::HUGEINT * abs(part::HUGEINT)) % whole::HUGEINT * divisor::HUGEINT
    + abs(n::HUGEINT) % divisor::HUGEINT * abs(part::HUGEINT)
    + divisor::HUGEINT * whole::HUGEINT // 2) // (divisor::HUGEINT * whole::HUGEINT)
  )::BIGINT * sign(n::HUGEINT) * sign(part::HUGEINT)
""",
    """
CREATE OR REPLACE TEMP MACRO sheaf_part(n, place, parts) AS
  sign(n) * (abs(n) // parts + CASE WHEN place <= abs(n) % parts THEN 1 ELSE 0 END)
""",
)
"""Where 64 bits are enough they are used: DuckDB divides them several times faster."""
_SPARK = (
    # or its optimizer writes every expression into every other until there is no end
    "SET spark.sql.optimizer.excludedRules=org.apache.spark.sql.catalyst.optimizer.CollapseProject",
    "SET spark.sql.constraintPropagation.enabled=false",
    # or it writes down, for every query, the plans of all that is kept, each time one is read
    "SET spark.sql.maxPlanStringLength=10000",
    "CREATE OR REPLACE TEMPORARY FUNCTION sheaf_narrow(n BIGINT) RETURNS BIGINT RETURN n",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_parts(size DECIMAL(38, 0), whole DECIMAL(38, 0))
  RETURNS BIGINT RETURN CAST((size - size % whole) / whole AS BIGINT)
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_share(n BIGINT, part BIGINT, whole BIGINT)
  RETURNS BIGINT RETURN sheaf_parts(
    abs(CAST(n AS DECIMAL(19, 0)) * CAST(part AS DECIMAL(19, 0))) + whole div 2, whole
  ) * CASE WHEN (n < 0) <> (part < 0) THEN -1 ELSE 1 END
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_fine_share(
  n BIGINT, part DECIMAL(38, 0), whole DECIMAL(38, 0)
) RETURNS BIGINT RETURN sheaf_parts(
    abs(CAST(n AS DECIMAL(19, 0)) * part) + (whole - whole % 2) / 2, whole
  ) * CASE WHEN (n < 0) <> (part < 0) THEN -1 ELSE 1 END
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_weighed(n BIGINT, weight DECIMAL(38, 0))
  RETURNS DECIMAL(38, 0) RETURN CAST(n AS DECIMAL(19, 0)) * weight
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_rounded(n DECIMAL(38, 0), whole DECIMAL(38, 0))
  RETURNS BIGINT RETURN sheaf_parts(abs(n) + (whole - whole % 2) / 2, whole)
  * CASE WHEN n < 0 THEN -1 ELSE 1 END
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_wide_parts(size DECIMAL(38, 0), whole DECIMAL(38, 0))
  RETURNS DECIMAL(38, 0) RETURN CAST((size - size % whole) / whole AS DECIMAL(38, 0))
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_converted(
  n DECIMAL(38, 0), divisor DECIMAL(38, 0), part DECIMAL(38, 0), whole DECIMAL(38, 0)
) RETURNS BIGINT RETURN (
    sheaf_parts(sheaf_wide_parts(abs(n), divisor) * abs(part), whole)
    + sheaf_parts(
      sheaf_wide_parts(abs(n), divisor) * abs(part) % whole * divisor
      + abs(n) % divisor * abs(part) + (divisor * whole - divisor * whole % 2) / 2,
      divisor * whole
    )
  ) * CASE WHEN (n < 0) <> (part < 0) THEN -1 ELSE 1 END
""",
    """
CREATE OR REPLACE TEMPORARY FUNCTION sheaf_part(n BIGINT, place BIGINT, parts BIGINT)
  RETURNS BIGINT RETURN CASE WHEN n < 0 THEN -1 ELSE 1 END
    * (abs(n) div parts + CASE WHEN place <= abs(n) % parts THEN 1 ELSE 0 END)
""",
)
"""`div` and `sign` will not do: one turns wrong silently beyond 64 bits, the other is a float.

Parts of an amount are never more than the amount, so `div` may find those.
"""
_FUNCTIONS: Mapping[str, tuple[str, ...]] = {"duckdb": _DUCKDB, "pyspark": _SPARK}


def prepare(backend: BaseBackend) -> None:
    """Teach a backend's connection the functions of this module."""
    for statement in _FUNCTIONS[backend.name]:
        backend.raw_sql(statement)


def _of_one(n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (a mere name)
    """Stand for a backend's function of one argument."""


def _of_two(n, weight):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (likewise)
    """Stand for a backend's function of two arguments."""


def _of_three(n, part, whole):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (likewise)
    """Stand for a backend's function of three arguments."""


def _of_four(n, divisor, part, whole):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (likewise)
    """Stand for a backend's function of four arguments."""


_builtin = ibis.udf.scalar.builtin
_narrow = _builtin(_of_one, name="sheaf_narrow", signature=((NARROW,), NARROW))
_fine_share = _builtin(_of_three, name="sheaf_fine_share", signature=((NARROW, WIDE, WIDE), NARROW))
_weighed = _builtin(_of_two, name="sheaf_weighed", signature=((NARROW, WIDE), WIDE))
_rounded = _builtin(_of_two, name="sheaf_rounded", signature=((WIDE, WIDE), NARROW))
_converted = _builtin(
    _of_four, name="sheaf_converted", signature=((WIDE, WIDE, WIDE, WIDE), NARROW)
)
_part = _builtin(_of_three, name="sheaf_part", signature=((NARROW, NARROW, NARROW), NARROW))
_share = _builtin(_of_three, name="sheaf_share", signature=((NARROW, NARROW, NARROW), NARROW))


def narrow(amount: ir.IntegerValue) -> ir.IntegerValue:
    """Keep a sum in 64 bits; Ibis takes it for that narrow already, DuckDB does not."""
    return _narrow(amount)


def share(
    amount: ir.IntegerValue, part: ir.IntegerValue | int, whole: ir.IntegerValue | int
) -> ir.IntegerValue:
    """Return amount x part / whole, rounded half away from zero; `whole` must be positive.

    With 2 n + d over 2 d one would run out of bits sooner: half of d, rounded down, added to n
    gives the same whole number for every n and d.
    """
    return _share(amount, part, whole)


def fine_share(
    amount: ir.IntegerValue, part: ir.DecimalValue, whole: ir.DecimalValue
) -> ir.IntegerValue:
    """Return the same of a share that is finer than 64 bits can tell."""
    return _fine_share(amount, part, whole)


def weighed(amount: ir.IntegerValue, weight: ir.NumericValue) -> ir.DecimalValue:
    """Return amount x weight in 128 bits."""
    return _weighed(amount, weight.cast(WIDE))


def rounded(total: ir.NumericValue, whole: ir.NumericValue) -> ir.IntegerValue:
    """Return total / whole, rounded half away from zero; `whole` must be positive."""
    return _rounded(total.cast(WIDE), whole.cast(WIDE))


def converted(
    total: ir.DecimalValue, divisor: ir.NumericValue, part: ir.NumericValue, whole: ir.NumericValue
) -> ir.IntegerValue:
    """Return total / divisor x part / whole, rounded once, half away from zero.

    The whole multiples of the divisor go first, so 128 bits hold what is in between; divisor and
    whole must be positive.
    """
    return _converted(*(one.cast(WIDE) for one in (total, divisor, part, whole)))


def part_of(
    amount: ir.IntegerValue, place: ir.IntegerValue, parts: ir.IntegerValue
) -> ir.IntegerValue:
    """Return one of equal parts; what does not divide goes to the first places (`holders.Part`)."""
    return _part(amount, place, parts)


def month_index(day: ir.DateValue) -> ir.IntegerValue:
    """Return the number of a day's month; the next month's is one more."""
    return day.year().cast(NARROW) * 12 + day.month() - 1
