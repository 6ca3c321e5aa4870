"""The customers: who they are, how rich, how digital, whom they belong to, what they allow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.identifiers import REGION, credit_code, mobile_number, resident_id
from simulator.names import (
    COMPANY_FORMS,
    GIVEN_FIRST,
    GIVEN_SECOND,
    PLACES,
    STREETS,
    SURNAMES,
    TRADES,
)
from simulator.organisation import Organisation
from simulator.span import Days, Flags, Floats, Integers, Span

FEN = 100
ENTERPRISE_SHARE = 0.08
MANAGED_SHARE = 0.3
RICH_SHARE = 0.04
MOST_FEN = 20_000_000_000
CHANNELS = ("counter", "outlet", "phone", "self_service", "online", "mobile")
CONSENT_SHARES = (0.62, 0.5, 0.25, 0.3, 0.4, 0.55)
WITHDRAWN_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class People:
    """One entry a customer; `wealth` is what the bank could hold of them, in fen.

    `digital` from 0 to 1 is how readily they leave the counter; `manager` is -1 for nobody.
    """

    enterprise: Flags
    female: Flags
    born: Days
    since: Days
    wealth: Integers
    digital: Floats
    place: Integers
    manager: Integers

    def __len__(self) -> int:
        return len(self.enterprise)


def gather(count: int, bank: Organisation, when: Span, rng: np.random.Generator) -> People:
    """Draw the customers; few of them own most of the money."""
    as_of = np.datetime64(when.as_of)
    enterprise = rng.random(count) < ENTERPRISE_SHARE
    age = np.where(enterprise, rng.gamma(3.0, 4.0, count) + 1, rng.normal(47, 15, count))
    age = np.clip(age, np.where(enterprise, 1, 18), np.where(enterprise, 40, 90))
    born = as_of - (age * 365.25).astype(np.int64)
    adult = born + np.where(enterprise, 30, 17 * 365)
    known = (as_of - adult).astype(np.int64)
    since = as_of - np.minimum(known, (rng.gamma(2.0, 1_400.0, count) + 5).astype(np.int64))
    wealth = np.where(
        enterprise,
        rng.lognormal(np.log(60_000), 1.5, count),
        rng.lognormal(np.log(6_000), 1.3, count),
    )
    rich = rng.random(count) < RICH_SHARE
    wealth = np.where(rich, wealth * (1 + rng.pareto(1.1, count)) * 12, wealth)
    place = rng.choice(len(bank.serving), count, p=_shares(len(bank.serving)))
    limit = np.quantile(wealth, 1 - MANAGED_SHARE)
    managers = np.array([len(numbers) for numbers in bank.managers], dtype=np.int64)
    chosen = (rng.random(count) * managers[place]).astype(np.int64)
    digital = np.clip(1.15 - age / 80 + rng.normal(0, 0.2, count), 0.02, 0.98)
    return People(
        enterprise,
        rng.random(count) < 0.49,  # noqa: PLR2004 - the share of women
        born,
        since,
        np.minimum(wealth * FEN, MOST_FEN).astype(np.int64),
        np.where(enterprise, 0.75, digital),
        place.astype(np.int64),
        np.where(wealth >= limit, chosen, -1),
    )


def numbers(people: People) -> list[str]:
    """Give every customer a number."""
    return [f"{100_000 + place}" for place in range(len(people))]


def customers(
    people: People, bank: Organisation, rng: np.random.Generator
) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `customers`."""
    count = len(people)
    surname = rng.integers(len(SURNAMES), size=count)
    first = rng.integers(len(GIVEN_FIRST), size=count)
    second = rng.integers(len(GIVEN_SECOND), size=count)
    short = rng.random(count) < 0.15  # noqa: PLR2004 - given names of one character
    form = rng.choice(len(COMPANY_FORMS), count, p=[0.6, 0.15, 0.15, 0.1])
    house = rng.integers(1, 200, size=count)
    reachable = rng.random(count) < 0.93  # noqa: PLR2004 - a telephone number is known
    order = _order_of_the_day(people)
    born = np.datetime_as_string(people.born)
    since = np.datetime_as_string(people.since)
    for i, number in enumerate(numbers(people)):
        branch = bank.serving[people.place[i]]
        region = REGION.format(people.place[i] % 99 + 1)
        town = PLACES[people.place[i] // 4]
        if people.enterprise[i]:
            trade = TRADES[first[i] % len(TRADES)]
            owner = GIVEN_FIRST[first[i]] + GIVEN_SECOND[second[i]]
            name = f"{town}{owner}{trade}{COMPANY_FORMS[form[i]]}"
            id_type = "uscc"
            id_number = credit_code(region, 10_000_000 + i, cooperative=bool(form[i] == 2))  # noqa: PLR2004 - the cooperative's place in COMPANY_FORMS
            sex = ""
        else:
            given = GIVEN_SECOND[second[i]]
            name = SURNAMES[surname[i]] + ("" if short[i] else GIVEN_FIRST[first[i]]) + given
            id_type = "resident_id"
            id_number = resident_id(region, born[i].replace("-", ""), int(order[i]))
            sex = "female" if people.female[i] else "male"
        manager = people.manager[i]
        yield (
            number,
            "enterprise" if people.enterprise[i] else "individual",
            name,
            id_type,
            id_number,
            born[i],
            sex,
            mobile_number(i + 1) if reachable[i] else "",
            f"c{number}@example.com" if people.digital[i] > 0.6 else "",  # noqa: PLR2004 - the digital ones
            f"{town}{STREETS[house[i] % len(STREETS)]}{house[i]}号",
            branch.code,
            bank.managers[people.place[i]][manager] if manager >= 0 else "",
            since[i],
        )


def consents(people: People, when: Span, rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Rows of the kind `consents`, channel by channel."""
    count = len(people)
    as_of = np.datetime64(when.as_of)
    known = np.maximum((as_of - people.since).astype(np.int64), 2)
    given = rng.random((count, len(CHANNELS))) < np.array(CONSENT_SHARES)
    given_on = as_of - (rng.random((count, len(CHANNELS))) * known[:, None]).astype(np.int64)
    withdrawn = rng.random((count, len(CHANNELS))) < WITHDRAWN_SHARE
    after = rng.random((count, len(CHANNELS)))
    withdrawn_on = given_on + ((as_of - given_on).astype(np.int64) * after).astype(np.int64)
    given_text = np.datetime_as_string(given_on)
    withdrawn_text = np.datetime_as_string(withdrawn_on)
    for i, number in enumerate(numbers(people)):
        for j, channel in enumerate(CHANNELS):
            if given[i, j]:
                end = withdrawn_text[i, j] if withdrawn[i, j] else ""
                yield (number, "marketing", channel, given_text[i, j], end)


def _shares(places: int) -> Floats:
    """Uneven sizes of the places; a town is larger than a village."""
    weights = 1 / np.arange(2, places + 2, dtype=np.float64) ** 0.6
    shares: Floats = weights / weights.sum()
    return shares


def _order_of_the_day(people: People) -> Integers:
    """Count those born on one day in one place: even for women, odd for men, none twice."""
    sex = np.where(people.female, 0, 1)
    by_group = np.lexsort((sex, people.born.astype(np.int64), people.place))
    keys = np.stack([people.place, people.born.astype(np.int64), sex], axis=1)[by_group]
    new = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)]
    place = np.arange(len(keys))
    rank = place - np.maximum.accumulate(np.where(new, place, 0))
    order = np.empty(len(keys), dtype=np.int64)
    order[by_group] = rank * 2 + keys[:, 2]
    return order
