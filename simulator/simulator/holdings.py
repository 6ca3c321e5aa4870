"""What the customers hold: accounts by product, their holders, cards and loans."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.organisation import CURRENCY, Organisation
from simulator.people import FEN, People, numbers
from simulator.prices import CUSTOMER_PPM
from simulator.span import Days, Flags, Floats, Integers, Span

HOLD_SHARES = {"agricultural_loan": 0.09, "sme_loan": 0.35, "agency_insurance": 0.08}
GRADES = ("normal", "special_mention", "substandard", "doubtful", "loss")
GRADE_SHARES = (0.93, 0.04, 0.015, 0.01, 0.005)
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """All accounts of one product; `amount` in fen is the balance, contract sum or principal."""

    product: str
    first: int
    owner: Integers
    opened: Days
    amount: Integers
    term_months: Integers

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Blocks one after another; `number` is by account over all of them.

    The current accounts come first: that of customer i is account i.
    """

    blocks: tuple[Block, ...]
    number: list[str]
    current_opened: Days
    current_balance: Integers

    def block(self, product: str) -> Block:
        return next(block for block in self.blocks if block.product == product)


def acquire(people: People, when: Span, rng: np.random.Generator) -> Holdings:
    """Give every customer a current account, and more to those who would have more."""
    count = len(people)
    private, firm = ~people.enterprise, people.enterprise
    yuan = people.wealth / FEN
    rank = people.wealth.argsort().argsort() / count
    draws = iter(rng.random((8, count)))
    adult = (np.datetime64(when.as_of) - people.born).astype(np.int64) / 365.25
    wanted: tuple[tuple[str, Flags, Floats, int, int], ...] = (
        ("time_deposit", private & (next(draws) < 0.15 + 0.5 * rank), yuan * 0.9, 12, 60),
        (
            "agricultural_loan",
            private & (next(draws) < HOLD_SHARES["agricultural_loan"]),
            np.full(count, 4e4),
            12,
            36,
        ),
        (
            "mortgage",
            private & (next(draws) < 0.16 * (adult < 50)),  # noqa: PLR2004 - years of age
            np.full(count, 3.2e5),
            120,
            360,
        ),
        ("sme_loan", firm & (next(draws) < HOLD_SHARES["sme_loan"]), 1e5 + yuan * 0.8, 12, 36),
        ("wealth_product", private & (next(draws) < 0.4 * rank**3), yuan * 0.5, 6, 24),
        (
            "agency_insurance",
            private & (next(draws) < HOLD_SHARES["agency_insurance"]),
            np.full(count, 3e3),
            60,
            240,
        ),
        ("mobile_banking", next(draws) < people.digital, np.zeros(count), 1, 2),
        ("fx_account", next(draws) < np.where(firm, 0.1, 0.006), yuan * 0.2, 1, 2),
    )
    as_of = np.datetime64(when.as_of)
    balance = (people.wealth * rng.uniform(0.1, 0.6, count)).astype(np.int64)
    everyone = np.arange(count)
    nothing = np.zeros(count, dtype=np.int64)
    # the block of current accounts is one, whatever the product, so that account i is customer i's
    blocks = [Block("current", 0, everyone, people.since, balance, nothing)]
    first = count
    for product, who, amount, shortest, longest in wanted:
        owner = np.flatnonzero(who)
        terms = rng.integers(shortest, longest, owner.size) // 6 * 6 + 6
        longest_age = np.minimum((as_of - people.since[owner]).astype(np.int64), terms * 30)
        opened = as_of - (rng.random(owner.size) * longest_age).astype(np.int64)
        sums = amount[owner] * rng.lognormal(0, 0.4, owner.size)
        rounded = (sums // 100 * 100 * FEN).astype(np.int64)
        least = 0 if product == "mobile_banking" else 100 * FEN
        blocks.append(Block(product, first, owner, opened, np.maximum(rounded, least), terms))
        first += owner.size
    number = [f"81{n + 1:012}" for n in range(first)]
    return Holdings(tuple(blocks), number, people.since, balance)


def accounts(held: Holdings, people: People, bank: Organisation) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `accounts`."""
    for block in held.blocks:
        opened = np.datetime_as_string(block.opened)
        for place, owner in enumerate(block.owner):
            branch = bank.serving[people.place[owner]].code
            number = held.number[block.first + place]
            yield (number, product_of(block, people, owner), CURRENCY, branch, opened[place], "")


def product_of(block: Block, people: People, owner: int) -> str:
    """Tell the product of an account; current accounts are of two."""
    if block.product != "current":
        return block.product
    return "settlement_account" if people.enterprise[owner] else "demand_deposit"


def holders(
    held: Holdings, people: People, rng: np.random.Generator
) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `account_holders`: the owners, some spouses, the firms' bookkeepers."""
    number = numbers(people)
    for block in held.blocks:
        for place, owner in enumerate(block.owner):
            yield (held.number[block.first + place], number[owner], "owner")
    private = np.flatnonzero(~people.enterprise)
    if private.size < 2:  # noqa: PLR2004 - it takes two
        return
    chance = rng.random(len(people))
    partner = private[rng.integers(private.size, size=len(people))]
    for i in range(len(people)):
        if partner[i] == i:
            continue
        if people.enterprise[i]:
            yield (held.number[i], number[partner[i]], "authorised")
        elif chance[i] < 0.05:  # noqa: PLR2004 - share of joint accounts
            yield (held.number[i], number[partner[i]], "joint")


def cards(
    held: Holdings, people: People, when: Span, rng: np.random.Generator
) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `cards`: debit cards on the current accounts of persons."""
    as_of = np.datetime64(when.as_of)
    has = ~people.enterprise & (rng.random(len(people)) < 0.8)  # noqa: PLR2004 - share with a card
    age = (as_of - people.since).astype(np.int64)
    issued = np.datetime_as_string(as_of - (rng.random(len(people)) * age).astype(np.int64))
    gold = people.wealth > 200_000 * FEN
    number = numbers(people)
    for i in np.flatnonzero(has):
        kind = "gold" if gold[i] else "debit"
        yield (f"K{i + 1:07}", held.number[i], number[i], kind, issued[i])


def loans(held: Holdings, rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `loans`: equal parts of principal, paid from the owner's account."""
    for product in ("agricultural_loan", "mortgage", "sme_loan"):
        block = held.block(product)
        grades = rng.choice(len(GRADES), len(block), p=GRADE_SHARES)
        granted = np.datetime_as_string(block.opened)
        instalment = -(-block.amount // block.term_months)
        basis = "postings" if product == "sme_loan" else "schedule"
        for place, owner in enumerate(block.owner):
            yield (
                held.number[block.first + place],
                held.number[owner],
                int(block.amount[place]),
                granted[place],
                int(block.term_months[place]),
                int(instalment[place]),
                GRADES[grades[place]],
                basis,
            )


def instalments(block: Block) -> Integers:
    """Return the monthly payments in fen that repay each loan with interest over its term."""
    monthly = CUSTOMER_PPM[block.product] / PPM / 12
    factor = monthly / (1 - (1 + monthly) ** -block.term_months.astype(np.float64))
    whole: Integers = np.ceil(block.amount * factor).astype(np.int64)
    return whole
