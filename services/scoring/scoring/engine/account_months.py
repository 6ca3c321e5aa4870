"""Every account in every month: its balance-days, its acts, its prices, and what it lacks."""

import ibis
import ibis.expr.types as ir

from scoring.engine.calendar_months import Pricing
from scoring.engine.exact import month_index, narrow
from scoring.engine.loans import with_schedule
from scoring.engine.prices import Prices
from scoring.engine.said import CURRENCY, CUSTOMER, SCHEME, TERMS, TRANSFER
from scoring.engine.stages import Stages

_ZERO = ibis.literal(0, type="int64")
_YES, _NO = ibis.literal(value=True), ibis.literal(value=False)


def account_months(
    stages: Stages, held: ir.Table, atoms: ir.Table, said: Prices, pricing: Pricing
) -> ir.Table:
    """Return the months that count for something, from each account's opening on.

    `lacks` has the bits of what the month lacks; the columns of `atoms` are null in months
    without postings.
    """
    rows = _grid(held, atoms, said.rows, pricing).mutate(**said.everywhere)
    rows = stages.settled(with_schedule(stages.settled(rows)))
    rows = rows.mutate(
        balance_days=rows.opening * rows.through + (rows.through + 1) * rows.s0 - rows.s1,
        open=rows.closed_on.isnull() | (rows.closed_on >= rows.month),
    )
    rows = stages.settled(rows.filter((rows.balance_days != 0) | rows.active | rows.open))
    balance = rows.balance_days != 0
    lacks_when = (
        (ibis.literal(value=True), SCHEME),
        (balance | rows.active, CURRENCY),
        (balance, CUSTOMER | TRANSFER | TERMS),
    )
    bits = [ibis.ifelse(when, rows.may_lack & bit, 0) for when, bit in lacks_when]
    return rows.mutate(lacks=bits[0] + bits[1] + bits[2])


def _grid(held: ir.Table, atoms: ir.Table, prices: ir.Table, pricing: Pricing) -> ir.Table:
    """Return every account in every month; those with postings are found without a large join.

    Months with postings are the atoms, each with its account; the others are made from the
    accounts, which know in which months they moved.
    """
    months = range(pricing.before + 1, pricing.before + 1 + len(pricing.months))
    moved = atoms.group_by("account").aggregate(
        **{f"before_{month}": narrow(atoms.s0.sum(where=atoms.index < month)) for month in months},
        **{f"moved_{month}": (atoms.index == month).any() for month in months},
    )
    known = held.left_join(moved, "account").drop("account_right")

    def of_month(rows: ir.Table, name: str, default: ir.Value) -> ir.Value:
        branches = [(rows.index == month, rows[f"{name}_{month}"]) for month in months]
        return ibis.cases(*branches).fill_null(default) if branches else default

    def told(rows: ir.Table) -> ir.Table:
        rows = rows.mutate(opening=of_month(rows, "before", _ZERO))
        rows = rows.filter(month_index(rows.opened_on) <= rows.index)
        return rows.drop(*(f"{name}_{month}" for name in ("before", "moved") for month in months))

    columns = [name for name in atoms.columns if name not in {"account", "index"}]
    still = known.inner_join(prices, "kind")
    still = still.filter(~of_month(still, "moved", _NO))
    nothing = {name: ibis.null(atoms[name].type()) for name in columns}
    still = told(still).mutate(**nothing | {"s0": _ZERO, "s1": _ZERO}, active=_NO)
    # an outer join, or DuckDB would multiply the atoms with the prices first
    busy = atoms.filter(atoms.index > pricing.before).left_join(known, "account")
    busy = busy.drop("account_right")
    busy = told(busy.inner_join(prices, ["kind", "index"])).mutate(active=_YES)
    return ibis.union(busy, still.select(busy.columns))
