"""How the bank is built: head office, branches, outlets in town and village, and the staff."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.names import GIVEN_FIRST, GIVEN_SECOND, PLACES, SURNAMES
from simulator.span import Flags, Integers

INSTITUTION = "SHEAF"
UNION = "SHEAF-UNION"
"""Whom several banks made at once belong to (省联社)."""
NAME = "禾捆农村合作银行"
DRESSED_EVERY = 6
"""Every so many places dress their month-ends: deposits come on the last day and go again."""
CURRENCY = "CNY"
TIME_ZONE = "Asia/Shanghai"

OUTLETS = ("城区分理处", "集镇分理处", "村级服务点")
"""One in the town, one at the market, one in the village."""
CUSTOMERS_OF_A_MANAGER = 40


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of the bank; customers belong to branches and outlets, not to the head office."""

    code: str
    name: str
    parent: str
    kind: str


@dataclass(frozen=True, slots=True)
class Employee:
    """One of the staff."""

    number: str
    name: str
    branch: str
    role: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """`serving` are the places customers belong to; `managers` holds each one's by place."""

    branches: tuple[Branch, ...]
    serving: tuple[Branch, ...]
    staff: tuple[Employee, ...]
    managers: tuple[tuple[str, ...], ...]

    @property
    def first_manager(self) -> Integers:
        """Where each place's managers begin in the row of all managers."""
        sizes = [len(numbers) for numbers in self.managers]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def all_managers(self) -> tuple[str, ...]:
        return tuple(number for numbers in self.managers for number in numbers)

    @property
    def dressed(self) -> Flags:
        """The places that dress their month-ends."""
        places: Flags = np.arange(len(self.serving)) % DRESSED_EVERY == 1
        return places


def organise(customers: int, rng: np.random.Generator) -> Organisation:
    """Found a bank of a size that fits its customers."""
    count = min(max(3, customers // 2_000), len(PLACES))
    head = Branch("00", f"{NAME}总行", "", "head_office")
    serving = []
    for place in range(count):
        code = f"{place + 1:02}"
        serving.append(Branch(code, f"{PLACES[place]}支行", head.code, "branch"))
        for outlet in range(1, len(OUTLETS) + 1):
            name = f"{PLACES[place]}{OUTLETS[outlet - 1]}"
            serving.append(Branch(f"{code}{outlet:02}", name, code, "outlet"))
    per_place = max(1, round(customers * 0.3 / CUSTOMERS_OF_A_MANAGER / len(serving)))
    staff = list(_staff(head, tuple(serving), per_place, rng))
    managers = tuple(
        tuple(
            one.number for one in staff if one.branch == b.code and one.role == "customer_manager"
        )
        for b in serving
    )
    return Organisation((head, *serving), tuple(serving), tuple(staff), managers)


def _staff(
    head: Branch, serving: tuple[Branch, ...], per_place: int, rng: np.random.Generator
) -> Iterator[Employee]:
    wanted = [(head.code, "leader")] * 3 + [(head.code, "marketer")] * 2
    for branch in serving:
        wanted += [(branch.code, "branch_head")] * (branch.kind == "branch")
        wanted += [(branch.code, "customer_manager")] * per_place
        wanted += [(branch.code, "teller")] * 2
    surnames = rng.integers(len(SURNAMES), size=len(wanted))
    first = rng.integers(len(GIVEN_FIRST), size=len(wanted))
    second = rng.integers(len(GIVEN_SECOND), size=len(wanted))
    for place, (branch_code, role) in enumerate(wanted):
        name = SURNAMES[surnames[place]] + GIVEN_FIRST[first[place]] + GIVEN_SECOND[second[place]]
        yield Employee(f"E{place + 1:05}", name, branch_code, role)
