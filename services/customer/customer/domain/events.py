"""Facts this service announces; nothing in them names, identifies or reaches a person."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from customer.domain.account import Account
from customer.domain.consent import Consent
from customer.domain.customer import Customer
from customer.domain.erasure import Erasure
from customer.domain.group import Group
from customer.domain.ids import CustomerId
from customer.domain.organisation import Branch, Institution, Product
from customer.domain.vocabulary import Line


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionRecorded:
    """The institution is known, or known otherwise than before."""

    type: ClassVar[str] = "customer.institution.recorded"
    institution: str
    version: int
    value: Institution

    @property
    def subject(self) -> str:
        return self.value.code

    def data(self) -> dict[str, Any]:
        return {
            "code": self.value.code,
            "name": self.value.name,
            "currency": self.value.currency,
            "time_zone": self.value.time_zone,
            "as_of": _day(self.value.as_of),
            "union_code": self.value.union_code,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecorded:
    """A product is known, or known otherwise than before."""

    type: ClassVar[str] = "customer.product.recorded"
    institution: str
    version: int
    value: Product

    @property
    def subject(self) -> str:
        return f"{self.institution}/{self.value.code}"

    def data(self) -> dict[str, Any]:
        return {
            "code": self.value.code,
            "name": self.value.name,
            "line": self.value.line,
            "on_offer": self.value.on_offer,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRecorded:
    """A branch is known, or known otherwise than before."""

    type: ClassVar[str] = "customer.branch.recorded"
    institution: str
    version: int
    value: Branch

    @property
    def subject(self) -> str:
        return f"{self.institution}/{self.value.code}"

    def data(self) -> dict[str, Any]:
        return {
            "code": self.value.code,
            "name": self.value.name,
            "parent_code": self.value.parent_code,
            "kind": self.value.kind,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecorded:
    """A customer is known, or known otherwise than before."""

    type: ClassVar[str] = "customer.customer.recorded"
    institution: str
    version: int
    value: Customer

    @property
    def subject(self) -> str:
        return str(self.value.id)

    def data(self) -> dict[str, Any]:
        return {
            "customer_id": str(self.value.id),
            "number": self.value.number,
            "kind": self.value.kind,
            "born_on": _day(self.value.born_on),
            "branch_code": self.value.branch_code,
            "manager_number": self.value.manager_number,
            "since": _day(self.value.since),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased:
    """Who a customer was is known no more; what is counted by its id stays."""

    type: ClassVar[str] = "customer.customer.erased"
    institution: str
    version: int
    customer_id: CustomerId
    erasure: Erasure

    @property
    def subject(self) -> str:
        return str(self.customer_id)

    def data(self) -> dict[str, Any]:
        return {
            "customer_id": str(self.customer_id),
            "basis": self.erasure.basis,
            "erased_on": _day(self.erasure.on),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecorded:
    """An account that has an owner, or who holds it, is known or known otherwise than before."""

    type: ClassVar[str] = "customer.account.recorded"
    institution: str
    version: int
    value: Account
    line: Line

    @property
    def subject(self) -> str:
        return str(self.value.id)

    def data(self) -> dict[str, Any]:
        owner = self.value.owner_id
        return {
            "account_id": str(self.value.id),
            "number": self.value.number,
            "product_code": self.value.product_code,
            "line": self.line,
            "currency": self.value.currency,
            "branch_code": self.value.branch_code,
            "opened_on": _day(self.value.opened_on),
            "closed_on": _day(self.value.closed_on),
            "matures_on": _day(self.value.matures_on),
            "owner_id": str(owner) if owner else None,
            "holders": [
                {"customer_id": str(one.customer_id), "role": one.role}
                for one in self.value.holders
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecorded:
    """A household or group, or who belongs to it, is known or known otherwise than before."""

    type: ClassVar[str] = "customer.group.recorded"
    institution: str
    version: int
    value: Group

    @property
    def subject(self) -> str:
        return str(self.value.id)

    def data(self) -> dict[str, Any]:
        parent = self.value.parent_id
        return {
            "group_id": str(self.value.id),
            "code": self.value.code,
            "kind": self.value.kind,
            "parent_id": str(parent) if parent else None,
            "members": [
                {
                    "customer_id": str(one.customer_id),
                    "role": one.role,
                    "since": _day(one.since),
                    "until": _day(one.until),
                }
                for one in self.value.members
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged:
    """A customer gave or withdrew a consent."""

    type: ClassVar[str] = "customer.consent.changed"
    institution: str
    version: int
    value: Consent

    @property
    def subject(self) -> str:
        return "/".join(str(part) for part in self.value.key)

    def data(self) -> dict[str, Any]:
        return {
            "customer_id": str(self.value.customer_id),
            "purpose": self.value.purpose,
            "channel": self.value.channel,
            "given": self.value.given,
        }
