"""How customers would answer an offer: with and without being approached, some worse for it."""

from dataclasses import dataclass

import numpy as np

from simulator.holdings import Holdings
from simulator.people import PENSIONER, STUDENT, VILLAGE, People
from simulator.span import Floats, Integers

PRODUCTS = (
    "time_deposit",
    "wealth_product",
    "agency_insurance",
    "fund",
    "mobile_banking",
    "consumer_loan",
)
BASE = (-2.2, -3.2, -3.4, -4.0, -2.4, -3.4)
WEALTH_COUNTS = (0.6, 1.6, 0.3, 1.4, 0.0, -0.6)
DIGITAL_COUNTS = (-0.3, 0.4, -0.2, 1.2, 1.8, 0.6)
TYPES = ("lost_cause", "persuadable", "sure_thing", "sleeping_dog")
LOST, PERSUADABLE, SURE, DOG = range(4)
TYPE_SHARES = (0.52, 0.28, 0.1, 0.1)
SURE_LOGIT, LOST_LOGIT = 2.6, -1.0
PERSUADED, SPOILT = 1.4, -1.3
HAS_ALREADY = -1.5
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Responses:
    """Chances in ppm by customer and product; who draws less luck than the chance takes it."""

    products: tuple[str, ...]
    types: tuple[str, ...]
    type: Integers
    without_ppm: Integers
    with_ppm: Integers
    luck_ppm: Integers


def draw(people: People, held: Holdings, rng: np.random.Generator) -> Responses:
    """Draw both potential outcomes; one luck for both, so that they differ by the effect alone."""
    shape = (len(people), len(PRODUCTS))
    kind = rng.choice(4, shape, p=TYPE_SHARES)
    # the old and the undigital are more often put off by being called
    shy = (people.digital < 0.3) | (people.segment == PENSIONER)  # noqa: PLR2004 - the least digital
    kind = np.where(shy[:, None] & (rng.random(shape) < 0.12) & (kind == PERSUADABLE), DOG, kind)  # noqa: PLR2004 - so many of them
    base: Floats = np.array(BASE) + rng.normal(0, 0.5, shape)
    base += (people.standing - 0.5)[:, None] * np.array(WEALTH_COUNTS)
    base += (people.digital - 0.5)[:, None] * np.array(DIGITAL_COUNTS)
    base += np.where(kind == SURE, SURE_LOGIT, 0) + np.where(kind == LOST, LOST_LOGIT, 0)
    base -= 3.0 * ((people.segment == STUDENT) | (people.segment >= VILLAGE))[:, None]
    for place, product in enumerate(PRODUCTS):
        base[held.lot(product).owner, place] += HAS_ALREADY
    warmth = np.where(shy, 0.8, 1.1)[:, None] * rng.lognormal(0, 0.3, shape)
    effect = np.where(kind == PERSUADABLE, PERSUADED * warmth, np.where(kind == DOG, SPOILT, 0.0))
    return Responses(
        PRODUCTS,
        TYPES,
        kind,
        _ppm(base),
        _ppm(base + effect),
        rng.integers(0, MILLION, shape),
    )


def _ppm(logit: Floats) -> Integers:
    chance: Integers = (MILLION / (1 + np.exp(-logit))).astype(np.int64)
    return chance
