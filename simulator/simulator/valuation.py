"""What every customer is worth under the bank's own scheme: its true contribution, to the fen."""

import numpy as np

from simulator.catalogue import LINE_OF, LINES, margins
from simulator.history import Past
from simulator.holdings import Holdings
from simulator.lending import BY_SCHEDULE, Terms
from simulator.movements import Ledger
from simulator.span import Flags, Floats, Integers, Span, month_number
from simulator.tariff import MILLION, Entry, tariff

COST = len(LINES)
"""The place of cost to serve, after the lines."""

PRICED = ("deposit", "settlement", "international", "loan")


def contributions(past: Past, held: Holdings, when: Span, customers: int) -> Integers:
    """Return fen by customer, line (cost to serve last) and month of the history."""
    months = len(when.months)
    ledger = past.ledger
    sums = Sums(ledger, held, when)
    worth = np.zeros((len(LINES) + 1, len(held), months), dtype=np.int64)
    balance = sums.balance_days(when)
    agreed = past.terms[BY_SCHEDULE]
    balance[agreed.lot.account] = on_schedule(agreed, when)
    for lot in held.lots:
        line = LINE_OF[lot.product]
        if line not in PRICED or not len(lot):
            continue
        days = balance[lot.account]
        # a deposit's margin is transfer - customer, a loan's the other way on what is owed
        sign = -1 if line == "loan" else 1
        leaf = half_away(sign * days * margins(when, lot.product), tariff().basis * MILLION)
        worth[LINES.index(line), lot.account] += leaf
        if line == "loan":
            owed = np.maximum(-days, 0)
            loss = tariff().loss_ppm[past.terms[lot.product].grade][:, None]
            worth[LINES.index("loan"), lot.account] += half_away(
                -owed * loss, tariff().basis * MILLION
            )
    _acts(worth, sums, _open_in(held, when))
    owner = held.owner
    flat = worth.transpose(1, 0, 2).reshape(len(held), -1)
    by_customer = np.zeros((customers, flat.shape[1]), dtype=np.int64)
    np.add.at(by_customer, owner, flat)
    return by_customer.reshape(customers, len(LINES) + 1, months)


def half_away(amount: Integers, divisor: int) -> Integers:
    """Divide, rounding to the nearest, halves away from zero."""
    whole = (np.abs(amount) + divisor // 2) // divisor
    result: Integers = np.where(amount < 0, -whole, whole)
    return result


class Sums:
    """Sums of a ledger by account and month."""

    def __init__(self, ledger: Ledger, held: Holdings, when: Span) -> None:
        offsets = np.array([month.offset for month in when.months])
        month_of_day = np.searchsorted(offsets, np.arange(when.days), side="right") - 1
        month = month_of_day[ledger.day]
        self.shape = (len(held), len(when.months))
        self.ledger = ledger
        self.cell = ledger.account * self.shape[1] + month
        self.day_of_month = ledger.day - offsets[month] + 1

    def over(self, weight: Integers | None, chosen: Flags | None = None) -> Integers:
        """Sum `weight` (count without it) of the chosen manners; exact below 2^53."""
        cell = self.cell
        if chosen is not None:
            mask = chosen[self.ledger.manner]
            cell = cell[mask]
            weight = None if weight is None else weight[mask]
        floats: Floats | None = None if weight is None else weight.astype(np.float64)
        found = np.bincount(cell, floats, self.shape[0] * self.shape[1])
        return found.astype(np.int64).reshape(self.shape)

    def closing(self) -> Integers:
        """Return the balances at the end of each month."""
        found: Integers = np.cumsum(self.over(self.ledger.amount), axis=1)
        return found

    def balance_days(self, when: Span) -> Integers:
        """Sum the balances at the end of every day of each month."""
        amount = self.ledger.amount
        s0, s1 = self.over(amount), self.over(amount * self.day_of_month)
        opening = np.cumsum(s0, axis=1) - s0
        days = np.array([month.days for month in when.months])
        found: Integers = opening * days + (days + 1) * s0 - s1
        return found


def on_schedule(agreed: Terms, when: Span) -> Integers:
    """Balance-days of loans that follow their terms: parts fall due on the day of the grant."""
    lot = agreed.lot
    found = np.zeros((len(lot), len(when.months)), dtype=np.int64)
    granted = month_number(lot.opened)
    day = (lot.opened - lot.opened.astype("datetime64[M]")).astype(np.int64) + 1
    for place, month in enumerate(when.months):
        nth = month.number - granted
        before = np.clip(lot.amount - agreed.instalment * np.maximum(nth - 1, 0), 0, None)
        before = np.where((nth > 0) & (nth <= lot.term), before, 0)
        part = np.where(nth == lot.term, before, np.minimum(agreed.instalment, before))
        part = np.where(nth == 0, -lot.amount, part)
        falls = np.minimum(day, month.whole)
        rest = np.maximum(month.days - falls + 1, 0)
        found[:, place] = -before * month.days + part * rest
    return found


def left_on_schedule(agreed: Terms, when: Span) -> Integers:
    """Balances of the same at the end of each month."""
    lot = agreed.lot
    nth = np.array([month.number for month in when.months]) - month_number(lot.opened)[:, None]
    left = np.clip(lot.amount[:, None] - agreed.instalment[:, None] * nth, 0, None)
    found: Integers = -np.where((nth >= 0) & (nth < lot.term[:, None]), left, 0)
    return found


def _open_in(held: Holdings, when: Span) -> Flags:
    months = np.array([month.number for month in when.months])
    opened = month_number(held.opened_on)[:, None]
    closed = held.closed_on
    last = np.where(np.isnat(closed), 1 << 30, month_number(closed))[:, None]
    there: Flags = (opened <= months) & (last >= months)
    return there


def _acts(worth: Integers, sums: Sums, there: Flags) -> None:
    """Price what was done, and charge what it cost."""
    prices, amount = tariff(), sums.ledger.amount
    for fee in prices.fees:
        worth[fee.line] += half_away(-sums.over(amount, fee.takes) * fee.ppm, MILLION)
    for entry in (*prices.units, *prices.foreign):
        worth[entry.line] += _unit(sums, entry)
    saved = sums.over(prices.saved[sums.ledger.manner], prices.electronic)
    worth[LINES.index("e_banking")] += half_away(saved * prices.credit_ppm, MILLION)
    worth[COST] -= sums.over(prices.cost[sums.ledger.manner]) + prices.account_month * there


def _unit(sums: Sums, entry: Entry) -> Integers:
    items = sums.over(None, entry.takes)
    size = np.abs(sums.over(sums.ledger.amount, entry.takes))
    return half_away(items * entry.per_item * MILLION + size * entry.ppm, MILLION)
