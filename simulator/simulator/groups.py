"""Households, and firms with the person behind them, as the bank's records have them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator import text
from simulator.contract import SCHEMAS
from simulator.holdings import customer_numbers
from simulator.people import ROLES, People
from simulator.span import Days, Integers
from simulator.truth import business_groups, households

NEVER = np.datetime64("NaT", "D")
_FIRM, _BEHIND = "company", "legal_representative"


@dataclass(frozen=True, slots=True)
class Belonging:
    """The rows of the kinds `groups` and `group_members`."""

    groups: pa.Table
    members: pa.Table


def belonging(people: People, boss: Integers) -> Belonging:
    """Put families of two and more into households, firms of one person into his group.

    A person's second record and who holds nothing belong nowhere. Everyone belongs since they are
    customers.
    """
    counted = (people.household >= 0) & ~people.duplicate & ~people.contact
    sizes = np.bincount(people.household[counted], minlength=1)
    at_home = np.flatnonzero(counted)
    at_home = at_home[sizes[people.household[at_home]] > 1]
    firms = np.flatnonzero(boss >= 0)
    behind = np.unique(boss[firms])
    family = households(people)
    business = business_groups(people, boss)
    codes = pa.concat_arrays(
        [
            family.take(pa.array(at_home)),
            business.take(pa.array(firms)),
            business.take(pa.array(_first(boss, behind))),
        ]
    )
    roles = pa.concat_arrays(
        [
            text.chosen(ROLES, people.role[at_home]),
            text.constant(_FIRM, firms.size),
            text.constant(_BEHIND, behind.size),
        ]
    )
    who = np.concatenate([at_home, firms, behind])
    kinds = text.where(np.arange(who.size) < at_home.size, "household", "group")
    since: Days = people.since[who]
    members = pa.table(
        {
            "group_code": codes,
            "customer_number": customer_numbers(people.index[who]),
            "role": roles,
            "since": text.days(since),
            "until": text.days(np.full(who.size, NEVER)),
        },
        SCHEMAS["group_members"],
    )
    return Belonging(_groups(codes, kinds), members)


def _groups(codes: text.Text, kinds: text.Text) -> pa.Table:
    """Return one row for each code."""
    told = pa.table({"code": codes, "kind": kinds}).group_by(["code", "kind"]).aggregate([])
    told = told.combine_chunks()
    code = told["code"].combine_chunks()
    columns = {
        "code": code,
        "kind": told["kind"].combine_chunks(),
        "name": text.join("Group ", code),
        "parent_code": text.blank(len(code)),
    }
    return pa.table(columns, SCHEMAS["groups"])


def _first(boss: Integers, behind: Integers) -> Integers:
    """Return for each person the first firm that they stand behind."""
    order = np.argsort(boss, kind="stable")
    first: Integers = order[np.searchsorted(boss[order], behind)]
    return first
