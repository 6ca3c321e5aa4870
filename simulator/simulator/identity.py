"""What the bank knows its customers by: names, documents, telephones, addresses, with slips."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator import text
from simulator.contract import SCHEMAS
from simulator.holdings import customer_numbers
from simulator.identifiers import (
    credit_codes,
    district,
    mobile_numbers,
    old_resident_ids,
    resident_ids,
)
from simulator.names import (
    COMPANY_FORMS,
    GIVEN_FIRST,
    GIVEN_SECOND,
    PLACES,
    PUBLIC_BODIES,
    SOUND_ALIKE,
    STREETS,
    SURNAMES,
    TRADES,
)
from simulator.organisation import Organisation
from simulator.people import PUBLIC, People
from simulator.span import Flags, Integers
from simulator.text import Text

CODE_BASE = 10_000_000
MISTYPED, NEW_PHONE, OLD_ID, NO_ID = 0.35, 0.5, 0.3, 0.15
COOPERATIVE = COMPANY_FORMS.index("农民专业合作社")


@dataclass(frozen=True, slots=True)
class Slips:
    """How a second record of a person differs from the first; false for everyone else."""

    mistyped: Flags
    new_phone: Flags
    old_id: Flags
    no_id: Flags


@dataclass(frozen=True, slots=True)
class Identity:
    """The customers' rows in the order of the block, and what was done to some of them."""

    table: pa.Table
    slips: Slips


def identify(people: People, bank: Organisation, rng: np.random.Generator) -> Identity:
    """Give everyone a name, a document, a telephone and an address."""
    count = len(people)
    person = people.person
    copy = people.duplicate
    slips = _slip(copy, rng)
    town = people.place[person] // 4 % len(PLACES)
    index = people.index
    mobile = np.where(slips.new_phone, index * 3 + 1, index[person] * 3)
    reachable = (rng.random(count) < 0.93)[person] | slips.new_phone  # noqa: PLR2004 - a telephone number is known
    manager = people.manager
    digital = people.digital > 0.6  # noqa: PLR2004 - the digital ones
    managers = pa.array([*bank.all_managers, None], pa.string())
    columns = {
        "number": customer_numbers(index),
        "kind": text.where(people.enterprise, "enterprise", "individual"),
        "name": text.where(
            people.enterprise, _company_names(people, rng), _names(people, slips, rng)
        ),
        "id_type": text.where(
            slips.no_id,
            None,
            text.where(
                people.enterprise,
                "uscc",
                text.where(slips.old_id, "resident_id_15", "resident_id"),
            ),
        ),
        "id_number": _documents(people, slips),
        "born_on": text.days(people.born),
        "sex": text.where(people.enterprise, None, text.where(people.female, "female", "male")),
        "phone": text.where(reachable, mobile_numbers(mobile), None),
        "email": text.where(digital, text.join("c", customer_numbers(index), "@example.com"), None),
        "address": _addresses(people, town, rng),
        "branch_code": text.chosen([branch.code for branch in bank.serving], people.place),
        "manager_number": managers.take(
            pa.array(np.where(manager >= 0, manager, len(bank.all_managers)))
        ),
        "since": text.days(people.since),
    }
    return Identity(pa.table(columns, SCHEMAS["customers"]), slips)


def _slip(copy: Flags, rng: np.random.Generator) -> Slips:
    drawn = rng.random((3, copy.size))
    return Slips(
        copy & (drawn[0] < MISTYPED),
        copy & (drawn[1] < NEW_PHONE),
        copy & (drawn[2] < OLD_ID),
        copy & (drawn[2] > 1 - NO_ID),
    )


def _names(people: People, slips: Slips, rng: np.random.Generator) -> Text:
    """Name persons; children and parents share the head's surname, slips sound alike."""
    count = len(people)
    surname = rng.integers(len(SURNAMES), size=count)
    shared = np.isin(people.role, (0, 2, 3)) & (people.household >= 0)
    if shared.any():
        surname = np.where(shared, surname[people.household % count], surname)
    first = rng.integers(len(GIVEN_FIRST), size=count)
    second = rng.integers(len(GIVEN_SECOND), size=count)
    short = rng.random(count) < 0.15  # noqa: PLR2004 - given names of one character
    same = people.person
    letters = (*GIVEN_SECOND, *SOUND_ALIKE)
    last = second[same] + len(GIVEN_SECOND) * slips.mistyped
    return text.join(
        text.chosen(SURNAMES, surname[same]),
        text.where(short[same], "", text.chosen(GIVEN_FIRST, first[same])),
        text.chosen(letters, last),
    )


def _company_names(people: People, rng: np.random.Generator) -> Text:
    count = len(people)
    given = rng.integers((len(GIVEN_FIRST), len(GIVEN_SECOND)), size=(count, 2)).T
    trade = rng.integers(len(TRADES), size=count)
    town = text.chosen(PLACES, people.place // 4 % len(PLACES))
    firm = text.join(
        town,
        text.chosen(GIVEN_FIRST, given[0]),
        text.chosen(GIVEN_SECOND, given[1]),
        text.chosen(TRADES, trade),
        text.chosen(COMPANY_FORMS, _forms(people)),
    )
    village = text.chosen(STREETS, trade % len(STREETS))
    body = text.join(town, village, text.chosen(PUBLIC_BODIES, trade % len(PUBLIC_BODIES)))
    return text.where(people.segment == PUBLIC, body, firm)


def _forms(people: People) -> Integers:
    """Choose each firm's legal form by its number."""
    kinds = np.array((0, 0, 0, 1, COOPERATIVE, 0, 3, 0, 1, COOPERATIVE))
    form: Integers = kinds[people.index * 7 % 10]
    return form


def _documents(people: People, slips: Slips) -> Text:
    """Return the documents: both records of a person bear the same, in the old form or the new."""
    person = people.person
    resident = resident_ids(
        people.block, people.place[person], people.born, people.female, people.rank[person]
    )
    public = people.segment == PUBLIC
    kind = np.where(public, 1, np.where(_forms(people) == COOPERATIVE, 2, 0))
    code = credit_codes(
        text.chosen(("91", "12", "93"), kind), people.place, CODE_BASE + people.index
    )
    number = text.where(slips.old_id, old_resident_ids(resident), resident)
    return text.where(slips.no_id, None, text.where(people.enterprise, code, number))


def _addresses(people: People, town: Integers, rng: np.random.Generator) -> Text:
    """Tell where people live, division code first; a family lives in one house."""
    count = len(people)
    house = rng.integers(1, 200, size=count)
    home = np.where(people.household >= 0, people.household, people.person) % count
    house = house[home]
    street = text.chosen(STREETS, house % len(STREETS))
    code = text.join("4399", text.padded(district(people.place[people.person]), 2))
    number = pa.array(house).cast(pa.string())
    return text.join(code, " ", text.chosen(PLACES, town), "镇", street, number, "号")
