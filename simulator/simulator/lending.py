"""Loans: drawn, repaid month by month from the current account, some of them no longer."""

from dataclasses import dataclass

import numpy as np

from simulator import manners
from simulator.catalogue import CUSTOMER_PPM, LOANS
from simulator.holdings import Holdings, Lot
from simulator.span import Integers, Month, Span, month_number
from simulator.till import Till

GRADE_SHARES = (0.945, 0.03, 0.012, 0.008, 0.005)
ARREARS = ((0, 0), (1, 3), (3, 7), (7, 13), (13, 25))
"""For how many months, at the least and below the most, each grade has not been repaid."""

BY_SCHEDULE = "mortgage"
REPAYMENT_DAY = 23
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a lot of loans; `stops` is the month, from 1970 on, of the first missed part."""

    lot: Lot
    instalment: Integers
    grade: Integers
    stops: Integers


class Lending:
    """What is still owed, by product and place in the lot, in fen."""

    def __init__(self, held: Holdings, till: Till, when: Span, rng: np.random.Generator) -> None:
        self._till, self._when = till, when
        self.terms = {product: _agree(held.lot(product), when, rng) for product in LOANS}
        self.owed: dict[str, Integers] = {}
        for product, agreed in self.terms.items():
            lot = agreed.lot
            old = lot.opened < when.first
            self.owed[product] = np.where(old, lot.amount - repaid(agreed, when.months[0]), 0)
            if product != BY_SCHEDULE:
                till.moved.add(lot.account[old], -self.owed[product][old], 0, manners.OPENING)

    def lend(self, month: Month, rng: np.random.Generator) -> None:
        """Pay out what is granted in the month; it is spent on the same day."""
        for product, agreed in self.terms.items():
            lot = agreed.lot
            opened = self._when.offset(lot.opened)
            new = np.flatnonzero((opened >= month.offset) & (opened < month.offset + month.days))
            self.owed[product][new] = lot.amount[new]
            mobile = (rng.random(new.size) < 0.5) & (product == "consumer_loan")  # noqa: PLR2004 - by telephone
            if product != BY_SCHEDULE:
                manner = np.where(mobile, manners.DRAWN_MOBILE, manners.DRAWN)
                self._till.moved.add(lot.account[new], -lot.amount[new], opened[new], manner)
            self._till.through(
                lot.owner[new], lot.amount[new], opened[new],
                (manners.PAID_OUT, manners.SPENT_LOAN),
            )  # fmt: skip

    def collect(self, month: Month) -> None:
        """Take every part that is due from the owner's account; who is short pays it in first."""
        if month.days <= REPAYMENT_DAY:
            return
        day = month.offset + REPAYMENT_DAY
        number = month.number
        for product, agreed in self.terms.items():
            lot, owed = agreed.lot, self.owed[product]
            runs = (lot.opened < month.first) & (owed > 0) & (agreed.stops > number)
            who = np.flatnonzero(runs)
            part = np.minimum(agreed.instalment[who], owed[who])
            interest = owed[who] * (CUSTOMER_PPM[product] // 12) // MILLION
            owner = lot.owner[who]
            short = np.maximum(part + interest - self._till.left[owner], 0)
            self._till.moved.add(self._till.account[owner], short, day, manners.TOP_UP)
            self._till.left[owner] += short
            self._till.balance[owner] += short
            self._till.debit(owner, part, day, manners.INSTALMENT)
            self._till.debit(owner, interest, day, manners.LOAN_INTEREST)
            owed[who] -= part
            if product != BY_SCHEDULE:
                self._till.moved.add(lot.account[who], part, day, manners.REPAID)
            done = who[owed[who] == 0]
            lot.closed[done] = self._when.first + day


def repaid(agreed: Terms, month: Month) -> Integers:
    """Sum up what was repaid of each loan before the month."""
    until = np.minimum(month.number, agreed.stops)
    parts = np.maximum(until - month_number(agreed.lot.opened) - 1, 0)
    return np.minimum(agreed.instalment * parts, agreed.lot.amount)


def _agree(lot: Lot, when: Span, rng: np.random.Generator) -> Terms:
    instalment = -(-lot.amount // np.maximum(lot.term, 1))
    now = when.months[-1].number + 1
    age = now - month_number(lot.opened)
    grade = rng.choice(len(GRADE_SHARES), len(lot), p=GRADE_SHARES)
    least, below = np.array(ARREARS).T
    missed = least[grade] + (rng.random(len(lot)) * (below - least)[grade]).astype(np.int64)
    # a loan younger than its arrears is still a good one; one on schedule is repaid by definition
    good = (missed >= age - 1) | (lot.product == BY_SCHEDULE)
    grade = np.where(good, 0, grade)
    stops = np.where(grade > 0, now - missed, 1 << 30)
    return Terms(lot, instalment, grade, stops)
