"""How the bank is built: head office, branches, outlets, the staff, and what it sells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.names import GIVEN_FIRST, GIVEN_SECOND, PLACES, SURNAMES

INSTITUTION = "SHEAF"
NAME = "禾捆农村合作银行"
CURRENCY = "CNY"
TIME_ZONE = "Asia/Shanghai"

PRODUCTS = (
    ("demand_deposit", "活期存款", "deposit"),
    ("time_deposit", "定期存款", "deposit"),
    ("settlement_account", "单位结算账户", "settlement"),
    ("agricultural_loan", "农户贷款", "loan"),
    ("mortgage", "住房按揭贷款", "loan"),
    ("sme_loan", "小微企业贷款", "loan"),
    ("wealth_product", "理财产品", "intermediary"),
    ("agency_insurance", "代理保险", "intermediary"),
    ("mobile_banking", "手机银行", "e_banking"),
    ("fx_account", "国际结算账户", "international"),
)
OUTLETS_OF_A_BRANCH = 3
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


def organise(customers: int, rng: np.random.Generator) -> Organisation:
    """Found a bank of a size that fits its customers."""
    count = min(max(3, customers // 2_000), len(PLACES))
    head = Branch("00", f"{NAME}总行", "", "head_office")
    serving = []
    for place in range(count):
        code = f"{place + 1:02}"
        serving.append(Branch(code, f"{PLACES[place]}支行", head.code, "branch"))
        for outlet in range(1, OUTLETS_OF_A_BRANCH + 1):
            name = f"{PLACES[place]}第{'一二三'[outlet - 1]}分理处"
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
