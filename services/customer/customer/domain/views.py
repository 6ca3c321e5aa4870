"""What readers see together: a customer at a branch, an account of a product, counts."""

from dataclasses import dataclass

from customer.domain.account import Account
from customer.domain.customer import Customer
from customer.domain.organisation import Branch, Product, Staff
from customer.domain.vocabulary import HolderRole


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer, the branch that keeps it, and the manager who cares for it."""

    customer: Customer
    branch: Branch
    manager: Staff | None


@dataclass(frozen=True, slots=True)
class Position:
    """An account with its product, and in which role its holder was asked about."""

    account: Account
    product: Product
    role: HolderRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What customers are looked for by; all that is given must fit, in the compared form."""

    number: str | None = None
    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    branch_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much of everything an institution has, closed accounts included."""

    customers: int
    accounts: int
    deposit_accounts: int
    loans: int
    cards: int
