"""Loans that follow their terms: balances of any month in closed form, as `domain.loan` steps."""

import ibis
import ibis.expr.types as ir

from scoring.domain.loan import BalanceBasis
from scoring.engine.exact import month_index


def with_schedule(rows: ir.Table) -> ir.Table:
    """Put the terms' opening, s0 and s1 in place of the postings', where terms are `followed`.

    Month 0 is the grant's; in month k the k-th instalment is paid, and after the last of them
    nothing is owed.
    """
    step = rows.index - month_index(rows.granted_on)
    before, after = _owed(rows, step - 1), _owed(rows, step)
    granted_day = rows.granted_on.day().cast("int64")
    day = ibis.least(granted_day, rows.days)
    moved = ibis.ifelse(day <= rows.through, before - after, 0)
    follows = (rows.balance_basis == BalanceBasis.SCHEDULE.value).fill_null(False)  # noqa: FBT003
    return rows.mutate(
        opening=ibis.ifelse(follows, -before, rows.opening),
        s0=ibis.ifelse(follows, moved, rows.s0),
        s1=ibis.ifelse(follows, moved * day, rows.s1),
        followed=follows,
        followed_day=day,
    )


def _owed(rows: ir.Table, step: ir.IntegerValue) -> ir.IntegerValue:
    """Return what is owed at the end of month `step`; below 0 it is nothing yet."""
    paid = step * rows.instalment_minor
    return ibis.cases(
        (step < 0, 0),
        (step >= rows.term_months, 0),
        else_=ibis.greatest(rows.principal_minor - paid, 0),
    )
