"""What goes out: shopping, cash, transfers, bills, feasts; a firm's wages, supplies and taxes."""

import numpy as np

from simulator import manners, parties
from simulator.calendar_days import drawn, festive, shopping_days, shopping_season, working_days
from simulator.manners import CATEGORIES
from simulator.people import FEN, STUDENT
from simulator.scene import Scene
from simulator.span import Integers

AT_HOME = (
    (manners.PAY_MOBILE, 0.52), (manners.PAY_ONLINE, 0.1), (manners.PAY_POS, 0.12),
    (manners.HOUSEHOLD_MOBILE, 0.22), (manners.HOUSEHOLD_ONLINE, 0.04),
)  # fmt: skip
AT_THE_BRANCH = (
    (manners.PAY_POS, 0.36), (manners.CASH_COUNTER, 0.22), (manners.CASH_MACHINE, 0.28),
    (manners.HOUSEHOLD_COUNTER, 0.11), (manners.HOUSEHOLD_PHONE, 0.03),
)  # fmt: skip
OF_FIRMS = (
    (manners.WAGES, 0.22), (manners.SUPPLIES_ONLINE, 0.38), (manners.SUPPLIES_INTERBANK, 0.25),
    (manners.SUPPLIES_COUNTER, 0.1), (manners.TAX, 0.05),
)  # fmt: skip
WAYS = np.array([[way for way, _ in group] for group in (AT_HOME, AT_THE_BRANCH, OF_FIRMS)])
CHANCES = np.cumsum(
    [[share for _, share in group] for group in (AT_HOME, AT_THE_BRANCH, OF_FIRMS)], axis=1
)
PAYMENTS = (manners.PAY_MOBILE, manners.PAY_ONLINE, manners.PAY_POS)
CASH = (manners.CASH_COUNTER, manners.CASH_MACHINE)
NOTE = 100 * FEN
FAVOURITE, SECOND = 0.42, 0.62
LOYAL = 0.7
UTILITY_DAY = 15
UTILITY_SEASON = (1.2, 1.15, 0.9, 0.8, 0.85, 1.05, 1.4, 1.45, 1.1, 0.8, 0.85, 1.1)


def spend(scene: Scene) -> None:
    """Spend about what comes in, and some of what lies there beyond what is kept."""
    people, traits, till, month = scene.people, scene.traits, scene.till, scene.month
    living, target, rng = scene.living, scene.target, scene.rng
    who = np.flatnonzero(living > 0)
    season = np.where(people.enterprise[who], 1.0, shopping_season(month))
    plenty = np.maximum(till.left[who] - target[who], 0)
    total = (traits.income[who] * 0.97 * season + plenty * 0.25) * living[who]
    total = np.minimum(total * rng.lognormal(0, 0.1, who.size), till.left[who] * 0.92)
    total = np.where(people.dormant[who], till.left[who] * 0.02, total)
    count = rng.poisson(traits.acts[who] * season * living[who])
    at = np.repeat(np.arange(who.size), count)
    weight = rng.exponential(1.0, at.size) ** 1.3
    amount = (total[at] * weight / np.bincount(at, weight, who.size)[at]).astype(np.int64)
    one = who[at]
    group = np.where(
        people.enterprise[one], 2, np.where(rng.random(at.size) < people.digital[one], 0, 1)
    )
    place = (rng.random(at.size)[:, None] > CHANCES[group][:, :-1]).sum(axis=1)
    way = WAYS[group, place]
    paying = np.isin(way, PAYMENTS)
    category = _categories(scene, one)
    cash = np.isin(way, CASH)
    amount = np.where(cash, amount // NOTE * NOTE, amount)
    day = np.where(
        paying,
        drawn(shopping_days(month), at.size, rng),
        drawn(working_days(month), at.size, rng),
    )
    party = np.where(
        paying, _merchants(scene, one, category),
        np.where(cash, 0, parties.elsewhere(one * 7 + rng.integers(0, 4, at.size))),
    )  # fmt: skip
    amount = np.where(day < month.days, amount, 0)
    till.moved.add(
        till.account[one], -amount, month.offset + day, way + np.where(paying, category, 0), party
    )
    spent = np.bincount(at, amount, who.size).astype(np.int64)
    till.left[who] -= spent
    till.balance[who] -= spent


def bills(scene: Scene) -> None:
    """Let the head of each family pay for power and water, through the agency or otherwise."""
    people, till, month, rng = scene.people, scene.till, scene.month, scene.rng
    if month.days <= UTILITY_DAY:
        return
    heads = scene.here & (people.role == 0) & ~people.duplicate & ~people.dormant
    who = np.flatnonzero(heads & (people.segment != STUDENT))
    agency = np.isin(who, scene.held.lot("bill_payment").owner)
    pays = agency | (rng.random(who.size) < 0.5)  # noqa: PLR2004 - others pay in cash elsewhere
    who, agency = who[pays], agency[pays]
    size = np.where(people.enterprise[who], 900.0, 130.0) * UTILITY_SEASON[month.month - 1]
    amount = (size * rng.lognormal(0, 0.4, who.size) * FEN).astype(np.int64)
    online = rng.random(who.size) < people.digital[who]
    manner = np.where(
        agency,
        manners.UTILITY_SYSTEM,
        np.where(online, manners.UTILITY_MOBILE, manners.UTILITY_COUNTER),
    )
    till.debit(who, amount, month.offset + UTILITY_DAY, manner, parties.elsewhere(who * 0 + 3))


def feast(scene: Scene) -> None:
    """Withdraw cash and give red envelopes around the Spring Festival."""
    people, till, month, rng = scene.people, scene.till, scene.month, scene.rng
    if not festive(month):
        return
    eve = int(np.flatnonzero(month.to_festival == 0)[0])
    persons = scene.here & ~people.enterprise & ~people.dormant
    for manner, chance, most in (
        (manners.FESTIVAL_CASH, 0.35 * (1.1 - people.digital), 30),
        (manners.RED_ENVELOPE, 0.6 * people.digital, 8),
    ):
        who = np.flatnonzero(persons & (rng.random(len(people)) < chance))
        wanted = rng.integers(2, most, who.size) * NOTE
        wanted = np.minimum(wanted, till.left[who] * 6 // 10 // NOTE * NOTE)
        before = manner == manners.FESTIVAL_CASH
        day = np.maximum(eve - rng.integers(1, 9, who.size) * before, 0)
        till.debit(who, np.where(day < month.days, wanted, 0), month.offset + day, manner)


def _categories(scene: Scene, one: Integers) -> Integers:
    """Choose what is bought: mostly the favourites, else what people of the segment buy."""
    people, traits, rng = scene.people, scene.traits, scene.rng
    drawn_by = rng.random(one.size)
    taste = traits.taste[people.segment[one]]
    usual = (rng.random(one.size)[:, None] > taste).sum(axis=1)
    usual = np.minimum(usual, len(CATEGORIES) - 1)
    liked = np.where(drawn_by < FAVOURITE, traits.favourite[one], traits.second[one])
    return np.where(drawn_by < SECOND, liked, usual)


def _merchants(scene: Scene, one: Integers, category: Integers) -> Integers:
    """Choose the merchant: mostly the customer's usual one."""
    people, rng = scene.people, scene.rng
    usual = one * 31 + category * 17
    number = np.where(rng.random(one.size) < LOYAL, usual, rng.integers(0, 997, one.size))
    return parties.merchant(people.place[one], category, number)
