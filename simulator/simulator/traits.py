"""How each customer lives with money: income and its day, activity, tastes, the family at home."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.holdings import Holdings
from simulator.manners import CATEGORIES
from simulator.people import (
    FARMER,
    FEN,
    MIGRANT,
    PENSIONER,
    PUBLIC,
    SALARIED,
    SHOP,
    SME,
    STUDENT,
    VILLAGE,
    People,
)
from simulator.span import NEVER, Days, Flags, Floats, Integers, Span

INCOME_YUAN = {
    FARMER: 1_700, MIGRANT: 4_600, SALARIED: 4_400, PENSIONER: 900, STUDENT: 1_100, SHOP: 9_000,
    VILLAGE: 12_000, SME: 30_000, PUBLIC: 40_000,
}  # fmt: skip
ACTS_A_MONTH = {
    FARMER: 3.3, MIGRANT: 7.5, SALARIED: 9.0, PENSIONER: 2.6, STUDENT: 9.5, SHOP: 6.5,
    VILLAGE: 8.0, SME: 12.0, PUBLIC: 7.0,
}  # fmt: skip
HAZARD_PPM = {
    FARMER: 2_000, MIGRANT: 7_000, SALARIED: 5_000, PENSIONER: 2_000, STUDENT: 9_000, SHOP: 4_500,
    VILLAGE: 2_500, SME: 3_500, PUBLIC: 500,
}  # fmt: skip
TASTES = {
    FARMER: (5, 2, 1, 2, 2, 1, 0.5, 0.5, 6, 0.5), MIGRANT: (4, 5, 2, 1, 1, 1, 3, 2, 0, 2),
    SALARIED: (5, 4, 3, 3, 1, 2, 2, 2, 0, 2), PENSIONER: (6, 1, 1, 0.5, 5, 0.5, 1, 0.5, 1, 0.5),
    STUDENT: (3, 6, 3, 0, 0.5, 4, 1, 2, 0, 4), SHOP: (5, 3, 2, 3, 1, 2, 1, 2, 0, 1),
}  # fmt: skip
DECLINE_DAYS = 90
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Traits:
    """One entry a customer; `income` in fen a month, `acts` a month, `payday` from 0.

    `churn` is the day a customer leaves, counted from the history's first, NEVER if not;
    `hazard_ppm` was its monthly chance. `favourite` and `second` are categories; `taste` the
    chances of the others, cumulated. `family` is who gets a migrant's remittance, or -1.
    """

    income: Floats
    acts: Floats
    payday: Integers
    favourite: Integers
    second: Integers
    taste: Floats
    hazard_ppm: Integers
    churn: Integers
    family: Integers


def until(traits: Traits, when: Span) -> Days:
    """Return the last day of each customer with the bank: that of leaving, or the business day."""
    last: Days = when.first + np.minimum(traits.churn, when.days - 1)
    return last


def draw(people: People, held: Holdings, when: Span, rng: np.random.Generator) -> Traits:
    """Draw how the customers live; borrowers do not leave."""
    count = len(people)
    segment = people.segment
    by_segment = _table(INCOME_YUAN)[segment] * FEN * rng.lognormal(0, 0.3, count)
    income = by_segment * (0.5 + people.standing)
    income = np.where(people.enterprise, income + people.wealth * 0.15, income)
    income = np.where(people.duplicate, income * 0.1, income) * ~people.dormant
    dull = np.where(people.dormant, 0.02, np.where(people.duplicate, 0.35, 1.0))
    acts = _table(ACTS_A_MONTH)[segment] * rng.lognormal(-0.06, 0.35, count) * dull
    taste = np.array([TASTES.get(one, TASTES[SHOP]) for one in range(PUBLIC + 1)], dtype=np.float64)
    taste = np.cumsum(taste / taste.sum(axis=1, keepdims=True), axis=1)
    unhappy = np.exp(rng.normal(-0.3, 0.8, count)) * np.where(people.manager >= 0, 0.6, 1.0)
    hazard = np.minimum(_table(HAZARD_PPM)[segment] * unhappy, 200_000).astype(np.int64)
    hazard[held.borrowers(count) | people.contact] = 0
    return Traits(
        income,
        acts,
        rng.integers(4, 20, count),
        _category(taste, segment, rng),
        _category(taste, segment, rng),
        taste,
        hazard,
        _leaving(hazard, people, when, rng),
        _families(people, held, rng),
    )


def vigour(traits: Traits, day: int) -> Floats:
    """Return how lively each customer still is on a day; those who will leave fade before."""
    ahead = (traits.churn - day) / DECLINE_DAYS
    return np.clip(ahead, 0.15, 1.0) * (ahead > 0)


def _table(values: Mapping[int, float]) -> Floats:
    return np.array([values[segment] for segment in range(PUBLIC + 1)], dtype=np.float64)


def _category(taste: Floats, segment: Integers, rng: np.random.Generator) -> Integers:
    drawn = rng.random(segment.size)
    place: Integers = (drawn[:, None] > taste[segment]).sum(axis=1)
    return np.minimum(place, len(CATEGORIES) - 1)


def _leaving(hazard: Integers, people: People, when: Span, rng: np.random.Generator) -> Integers:
    """Draw the last day of the month in which each leaves: the same chance in every month."""
    chance = 1 - (1 - hazard / MILLION) ** (1 / 30.4)
    with np.errstate(divide="ignore"):
        days = np.log(1 - rng.random(hazard.size)) / np.log1p(-chance)
    came = np.maximum(when.offset(people.since), 0)
    day = came + np.where(chance > 0, np.minimum(days, float(NEVER)), float(NEVER))
    when_gone = when.first + np.minimum(day, when.days).astype(np.int64)
    following = (when_gone.astype("datetime64[M]") + 1).astype("datetime64[D]")
    last = when.offset(following) - 1
    return np.where((day < when.days) & (last < when.days), last, NEVER).astype(np.int64)


def _families(people: People, held: Holdings, rng: np.random.Generator) -> Integers:
    """Find for every migrant somebody at home who has an account; each gets from one only."""
    at_home: Flags = (people.segment != MIGRANT) & (people.household >= 0) & ~people.duplicate
    at_home &= held.account_of >= 0
    receiver = np.full(len(people) + 1, -1)
    home = np.flatnonzero(at_home)[::-1]
    receiver[people.household[home]] = home
    migrant = (people.segment == MIGRANT) & ~people.duplicate & ~people.dormant
    who = np.flatnonzero(migrant & (rng.random(len(people)) < 0.8))  # noqa: PLR2004 - who sends
    family = np.full(len(people), -1)
    family[who] = receiver[people.household[who]]
    _, once = np.unique(family[who], return_index=True)
    single = np.zeros(who.size, dtype=np.bool_)
    single[once] = True
    family[who[~single]] = -1
    return family
