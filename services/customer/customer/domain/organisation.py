"""The institution and how it is organised: products, branches, staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from customer.domain.currencies import check_currency
from customer.domain.problems import BranchCycle, LineFixed, UnknownBranch, WrongInstitution
from customer.domain.vocabulary import BranchKind, Line, StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One bank; `as_of` is the business date that its records describe.

    `union_code` names the provincial union (省联社) that it belongs to: who asks for the union may
    see sums over the bank. The bank itself says so, nobody else can.
    """

    code: str
    name: str
    currency: str
    time_zone: str
    as_of: date
    union_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something the bank sells; `on_offer` says whether to new takers too."""

    code: str
    name: str
    line: Line
    on_offer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A place of the bank, under `parent_code`."""

    code: str
    name: str
    parent_code: str | None
    kind: BranchKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Someone who works at a branch."""

    number: str
    name: str
    branch_code: str
    role: StaffRole


def fit_institution(told: Institution, own: str) -> Institution:
    """Return `told` when it is the caller's `own` institution."""
    if told.code != own:
        raise WrongInstitution(told.code, own)
    check_currency(told.currency)
    return told


def fit_product(
    held: Product | None, told: Product, with_accounts: frozenset[str] | set[str]
) -> Product:
    """Return `told` unless it moves a product that has accounts to another line."""
    if held and held.line != told.line and told.code in with_accounts:
        raise LineFixed(told.code, held.line)
    return told


def fit_branch(branches: Mapping[str, Branch], told: Branch) -> Branch:
    """Return `told` when its parent is known and it does not stand above itself."""
    parent = told.parent_code
    while parent is not None:
        if parent == told.code:
            raise BranchCycle(told.code, str(told.parent_code))
        if parent not in branches:
            raise UnknownBranch(parent)
        parent = branches[parent].parent_code
    return told


def fit_staff(told: Staff, branches: Mapping[str, object]) -> Staff:
    """Return `told` when its branch is known."""
    if told.branch_code not in branches:
        raise UnknownBranch(told.branch_code)
    return told
