"""Money put aside: time deposits that renew, wealth products, funds, policies, shares."""

import numpy as np

from simulator import manners
from simulator.calendar_days import drawn, working_days
from simulator.catalogue import CUSTOMER_PPM
from simulator.holdings import Holdings, Lot
from simulator.people import FEN
from simulator.span import Flags, Floats, Integers, Month, Span, month_number
from simulator.till import Till

RENEWED = 0.7
STAYS = 0.5
SOLD, BOUGHT = 0.03, 0.04
PLACED = {
    "time_deposit": manners.SAVED,
    "agreement_deposit": manners.SWEPT_IN,
    "margin_deposit": manners.SAVED,
    "member_share": manners.SHARES,
    "wealth_product": manners.WEALTH_BOUGHT_COUNTER,
    "fund": manners.WEALTH_BOUGHT,
    "agency_insurance": manners.PREMIUM,
}
"""What is put aside, and how it comes to its account."""

DIVIDEND_MONTH, DIVIDEND_DAY, DIVIDEND_PPM = 3, 19, 40_000
MILLION = 1_000_000


class Savings:
    """The balances of what is put aside, by product and place in the lot."""

    def __init__(self, held: Holdings, till: Till, when: Span) -> None:
        self._held, self._till, self._when = held, till, when
        self.balance: dict[str, Integers] = {}
        self._opened: dict[str, Integers] = {}
        for product in PLACED:
            lot = held.lot(product)
            self._opened[product] = when.offset(lot.opened)
            old = self._opened[product] < 0
            self.balance[product] = np.where(old, lot.amount, 0)
            till.moved.add(lot.account[old], lot.amount[old], 0, manners.OPENING)
        deposits = held.lot("time_deposit")
        self._due = _next_due(deposits, deposits.term, when)

    def place(self, month: Month) -> None:
        """Put aside in the month what is opened in it; the money comes from outside."""
        till = self._till
        for product, manner in PLACED.items():
            lot, opened = self._held.lot(product), self._opened[product]
            new = np.flatnonzero((opened >= month.offset) & (opened < month.offset + month.days))
            self._put(lot, new, lot.amount[new], opened[new], manner)
            if product in ("wealth_product", "fund"):
                till.through(
                    lot.owner[new], lot.amount[new], opened[new],
                    (manners.BROUGHT, manners.WEALTH_PAID),
                )  # fmt: skip

    def mature(
        self, month: Month, target: Floats, gone: Integers, rng: np.random.Generator
    ) -> None:
        """End the time deposits that are due: most are renewed with their interest."""
        lot = self._held.lot("time_deposit")
        balance = self.balance[lot.product]
        end = month.offset + month.days
        due = (self._due >= month.offset) & (self._due < end) & (balance > 0)
        who = np.flatnonzero(due & (gone[lot.owner] > end))
        day = self._due[who]
        earned = balance[who] * CUSTOMER_PPM[lot.product] // MILLION * lot.term[who] // 12
        self._put(lot, who, earned, day, manners.INTEREST)
        again = rng.random(who.size) < RENEWED
        self._due = np.where(due, _later(self._due, lot.term, self._when), self._due)
        out = who[~again]
        amount, day = balance[out].copy(), day[~again]
        self._put(lot, out, -amount, day, manners.MATURED)
        lot.closed[out] = self._when.first + day
        owner = lot.owner[out]
        self._till.credit(owner, amount, day, manners.FROM_MATURITY)
        stays = rng.random(out.size) < STAYS
        target[owner[stays]] += amount[stays]
        away = owner[~stays]
        self._till.moved.add(
            self._till.account[away],
            -amount[~stays],
            day[~stays] + 1,
            manners.MOVED_AWAY,
        )
        self._till.balance[away] -= amount[~stays]

    def invest(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Buy more of wealth products and funds, and sell some of them."""
        days = working_days(month)
        for product in ("wealth_product", "fund"):
            lot, balance = self._held.lot(product), self.balance[product]
            old = (self._opened[product] < month.offset) & here[lot.owner]
            chance = rng.random(len(lot))
            who = np.flatnonzero(old & (chance < SOLD) & (balance > 0))
            amount = balance[who] // (200 * FEN) * (100 * FEN)
            day = self._within(month, drawn(days, who.size, rng))
            self._put(lot, who, -amount, day, manners.WEALTH_SOLD)
            self._till.credit(lot.owner[who], amount, day, manners.WEALTH_BACK)
            more = np.flatnonzero(old & (chance > 1 - BOUGHT))
            amount = (lot.amount[more] * rng.uniform(0.1, 0.5, more.size)).astype(np.int64)
            day = self._within(month, drawn(days, more.size, rng))
            counter = rng.random(more.size) < 0.3  # noqa: PLR2004 - bought at the counter
            manner = np.where(counter, manners.WEALTH_BOUGHT_COUNTER, manners.WEALTH_BOUGHT)
            self._put(lot, more, amount, day, manner)
            self._till.through(lot.owner[more], amount, day, (manners.BROUGHT, manners.WEALTH_PAID))

    def insure(self, month: Month, here: Flags) -> None:
        """Pay every policy's premium on its yearly day."""
        lot = self._held.lot("agency_insurance")
        opened = self._opened[lot.product]
        same = (month_number(lot.opened) - month.number) % 12 == 0
        who = np.flatnonzero(same & (opened < month.offset) & here[lot.owner])
        day = self._within(month, who % 25)
        self._put(lot, who, lot.amount[who], day, manners.PREMIUM_AGAIN)
        self._till.through(
            lot.owner[who], lot.amount[who], day, (manners.BROUGHT, manners.PREMIUM_PAID)
        )

    def sweep(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Move a firm's money between its settlement account and its agreement deposit."""
        lot = self._held.lot("agreement_deposit")
        balance = self.balance[lot.product]
        old = np.flatnonzero((self._opened[lot.product] < month.offset) & here[lot.owner])
        up = rng.random(old.size) < 0.5  # noqa: PLR2004 - as often there as back
        share = rng.uniform(0.05, 0.3, old.size)
        day = self._within(month, rng.integers(0, 25, old.size))
        to = old[up]
        wanted = (self._till.left[lot.owner[to]] * share[up]).astype(np.int64)
        moved = self._till.debit(lot.owner[to], wanted, day[up], manners.SWEPT_OUT)
        self._put(lot, to, moved, day[up], manners.SWEPT_IN)
        back = old[~up]
        amount = (balance[back] * share[~up]).astype(np.int64)
        self._put(lot, back, -amount, day[~up], manners.SWEPT_OUT)
        self._till.credit(lot.owner[back], amount, day[~up], manners.SWEPT_IN)

    def share_out(self, month: Month, here: Flags) -> None:
        """Pay the members' yearly dividend to their current accounts."""
        if month.month != DIVIDEND_MONTH or month.days <= DIVIDEND_DAY:
            return
        lot = self._held.lot("member_share")
        who = np.flatnonzero((self._opened[lot.product] < month.offset) & here[lot.owner])
        amount = self.balance[lot.product][who] * DIVIDEND_PPM // MILLION
        self._till.credit(lot.owner[who], amount, month.offset + DIVIDEND_DAY, manners.DIVIDEND)

    def leave(self, leaving: Integers, day: Integers) -> None:
        """Pay out everything to those who leave, on their day."""
        on = np.full(self._till.balance.size, -1)
        on[leaving] = day
        for product in PLACED:
            lot, balance = self._held.lot(product), self.balance[product]
            out = np.flatnonzero((on[lot.owner] >= 0) & (self._opened[product] <= on[lot.owner]))
            manner = (
                manners.WEALTH_SOLD if product in ("wealth_product", "fund") else manners.EMPTIED
            )
            self._put(lot, out, -balance[out], on[lot.owner[out]], manner)
            still = np.isnat(lot.closed[out])
            lot.closed[out[still]] = self._when.first + on[lot.owner[out[still]]]

    def _put(
        self, lot: Lot, who: Integers, amount: Integers, day: Integers, manner: Integers | int
    ) -> None:
        self._till.moved.add(lot.account[who], amount, day, manner)
        self.balance[lot.product][who] += np.where(day < self._when.days, amount, 0)

    @staticmethod
    def _within(month: Month, day: Integers) -> Integers:
        return month.offset + np.minimum(day, month.days - 1)


def _next_due(lot: Lot, term: Integers, when: Span) -> Integers:
    """Return the first end of each contract that is not before the history, counted in days."""
    first = when.months[0].number
    began = month_number(lot.opened)
    ends = lot.due
    rounds = np.maximum(-((began - first) // np.maximum(term, 1)), 1)
    day = (ends - ends.astype("datetime64[M]")).astype(np.int64)
    due = (lot.opened.astype("datetime64[M]") + term * rounds).astype("datetime64[D]") + day
    late = due < when.first
    again = (due.astype("datetime64[M]") + term).astype("datetime64[D]") + day
    return when.offset(np.where(late, again, due))


def _later(due: Integers, term: Integers, when: Span) -> Integers:
    """Return the same day of the month, a term later."""
    days = when.first + due
    month = days.astype("datetime64[M]")
    day = (days - month).astype(np.int64)
    return when.offset((month + term).astype("datetime64[D]") + day)
