"""The history of money: month by month what comes in, goes out, is paid, charged and repaid."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.holdings import Block, Holdings, instalments
from simulator.movements import Manner, Movements
from simulator.people import FEN, People
from simulator.prices import CUSTOMER_PPM
from simulator.span import Days, Flags, Integers, Month, Span

OPENING = Manner("system", "opening_balance")
SALARY = Manner("interbank", "transfer_in", "salary")
PENSION = Manner("system", "transfer_in", "pension")
HARVEST = Manner("counter", "cash_deposit", "harvest")
SUBSIDY = Manner("system", "transfer_in", "subsidy")
REVENUE = Manner("interbank", "transfer_in", "sales")
INTEREST = Manner("system", "interest_paid", "interest")
REPAYMENT = Manner("system", "loan_repayment", "loan")
TOP_UP = Manner("counter", "cash_deposit", "loan")
CARD_FEE = Manner("system", "fee", "card")
ONLINE_FEE = Manner("system", "fee", "online")
LOAN_PAID_OUT = Manner("system", "transfer_in", "loan")

AT_HOME = (
    Manner("mobile", "card_payment", "shopping"),
    Manner("pos", "card_payment", "shopping"),
    Manner("mobile", "transfer_out", "household"),
    Manner("online", "transfer_out", "household"),
)
AT_THE_BRANCH = (
    Manner("counter", "cash_withdrawal"),
    Manner("self_service", "card_withdrawal"),
    Manner("counter", "transfer_out", "household"),
    Manner("pos", "card_payment", "shopping"),
)
OF_FIRMS = (
    Manner("online", "transfer_out", "wages"),
    Manner("interbank", "transfer_out", "supplies"),
    Manner("counter", "transfer_out", "supplies"),
    Manner("online", "transfer_out", "tax"),
)
WAYS = (*AT_HOME, *AT_THE_BRANCH, *OF_FIRMS)
WAY_SHARES = np.cumsum(
    [(0.45, 0.25, 0.2, 0.1), (0.35, 0.35, 0.12, 0.18), (0.4, 0.35, 0.1, 0.15)], 1
)
BOUGHT = {
    "time_deposit": Manner("counter", "cash_deposit", "savings"),
    "wealth_product": Manner("mobile", "wealth_purchase", "wealth"),
    "agency_insurance": Manner("counter", "insurance_premium", "insurance"),
    "sme_loan": Manner("counter", "loan_drawdown", "loan"),
}
REDEMPTION = Manner("mobile", "wealth_redemption", "wealth")
FOREIGN = (
    (Manner("counter", "fx_sale", "export"), Manner("system", "transfer_out", "export")),
    (Manner("system", "transfer_in", "import"), Manner("online", "fx_purchase", "import")),
    (Manner("counter", "trade_finance", "export"), Manner("system", "transfer_out", "export")),
)
PENSION_DAYS = 60 * 365
HARVEST_MONTHS = (10, 11, 12)
QUARTER_ENDS = (3, 6, 9, 12)
INTEREST_DAY, REPAYMENT_DAY = 20, 24
PPM = 1_000_000


class History:
    """Tells the months in their order; what is held at the end of one opens the next."""

    def __init__(
        self, people: People, held: Holdings, when: Span, rng: np.random.Generator
    ) -> None:
        self._people, self._held, self._when, self._rng = people, held, when, rng
        count = len(people)
        root = np.sqrt(people.wealth / FEN)
        private = (1_500 + 14 * root) * rng.lognormal(0, 0.3, count)
        turnover = people.wealth / FEN * rng.uniform(0.2, 0.6, count)
        self._income = np.where(people.enterprise, turnover, private) * FEN
        self._payday = rng.integers(0, 18, count)
        farmer = rng.random(count) < 0.3  # noqa: PLR2004 - share of those without a wage
        age = (np.datetime64(when.as_of) - people.born).astype(np.int64)
        self._pensioner = ~people.enterprise & (age > PENSION_DAYS)
        self._farmer = ~people.enterprise & ~self._pensioner & farmer
        self._earner = ~people.enterprise & ~self._pensioner & ~farmer
        self._balance = np.where(held.current_opened < when.first, held.current_balance, 0)
        self._wealth = held.block("wealth_product").amount.copy()

    def months(self) -> Iterator[tuple[Month, Movements]]:
        """Every month's movements, in order."""
        for month in self._when.months:
            moved = Movements(month)
            if month is self._when.months[0]:
                self._open_before(moved)
            self._open_now(moved)
            active = self._held.current_opened < month.first
            opening = self._balance.copy()
            self._earn(moved, active)
            self._spend(moved, active, opening)
            self._fees_and_interest(moved, active, opening)
            self._repay(moved)
            self._redeem(moved)
            self._trade(moved)
            yield month, moved

    def _credit(
        self, moved: Movements, who: Integers, amount: Integers, day: Integers | int, how: Manner
    ) -> None:
        """Move money on current accounts, in the history and in what is held."""
        moved.add(who, amount, day, how)
        np.add.at(self._balance, who, amount)

    def _open_before(self, moved: Movements) -> None:
        first = self._when.first
        who = np.flatnonzero(self._held.current_opened < first)
        moved.add(who, self._balance[who], 0, OPENING)
        for product in BOUGHT:
            block = self._held.block(product)
            old = np.flatnonzero(block.opened < first)
            amount = block.amount[old]
            if product == "sme_loan":
                amount = -(amount - self._repaid(block, first)[old])
            moved.add(block.first + old, amount, 0, OPENING)

    def _open_now(self, moved: Movements) -> None:
        month = moved.month
        who, day = _opened_in(self._held.current_opened, month)
        self._credit(
            moved, who, self._held.current_balance[who], day, Manner("counter", "cash_deposit")
        )
        for product, how in BOUGHT.items():
            block = self._held.block(product)
            new, day = _opened_in(block.opened, month)
            sign = -1 if product == "sme_loan" else 1
            moved.add(block.first + new, sign * block.amount[new], day, how)
            if product == "sme_loan":
                # an account opened this very month does not receive what it was not there for
                ready = self._held.current_opened[block.owner[new]] <= block.opened[new]
                owner, amount = block.owner[new][ready], block.amount[new][ready]
                self._credit(moved, owner, amount, day[ready], LOAN_PAID_OUT)

    def _earn(self, moved: Movements, active: Flags) -> None:
        rng, count = self._rng, len(self._people)
        income = (self._income * rng.lognormal(0, 0.08, count)).astype(np.int64)
        for group, how in ((self._earner, SALARY), (self._pensioner, PENSION)):
            who = np.flatnonzero(active & group)
            self._credit(moved, who, income[who], self._payday[who], how)
        who = np.flatnonzero(active & self._farmer)
        season = 30 if moved.month.month in HARVEST_MONTHS else 3
        self._credit(moved, who, income[who] * season // 10, rng.integers(0, 24, who.size), HARVEST)
        if moved.month.month in QUARTER_ENDS:
            subsidy = rng.integers(200, 900, who.size) * FEN
            self._credit(moved, who, subsidy, self._payday[who], SUBSIDY)
        firms = np.flatnonzero(active & self._people.enterprise)
        who, part = self._split(firms, income[firms], rng.integers(2, 9, firms.size))
        self._credit(moved, who, part, rng.integers(0, 24, who.size), REVENUE)

    def _spend(self, moved: Movements, active: Flags, opening: Integers) -> None:
        """Spend at most what was there when the month began, so that no order overdraws."""
        rng, people = self._rng, self._people
        who = np.flatnonzero(active)
        wish = self._income[who] * rng.uniform(0.7, 1.25, who.size)
        total = np.minimum(wish, opening[who] * 0.5).astype(np.int64)
        busy = np.where(people.enterprise[who], 12.0, 2 + 9 * people.digital[who])
        who, part = self._split(who, total, rng.poisson(busy))
        at_home = rng.random(who.size) < people.digital[who]
        group = np.where(people.enterprise[who], 2, np.where(at_home, 0, 1))
        place = (rng.random(who.size)[:, None] > WAY_SHARES[group][:, :3]).sum(axis=1)
        np.add.at(self._balance, who, -part)
        day = rng.integers(0, 28, who.size)
        moved.add_mixed(who, -part, day, group * 4 + place, WAYS)

    def _fees_and_interest(self, moved: Movements, active: Flags, opening: Integers) -> None:
        month = moved.month.month
        account = np.arange(len(self._people))
        rich_enough = active & (opening > 100 * FEN)
        due = np.flatnonzero(rich_enough & ~self._people.enterprise & (account % 12 == month - 1))
        self._credit(moved, due, np.full(due.size, -10 * FEN), 15, CARD_FEE)
        firms = np.flatnonzero(rich_enough & self._people.enterprise)
        self._credit(moved, firms, np.full(firms.size, -20 * FEN), 15, ONLINE_FEE)
        if month in QUARTER_ENDS:
            who = np.flatnonzero(active)
            interest = opening[who] * CUSTOMER_PPM["demand_deposit"] // PPM // 4
            self._credit(moved, who, interest, INTEREST_DAY, INTEREST)

    def _repay(self, moved: Movements) -> None:
        """Take each instalment from the owner's current account; who is short pays in first."""
        month = moved.month
        for product in ("agricultural_loan", "mortgage", "sme_loan"):
            block = self._held.block(product)
            running = np.flatnonzero(
                (block.opened < month.first)
                & (self._held.current_opened[block.owner] < month.first)
            )
            owner, due = block.owner[running], instalments(block)[running]
            short = np.maximum(due - self._balance[owner], 0)
            self._credit(moved, owner, short, REPAYMENT_DAY, TOP_UP)
            self._credit(moved, owner, -due, REPAYMENT_DAY, REPAYMENT)
            if product == "sme_loan":
                step = block.amount // block.term_months
                left = block.amount - self._repaid(block, month.first)
                repaid = np.minimum(step, left)[running]
                moved.add(block.first + running, repaid, REPAYMENT_DAY, REPAYMENT)

    def _redeem(self, moved: Movements) -> None:
        block = self._held.block("wealth_product")
        chosen = self._rng.random(len(block)) < 0.03  # noqa: PLR2004 - monthly chance
        who = np.flatnonzero(chosen & (block.opened < moved.month.first))
        amount = self._wealth[who] // 2
        self._wealth[who] -= amount
        moved.add(block.first + who, -amount, self._rng.integers(0, 24, who.size), REDEMPTION)

    def _trade(self, moved: Movements) -> None:
        """Foreign business: what comes in on the international account goes on the same day."""
        block = self._held.block("fx_account")
        who = np.flatnonzero(block.opened < moved.month.first)
        amount = (block.amount[who] * self._rng.uniform(0.05, 0.3, who.size)).astype(np.int64)
        day = self._rng.integers(0, 24, who.size)
        choice = self._rng.integers(0, len(FOREIGN), who.size)
        account = block.first + who
        moved.add_mixed(account, amount, day, choice, [pair[0] for pair in FOREIGN])
        moved.add_mixed(account, -amount, day, choice, [pair[1] for pair in FOREIGN])

    def _repaid(self, block: Block, at: np.datetime64[Any]) -> Integers:
        """Sum up each loan's principal repaid before the month that begins at `at`."""
        months = np.maximum(_month_number(at) - _month_number(block.opened) - 1, 0)
        step = block.amount // block.term_months
        repaid: Integers = np.minimum(step * months, block.amount)
        return repaid

    def _split(self, who: Integers, total: Integers, parts: Integers) -> tuple[Integers, Integers]:
        """Divide each total into so many random parts, none of them more than the whole."""
        owner = np.repeat(np.arange(who.size), parts)
        weight = self._rng.exponential(1.0, owner.size)
        sums = np.bincount(owner, weight, who.size)
        return who[owner], (total[owner] * (weight / sums[owner])).astype(np.int64)


def _opened_in(opened: Days, month: Month) -> tuple[Integers, Integers]:
    """Which accounts were opened in the month, and on which of its days."""
    day = (opened - month.first).astype(np.int64)
    who = np.flatnonzero((day >= 0) & (day < month.days))
    return who, day[who]


def _month_number(day: object) -> Integers:
    number: Integers = np.asarray(day).astype("datetime64[M]").astype(np.int64)
    return number
