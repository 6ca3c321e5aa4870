"""Accounts that several customers hold in equal parts, as `domain.holders` divides them."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from scoring.engine.bank import Bank
from scoring.engine.calendar_months import NotPricedHereError, Pricing
from scoring.engine.exact import part_of


def holders(bank: Bank, pricing: Pricing) -> ir.Table | None:
    """Return account, holder, place and parts of accounts with joint holders.

    Place 1 is the owner's, the others follow by customer; None where nothing is to be divided.
    """
    if not pricing.divided:
        return None
    if bank.joint is None:
        raise NotPricedHereError("The bank does not tell the joint holders among whom to divide.")
    owned = bank.accounts.select("account", owner="customer")
    joint = bank.joint.select("account", holder="customer").distinct()
    joint = joint.inner_join(owned, "account")
    joint = joint.filter(joint.holder != joint.owner)
    owners = joint.select("account", "owner", holder="owner").distinct()
    every = ibis.union(joint.select(owners.columns), owners)
    order = [ibis.desc(every.holder == every.owner), every.holder]
    place = ibis.row_number().over(group_by="account", order_by=order) + 1
    parts = every.count().over(group_by="account")
    return every.select("account", "holder", place=place, parts=parts)


def divided(
    rows: ir.Table, holders: ir.Table | None, pricing: Pricing, columns: Sequence[str]
) -> ir.Table:
    """Give each holder a row with the parts of `columns`, in months in which they have parts."""
    if holders is None:
        return rows
    rows = rows.left_join(holders, "account")
    equal = rows.month.isin([ibis.literal(month) for month in pricing.divided])
    rows = rows.filter(rows.place.isnull() | (rows.place == 1) | equal)
    shared = rows.place.notnull() & equal
    parts = {
        name: ibis.ifelse(shared, part_of(rows[name], rows.place, rows.parts), rows[name])
        for name in columns
    }
    rows = rows.mutate(customer=ibis.ifelse(shared, rows.holder, rows.customer), **parts)
    return rows.drop("account_right", "holder", "place", "parts")
