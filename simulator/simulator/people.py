"""The customers of one block: who they are, how rich, how digital, whom they belong to."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from simulator.identifiers import spread_births
from simulator.organisation import Organisation
from simulator.span import Days, Flags, Floats, Integers, Span
from simulator.streams import BLOCK

FEN = 100
SEGMENTS = (
    "farmer", "migrant_worker", "salaried", "pensioner", "student", "shop_owner",
    "village_enterprise", "sme", "public_body",
)  # fmt: skip
FARMER, MIGRANT, SALARIED, PENSIONER, STUDENT, SHOP, VILLAGE, SME, PUBLIC = range(9)
ROLES = ("head", "spouse", "child", "parent")
ENTERPRISE_SHARE = 0.07
DUPLICATE_SHARE = 0.02
CONTACT_SHARE = 0.006
DORMANT_SHARE = 0.07
MANAGED_SHARE = 0.3
TAIL_SHARE, TAIL_EXPONENT = 0.05, 1.05
TAIL_ENDS = 0.02, 0.002
"""The part of the tail, of enterprises and of persons, beyond which nobody is richer."""

MOST_FEN = 20_000_000_000
FIRM_KINDS = (0.3, 0.6, 0.1)
HOUSEHOLD_SIZES = (0.3, 0.32, 0.2, 0.12, 0.06)
_GRID = np.linspace(0.0005, 0.9995, 2_000)
_NORMAL = np.array([NormalDist().inv_cdf(float(u)) for u in _GRID])


@dataclass(frozen=True, slots=True)
class People:
    """One entry a customer; `wealth` is what the bank could hold of them, in fen.

    `person` is the entry of the same person's first record: itself, but for duplicates.
    `household` numbers families within the block, -1 for firms; `role` is the place in it.
    `digital` from 0 to 1 is how readily they leave the counter; `manager` counts over the bank's
    managers, -1 for nobody; a `contact` holds nothing; who is `dormant` hardly moves money.
    """

    block: int
    segment: Integers
    female: Flags
    born: Days
    rank: Integers
    since: Days
    wealth: Integers
    standing: Floats
    digital: Floats
    place: Integers
    manager: Integers
    person: Integers
    household: Integers
    role: Integers
    dormant: Flags
    contact: Flags

    def __len__(self) -> int:
        return len(self.segment)

    @property
    def enterprise(self) -> Flags:
        return self.segment >= VILLAGE

    @property
    def duplicate(self) -> Flags:
        copy: Flags = self.person != np.arange(len(self))
        return copy

    @property
    def index(self) -> Integers:
        """The customers counted over the whole bank."""
        return self.block * BLOCK + np.arange(len(self))


def gather(
    count: int, block: int, bank: Organisation, when: Span, rng: np.random.Generator
) -> People:
    """Draw `count` customers; few of them own most of the money."""
    firms = round(count * ENTERPRISE_SHARE)
    copies = round(count * DUPLICATE_SHARE) if count > firms + 1 else 0
    persons = count - firms - copies
    household, role, age = _families(persons, rng)
    age = np.concatenate([age, np.clip(rng.gamma(3.0, 4.0, firms) + 1, 1, 40)])
    enterprise = np.arange(persons + firms) >= persons
    female = (role == 1) | (rng.random(persons) < 0.49)  # noqa: PLR2004 - the share of women
    female[(role == 0) & np.isin(household, household[role == 1])] = False
    born: Days = np.full(age.size, when.end) - (age * 365.25).astype(np.int64)
    place = rng.choice(len(bank.serving), persons + firms, p=_shares(len(bank.serving)))
    if persons:
        place[:persons] = place[:persons][_first_of(household)]
    standing = np.concatenate([_spread(persons, rng), _spread(firms, rng)])
    segment = np.concatenate(
        [_segments(age[:persons], rng), rng.choice((VILLAGE, SME, PUBLIC), firms, p=FIRM_KINDS)]
    )
    female = np.concatenate([female, np.zeros(firms, dtype=np.bool_)])
    known = when.age(born) - np.where(enterprise, 30, 15 * 365)
    days = np.minimum(known, (rng.gamma(2.0, 1_500.0, persons + firms) + 5).astype(np.int64))
    since: Days = np.full(days.size, when.end) - np.maximum(days, 1)
    again = rng.choice(persons, copies, replace=False) if copies else np.zeros(0, dtype=np.int64)
    whose = np.concatenate([np.arange(persons + firms), again])
    duplicate = np.arange(count) >= persons + firms
    wealth = _wealth(standing, enterprise)[whose] * np.where(duplicate, 0.15, 1.0)
    known_for = when.age(since)[whose]
    since = np.full(count, when.end) - np.where(
        duplicate, 1 + (rng.random(count) * (known_for - 1)).astype(np.int64), known_for
    )
    place = np.where(duplicate, rng.integers(len(bank.serving), size=count), place[whose])
    taken = np.arange(count) < persons
    spread, rank = spread_births(born[whose], place, female[whose], taken)
    spread[duplicate] = spread[again]
    digital = np.clip(1.1 - age / 75 + rng.normal(0, 0.2, persons + firms), 0.02, 0.98)
    digital = np.where(enterprise, 0.75, digital)[whose]
    segment = segment[whose]
    contact = (rng.random(count) < CONTACT_SHARE) & (segment < VILLAGE) & ~duplicate
    contact[again] = False
    return People(
        block,
        segment,
        female[whose],
        spread,
        rank,
        since,
        np.minimum(wealth * FEN, MOST_FEN).astype(np.int64),
        standing[whose],
        digital,
        place,
        _managed(wealth, place, bank, rng),
        whose,
        np.concatenate([household, np.full(firms, -1)])[whose],
        np.concatenate([role, np.zeros(firms, dtype=np.int64)])[whose],
        rng.random(count) < DORMANT_SHARE + 0.25 * duplicate,
        contact,
    )


def _families(persons: int, rng: np.random.Generator) -> tuple[Integers, Integers, Floats]:
    """Form households: a head, a spouse, then grown children or the head's parents."""
    sizes = rng.choice(5, persons, p=HOUSEHOLD_SIZES) + 1
    household = np.repeat(np.arange(persons), sizes)[:persons]
    first = _first_of(household)
    at = np.arange(persons) - first
    elders = rng.random(persons) < 0.35  # noqa: PLR2004 - households with a head's parent at home
    role = np.where(at <= 1, at, np.where(elders[first], 3, 2))
    head = rng.normal(48, 14, persons)
    alone = np.bincount(household, minlength=persons)[household] == 1
    head = np.where(alone, rng.normal(42, 17, persons), head)
    head = np.clip(head, np.where(alone, 16, 24), 82)[first]
    noise = rng.normal(0, 3, persons)
    age = np.where(role == 0, head, np.where(role == 1, head - 2 + noise, head - 25 + noise))
    age = np.where(role == 3, head + 25 + noise, age)  # noqa: PLR2004 - a parent
    return household, role, np.clip(age, 16, 92)


def _first_of(group: Integers) -> Integers:
    at = np.arange(group.size)
    new = np.ones(group.size, dtype=np.bool_)
    new[1:] = group[1:] != group[:-1]
    return np.maximum.accumulate(np.where(new, at, 0)) if group.size else at


def _segments(age: Floats, rng: np.random.Generator) -> Integers:
    working = rng.choice((FARMER, MIGRANT, SALARIED, SHOP), age.size, p=(0.38, 0.25, 0.26, 0.11))
    young = (age < 23) & (rng.random(age.size) < 0.8)  # noqa: PLR2004 - who is young still studies
    old = (age > 60) & (rng.random(age.size) < 0.75)  # noqa: PLR2004 - who is old has retired
    return np.where(young, STUDENT, np.where(old, PENSIONER, working)).astype(np.int64)


def _spread(count: int, rng: np.random.Generator) -> Floats:
    """Give everyone a standing from 0 to 1, evenly spread, so that small banks look like large."""
    standing: Floats = (rng.permutation(count) + rng.random(count)) / max(count, 1)
    return standing


def _wealth(standing: Floats, enterprise: Flags) -> Floats:
    """Return yuan by standing: a log-normal body whose tail follows Pareto's law."""
    body = np.interp(np.minimum(standing, 1 - TAIL_SHARE), _GRID, _NORMAL)
    yuan = np.where(enterprise, 100_000 * np.exp(1.7 * body), 5_000 * np.exp(1.35 * body))
    beyond = np.maximum((1 - standing) / TAIL_SHARE, np.where(enterprise, *TAIL_ENDS))
    tail: Floats = yuan * beyond ** (-1 / TAIL_EXPONENT)
    return np.where(standing > 1 - TAIL_SHARE, tail, yuan)


def _managed(
    wealth: Floats, place: Integers, bank: Organisation, rng: np.random.Generator
) -> Integers:
    """Put the better customers into the books of their place's managers."""
    first = bank.first_manager
    many = np.diff(first)[place]
    chosen = first[place] + (rng.random(wealth.size) * many).astype(np.int64)
    limit = np.quantile(wealth, 1 - MANAGED_SHARE)
    return np.where((wealth >= limit) & (many > 0), chosen, -1)


def _shares(places: int) -> Floats:
    """Uneven sizes of the places; a town is larger than a village."""
    weights = 1 / np.arange(2, places + 2, dtype=np.float64) ** 0.6
    shares: Floats = weights / weights.sum()
    return shares
