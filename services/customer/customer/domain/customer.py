"""A customer as the bank's records describe one."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date

from customer.domain.identifiers import check_resident_id, check_uscc
from customer.domain.ids import CustomerId
from customer.domain.personal_problems import CustomerErased
from customer.domain.problems import (
    BornInFuture,
    IdentifierIncomplete,
    Invalid,
    UnknownBranch,
    UnknownManager,
)
from customer.domain.vocabulary import CustomerKind, Sex

_LONGEST_LIFE_YEARS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One person or enterprise; `id_number` and `phone` in the form in which they are compared.

    Of one that was erased on `erased_on` nobody can tell any more who it was.
    """

    id: CustomerId
    number: str
    kind: CustomerKind
    name: str
    id_type: str | None
    id_number: str | None
    born_on: date | None
    sex: Sex | None
    phone: str | None
    email: str | None
    address: str | None
    branch_code: str
    manager_number: str | None
    since: date
    erased_on: date | None = None


def fit_customer(
    held: Customer | None,
    told: Customer,
    as_of: date,
    branches: Container[str],
    staff: Container[str],
) -> Customer:
    """Return `told` when its values agree with one another and what it refers to is known."""
    if held is not None and held.erased_on is not None:
        raise CustomerErased(held.number)
    _check_identifier(told)
    _check_birth(told, as_of)
    if told.sex and told.kind is CustomerKind.ENTERPRISE:
        raise Invalid("sex: an enterprise has none; leave it empty, or correct kind.")
    if told.branch_code not in branches:
        raise UnknownBranch(told.branch_code)
    if told.manager_number is not None and told.manager_number not in staff:
        raise UnknownManager(told.manager_number)
    return told


def _check_identifier(told: Customer) -> None:
    if (told.id_type is None) != (told.id_number is None):
        raise IdentifierIncomplete
    if told.id_number is not None and told.id_type == "resident_id":
        check_resident_id(told.id_number)
    if told.id_number is not None and told.id_type == "uscc":
        check_uscc(told.id_number)


def _check_birth(told: Customer, as_of: date) -> None:
    if told.born_on is None:
        return
    if told.born_on > as_of:
        raise BornInFuture
    if told.kind is CustomerKind.INDIVIDUAL:
        if as_of.year - told.born_on.year > _LONGEST_LIFE_YEARS:
            raise Invalid("born_on: more than 150 years ago; correct it, or leave it empty.")
        if told.since < told.born_on:
            raise Invalid("since: lies before born_on; correct one of them.")
