"""Business of a few: foreign exchange, letters of credit, and the dressing of month-ends."""

import numpy as np

from simulator import manners
from simulator.calendar_days import drawn, working_days
from simulator.holdings import Holdings
from simulator.organisation import Organisation
from simulator.people import FEN, People
from simulator.span import Days, Flags, Integers, Month, Span
from simulator.till import Till

TRADES = 0.4
TRADE_FEE_PPM = 1_500
DRESSED_STANDING = 0.9
DRESSING_SHARE = 0.4
QUARTER_ENDS = (3, 6, 9, 12)
MILLION = 1_000_000


class Trading:
    """What goes through international accounts, and what was lent to a branch over a month-end."""

    def __init__(
        self, people: People, held: Holdings, bank: Organisation, till: Till, when: Span
    ) -> None:
        self._people, self._held, self._till, self._when = people, held, till, when
        helps = (people.standing > DRESSED_STANDING) & ~people.duplicate & ~people.dormant
        self._helpers: Flags = helps & bank.dressed[people.place] & (held.account_of >= 0)
        self._lent: Integers = np.zeros(len(people), dtype=np.int64)

    def exchange(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Buy and sell foreign currency; what comes to the account goes on the same day."""
        lot = self._held.lot("fx_account")
        who = self._busy(lot.opened, lot.owner, month, here, rng)
        share = rng.uniform(0.2, 1.0, who.size)
        amount = np.maximum((lot.amount[who] * share).astype(np.int64), 500 * FEN)
        day = self._days(month, who.size, rng)
        exports = rng.random(who.size) < 0.6  # noqa: PLR2004 - the others import
        comes = np.where(exports, manners.FX_SOLD, manners.IMPORT_PAID)
        goes = np.where(exports, manners.EXPORT_PAID, manners.FX_BOUGHT)
        self._till.moved.add(lot.account[who], amount, day, comes)
        self._till.moved.add(lot.account[who], -amount, day, goes)

    def guarantee(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Open and settle letters of credit, for a fee."""
        lot = self._held.lot("letter_of_credit")
        who = self._busy(lot.opened, lot.owner, month, here, rng)
        size = self._people.wealth[lot.owner[who]]
        amount = np.maximum((size * rng.uniform(0.05, 0.3, who.size)).astype(np.int64), 1_000 * FEN)
        day = self._days(month, who.size, rng)
        self._till.moved.add(lot.account[who], amount, day, manners.TRADED)
        self._till.moved.add(lot.account[who], -amount, day, manners.TRADED_BACK)
        fee = amount * TRADE_FEE_PPM // MILLION
        self._till.debit(lot.owner[who], fee, day, manners.TRADE_FEE)

    def undress(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Take away in the first days what stood there over the month-end."""
        who = np.flatnonzero((self._lent > 0) & here)
        day = np.minimum(rng.integers(0, 2, who.size), month.days - 1)
        self._till.debit(who, self._lent[who], month.offset + day, manners.WINDOW_OUT)
        self._lent[:] = 0

    def dress(self, month: Month, here: Flags, rng: np.random.Generator) -> None:
        """Bring money on the last day of the month, above all of the quarter."""
        if month.days < month.whole:
            return
        chance = 0.75 if month.month in QUARTER_ENDS else 0.25
        helping = self._helpers & here & (rng.random(len(self._people)) < chance)
        who = np.flatnonzero(helping)
        amount = self._people.wealth[who] * rng.uniform(0.2, DRESSING_SHARE, who.size)
        self._lent[who] = amount.astype(np.int64) // (1_000 * FEN) * (1_000 * FEN)
        self._till.credit(who, self._lent[who], month.offset + month.days - 1, manners.WINDOW_IN)

    def _busy(
        self, opened: Days, owner: Integers,
        month: Month, here: Flags, rng: np.random.Generator,
    ) -> Integers:  # fmt: skip
        drawn_now = rng.random(owner.size) < TRADES
        return np.flatnonzero((opened < month.first) & here[owner] & drawn_now)

    @staticmethod
    def _days(month: Month, count: int, rng: np.random.Generator) -> Integers:
        return month.offset + np.minimum(drawn(working_days(month), count, rng), month.days - 1)
