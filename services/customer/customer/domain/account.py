"""Accounts, who holds them, and the cards that draw on them."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date

from customer.domain.currencies import check_currency
from customer.domain.ids import AccountId, CustomerId
from customer.domain.problems import (
    ClosedBeforeOpened,
    MaturesBeforeOpened,
    OwnerTaken,
    UnknownAccount,
    UnknownBranch,
    UnknownCustomer,
    UnknownProduct,
)
from customer.domain.vocabulary import HolderRole


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """One customer's part in an account."""

    customer_id: CustomerId
    role: HolderRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as a holding: no money here. `holders` are in the order of their ids.

    `matures_on` is the day on which an agreed term ends, whether or not the account closes then.
    """

    id: AccountId
    number: str
    product_code: str
    currency: str
    branch_code: str
    opened_on: date
    closed_on: date | None
    matures_on: date | None = None
    holders: tuple[Holder, ...] = ()

    @property
    def owner_id(self) -> CustomerId | None:
        """Who owns the account, once the bank has said so."""
        owners = (one.customer_id for one in self.holders if one.role is HolderRole.OWNER)
        return next(owners, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The bank's statement that a customer holds an account in some role."""

    account_id: AccountId
    account_number: str
    customer_id: CustomerId
    customer_number: str
    role: HolderRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card by the bank's own id of it; the number on the card is never kept."""

    reference: str
    account_id: AccountId
    customer_id: CustomerId
    kind: str
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CardIssue:
    """The bank's statement that it issued a card, in the bank's own numbers."""

    card: Card
    account_number: str
    customer_number: str


def fit_account(
    held: Account | None, told: Account, products: Container[str], branches: Container[str]
) -> Account:
    """Return `told` with the holders known so far, when what it refers to is known."""
    check_currency(told.currency)
    if told.closed_on is not None and told.closed_on < told.opened_on:
        raise ClosedBeforeOpened
    if told.matures_on is not None and told.matures_on < told.opened_on:
        raise MaturesBeforeOpened
    if told.product_code not in products:
        raise UnknownProduct(told.product_code)
    if told.branch_code not in branches:
        raise UnknownBranch(told.branch_code)
    return replace(told, holders=held.holders) if held else told


def fit_holding(
    accounts: Mapping[AccountId, Account], told: Holding, customers: Container[CustomerId]
) -> Account:
    """Return the account with `told` among its holders; it never has two owners."""
    account = accounts.get(told.account_id)
    if account is None:
        raise UnknownAccount(told.account_number)
    if told.customer_id not in customers:
        raise UnknownCustomer(told.customer_number)
    if told.role is HolderRole.OWNER and account.owner_id not in (None, told.customer_id):
        raise OwnerTaken(told.account_number)
    others = [one for one in account.holders if one.customer_id != told.customer_id]
    return replace(account, holders=tuple(sorted([*others, Holder(told.customer_id, told.role)])))


def fit_card(
    told: CardIssue, accounts: Container[AccountId], customers: Container[CustomerId]
) -> Card:
    """Return the card when its account and customer are known."""
    card = told.card
    if card.account_id not in accounts:
        raise UnknownAccount(told.account_number)
    if card.customer_id not in customers:
        raise UnknownCustomer(told.customer_number)
    return card
