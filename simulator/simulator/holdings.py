"""What the customers of a block hold: accounts by product, with their days, sums and terms."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulator.catalogue import LOANS
from simulator.people import FARMER, FEN, SALARIED, SHOP, SME, VILLAGE, People
from simulator.span import Days, Flags, Floats, Integers, Span, month_number
from simulator.text import Text, join, padded

ACCOUNTS_OF_A_BLOCK = 100_000
TERMS = np.array((3, 6, 12, 24, 36, 60))
TERM_SHARES = (0.1, 0.14, 0.38, 0.18, 0.15, 0.05)
NOT_YET = np.datetime64("NaT", "D")
LEAST_FEN = 100 * FEN
MORTGAGE_YEARS = 55


@dataclass(frozen=True, slots=True)
class Lot:
    """All accounts of one product in the block, from account `first` on.

    `amount` in fen is the balance, contract sum or principal when opened; `term` is in months, 0
    where there is none; `closed` is NaT while the account is open.
    """

    product: str
    first: int
    owner: Integers
    opened: Days
    closed: Days
    amount: Integers
    term: Integers

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def account(self) -> Integers:
        """The accounts, counted within the block."""
        return self.first + np.arange(len(self))

    @property
    def due(self) -> Days:
        """The day each contract ends: the same day of the month, at most the 28th."""
        day = np.minimum((self.opened - self.opened.astype("datetime64[M]")).astype(np.int64), 27)
        ends = (self.opened.astype("datetime64[M]") + self.term).astype("datetime64[D]")
        due: Days = ends + day
        return due


Wish: TypeAlias = tuple[str, Floats, Floats, Integers]
"""Product, chance, fen and terms in months."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """The lots one after another; `account_of` is each customer's current account or -1."""

    block: int
    lots: tuple[Lot, ...]
    account_of: Integers
    opened: Days
    balance: Integers

    def lot(self, product: str) -> Lot:
        return next(lot for lot in self.lots if lot.product == product)

    def __len__(self) -> int:
        return self.lots[-1].first + len(self.lots[-1])

    @property
    def owner(self) -> Integers:
        """Whose each account is."""
        return np.concatenate([lot.owner for lot in self.lots])

    @property
    def opened_on(self) -> Days:
        return np.concatenate([lot.opened for lot in self.lots])

    @property
    def closed_on(self) -> Days:
        """When each account was closed, NaT while it is open."""
        return np.concatenate([lot.closed for lot in self.lots])

    def borrowers(self, customers: int) -> Flags:
        """Tell who has borrowed."""
        found = np.zeros(customers, dtype=np.bool_)
        for product in LOANS:
            found[self.lot(product).owner] = True
        return found


def before_leaving(held: Holdings, until: Days) -> None:
    """Bring forward, in place, what customers would have opened after they have left."""
    for lot in held.lots:
        since = held.opened[lot.owner]
        late = lot.opened > until[lot.owner]
        between = since + (until[lot.owner] - since) // 2
        lot.opened[late] = between[late]


def account_numbers(block: int, account: Integers) -> Text:
    """Return account numbers so that neither block nor order shows."""
    serial = (block * ACCOUNTS_OF_A_BLOCK + scattered(account) + 1) * 387_420_489 % 10**12
    return join("81", padded(serial, 12))


def scattered(account: Integers) -> Integers:
    """Put a block's accounts into an order that says nothing."""
    places: Integers = account * 48_271 % 99_991
    return places


def customer_numbers(index: Integers) -> Text:
    """Return customer numbers so that neither block nor order shows."""
    return join("1", padded((index + 1) * 3_486_784_401 % 10**8, 8))


def acquire(people: People, when: Span, rng: np.random.Generator) -> Holdings:
    """Give every customer but mere contacts a current account, and more to who would have more."""
    count = len(people)
    client = ~people.contact
    holder = np.flatnonzero(client)
    firm = people.enterprise
    # what is kept on the current account: some of the wealth, never less than a little
    kept = people.wealth * rng.uniform(0.08, 0.4, count)
    balance = (kept + rng.lognormal(np.log(550), 0.8, count) * FEN).astype(np.int64)
    opened = people.since
    lots: list[Lot] = []
    first = 0
    for product, who in (
        ("demand_deposit", holder[~firm[holder]]),
        ("settlement_account", holder[firm[holder]]),
    ):
        none = np.zeros(who.size, dtype=np.int64)
        lots.append(Lot(product, first, who, opened[who], _open(who.size), balance[who], none))
        first += who.size
    account_of = np.full(count, -1)
    for lot in lots:
        account_of[lot.owner] = lot.account
    for product, chance, amount, terms in _wishes(people, when):
        lucky = rng.random(count) < chance
        owner = np.flatnonzero(lucky & client & ~(people.duplicate & (product in LOANS)))
        term = rng.choice(terms, owner.size) if terms.size else np.zeros(owner.size, dtype=np.int64)
        longest = when.age(people.since[owner])
        limit = np.where(term > 0, np.minimum(longest, term * 30 - 1), longest)
        if product == "time_deposit":
            term = rng.choice(TERMS, owner.size, p=TERM_SHARES)
            limit = np.minimum(longest, 3 * 365)
        day = when.end - (rng.random(owner.size) * (limit + 1)).astype(np.int64)
        if product == "agricultural_loan":
            day = _in_spring(day, people.since[owner], limit, when)
        sums = (amount[owner] * rng.lognormal(0, 0.35, owner.size)).astype(np.int64)
        whole = np.where(amount[owner] > 0, np.maximum(sums // LEAST_FEN * LEAST_FEN, LEAST_FEN), 0)
        lots.append(Lot(product, first, owner, day, _open(owner.size), whole, term))
        first += owner.size
    return Holdings(people.block, tuple(lots), account_of, opened, balance)


def _wishes(people: People, when: Span) -> tuple[Wish, ...]:
    """Who takes what with which chance, for how many fen, for how many months."""
    count = len(people)
    firm, standing = people.enterprise, people.standing
    segment, wealth = people.segment, people.wealth.astype(np.float64)
    age = when.age(people.born) / 365.25
    none = np.zeros(count)
    private: Floats = (~firm).astype(np.float64)
    farmer: Floats = (segment == FARMER).astype(np.float64)
    business = np.isin(segment, (VILLAGE, SME))

    def flat(yuan: float) -> Floats:
        return np.full(count, yuan * FEN)

    def share(chance: NDArray[Any]) -> Floats:
        return chance.astype(np.float64)

    def months(*ends: int) -> Integers:
        return np.arange(*ends, dtype=np.int64)

    better, good, best, rich = (standing > part for part in (0.4, 0.5, 0.7, 0.8))
    young = age < MORTGAGE_YEARS
    return (
        ("time_deposit", private * (0.08 + 0.6 * standing), wealth * 0.8, TERMS),
        ("agreement_deposit", share(0.25 * (firm & better)), wealth * 0.5, months(0)),
        ("agricultural_loan", 0.1 * farmer * standing, flat(3e4), months(12, 37, 6)),
        (
            "mortgage",
            share(private * 0.8 * young * np.clip(standing - 0.8, 0, 1)),
            flat(1.6e5),
            months(120, 361, 60),
        ),
        (
            "consumer_loan",
            share(0.03 * (np.isin(segment, (SALARIED, SHOP)) & good)),
            flat(2e4),
            months(12, 37, 6),
        ),
        (
            "sme_loan",
            share(business * np.clip(standing * 1.4 - 0.65, 0, 0.8)),
            3.6e5 * FEN + wealth * 0.7,
            months(12, 37, 6),
        ),
        ("member_share", 0.3 * farmer + 0.08 * private, flat(900), months(0)),
        ("wealth_product", private * 0.35 * standing**4, wealth * 0.6, months(0)),
        ("agency_insurance", private * 0.07 * (0.4 + standing), flat(1_200), months(60, 241, 60)),
        ("fund", private * 0.1 * standing**3 * people.digital, wealth * 0.2, months(0)),
        ("bill_payment", private * 0.25 * people.digital, none, months(0)),
        ("mobile_banking", private * people.digital * 0.9, none, months(0)),
        ("online_banking", np.where(firm, 0.8, 0.12 * people.digital), none, months(0)),
        ("phone_banking", private * 0.05, none, months(0)),
        ("self_service", private * 0.1, none, months(0)),
        (
            "fx_account",
            np.where(business & good, 0.1, 0.002 * private),
            wealth * 0.1,
            months(0),
        ),
        ("letter_of_credit", share(0.08 * (business & rich)), none, months(0)),
        ("margin_deposit", share(0.1 * (business & best)), wealth * 0.2, months(0)),
    )


def _in_spring(day: Days, since: Days, limit: Integers, when: Span) -> Days:
    """Move two thirds of the days to the March before, where the customer was there already."""
    year = day.astype("datetime64[Y]")
    march = (year.astype("datetime64[M]") + 2).astype("datetime64[D]")
    march = march + (day - day.astype("datetime64[M]")).astype(np.int64)
    fits = (march <= day) & (march >= since) & (march >= when.end - limit)
    fits &= month_number(day) % 3 != 0
    return np.where(fits, march, day)


def _open(count: int) -> Days:
    return np.full(count, NOT_YET)
