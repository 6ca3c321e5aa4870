"""What is true of a block's customers, and what no bank could know: written beside the extract."""

import numpy as np
import pyarrow as pa

from simulator import text
from simulator.catalogue import CODES, LINES
from simulator.holdings import customer_numbers
from simulator.identity import Slips
from simulator.manners import CATEGORIES
from simulator.organisation import Organisation
from simulator.people import (
    MIGRANT,
    PENSIONER,
    ROLES,
    SALARIED,
    SEGMENTS,
    People,
)
from simulator.responses import Responses
from simulator.span import NEVER, Integers, Span
from simulator.traits import Traits

SECOND_MANAGER, SECOND_SHARE_PPM = 0.2, 300_000
MILLION = 1_000_000
TRAILING_MONTHS = 12


def customers(people: People, traits: Traits, slips: Slips, when: Span) -> pa.Table:
    """Tell of each customer who it is, how it lives, and whether and when it leaves."""
    regular = np.isin(people.segment, (SALARIED, MIGRANT, PENSIONER)) & (traits.income > 0)
    left = np.where(traits.churn < NEVER, traits.churn, 0) + when.first
    left = np.where(traits.churn < NEVER, left, np.datetime64("NaT", "D"))
    columns = {
        "customer_number": customer_numbers(people.index),
        "person": text.join("P", customer_numbers(people.index[people.person])),
        "duplicate": people.duplicate,
        "name_mistyped": slips.mistyped,
        "phone_changed": slips.new_phone,
        "id_of_15_digits": slips.old_id,
        "id_missing": slips.no_id,
        "household": households(people),
        "household_role": text.where(
            people.enterprise, None, text.chosen(ROLES, np.maximum(people.role, 0))
        ),
        "segment": text.chosen(SEGMENTS, people.segment),
        "standing": people.standing,
        "wealth_minor": people.wealth,
        "digital": people.digital,
        "dormant": people.dormant,
        "contact_only": people.contact,
        "salary_day": pa.array(traits.payday + 1, mask=~regular),
        "income_minor": (traits.income).astype(np.int64),
        "acts_a_month": traits.acts,
        "favourite": text.chosen(CATEGORIES, traits.favourite),
        "second_favourite": text.chosen(CATEGORIES, traits.second),
        "churn_hazard_ppm": traits.hazard_ppm,
        "churned_on": text.days(left),
        "remits_to": _remittances(people, traits),
    }
    return pa.table(columns)


def groups(people: People, boss: Integers) -> pa.Table:
    """Tell who represents a firm, and which firms belong together by that."""
    firms = np.flatnonzero(boss >= 0)
    head = customer_numbers(people.index[boss[firms]])
    business = business_groups(people, boss).take(pa.array(firms))
    columns = {
        "customer_number": customer_numbers(people.index[firms]),
        "legal_representative": head,
        "business_group": business,
    }
    return pa.table(columns)


def business_groups(people: People, boss: Integers) -> text.Text:
    """Name the group of each firm, after the person behind it; nothing for persons."""
    head = customer_numbers(people.index[np.maximum(boss, 0)])
    return text.where(boss >= 0, text.join("G", head), None)


def manager_shares(people: People, bank: Organisation, rng: np.random.Generator) -> pa.Table:
    """Tell in which managers' books a customer is, and with which part."""
    managed = np.flatnonzero(people.manager >= 0)
    mine = people.manager[managed]
    first = bank.first_manager[people.place[managed]]
    many = bank.first_manager[people.place[managed] + 1] - first
    shared = (rng.random(managed.size) < SECOND_MANAGER) & (many > 1)
    other = first + (mine - first + 1) % np.maximum(many, 1)
    who = np.concatenate([managed, managed[shared]])
    manager = np.concatenate([mine, other[shared]])
    share = np.concatenate(
        [MILLION - SECOND_SHARE_PPM * shared, np.full(shared.sum(), SECOND_SHARE_PPM)]
    )
    columns = {
        "customer_number": customer_numbers(people.index[who]),
        "manager_number": text.chosen(bank.all_managers or ("",), manager),
        "share_ppm": share.astype(np.int64),
    }
    return pa.table(columns)


def responses(people: People, drawn: Responses) -> pa.Table:
    """Tell for every customer and product both outcomes: without contact, and with."""
    many = len(drawn.products)
    product = np.tile([CODES.index(code) for code in drawn.products], len(people))
    numbers = customer_numbers(np.repeat(people.index, many))
    columns = {
        "customer_number": numbers,
        "product_code": text.chosen(CODES, product),
        "type": text.chosen(drawn.types, drawn.type.ravel()),
        "chance_without_ppm": drawn.without_ppm.ravel(),
        "chance_with_ppm": drawn.with_ppm.ravel(),
        "takes_without": (drawn.luck_ppm < drawn.without_ppm).ravel(),
        "takes_with": (drawn.luck_ppm < drawn.with_ppm).ravel(),
    }
    return pa.table(columns)


def contribution(people: People, worth: Integers) -> pa.Table:
    """Tell the true contribution of the last twelve months by line, in fen."""
    year = worth[:, :, -TRAILING_MONTHS:].sum(axis=2)
    columns: dict[str, object] = {"customer_number": customer_numbers(people.index)}
    for place, line in enumerate((*LINES, "cost_to_serve")):
        columns[f"{line}_minor"] = year[:, place]
    columns["total_minor"] = year.sum(axis=1)
    return pa.table(columns)


def households(people: People) -> text.Text:
    """Name each customer's household, as the bank's records do too; nothing for firms."""
    number = text.padded(np.maximum(people.household, 0), 5)
    name = text.join("H", text.padded(np.full(len(people), people.block), 4), number)
    return text.where(people.household >= 0, name, None)


def _remittances(people: People, traits: Traits) -> object:
    to = customer_numbers(people.index[np.maximum(traits.family, 0)])
    return text.where(traits.family >= 0, to, None)
