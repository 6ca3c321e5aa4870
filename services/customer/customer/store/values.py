"""From rows to domain values: the one place where they are crossed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from customer.domain.account import Account, Card, Holder
from customer.domain.consent import Consent
from customer.domain.customer import Customer
from customer.domain.ids import AccountId, CustomerId
from customer.domain.vocabulary import Channel, CustomerKind, Purpose, Sex


def customer(row: Row[Any], opened: Mapping[str, str | None]) -> Customer:
    """Return the customer that a row of `customer` tells, with its personal values `opened`."""
    return Customer(
        id=CustomerId(row.id),
        number=row.number,
        kind=CustomerKind(row.kind),
        name=row.name,
        id_type=row.id_type,
        id_number=opened["id_number"],
        born_on=row.born_on,
        sex=Sex(row.sex) if row.sex else None,
        phone=opened["phone"],
        email=opened["email"],
        address=opened["address"],
        branch_code=row.branch_code,
        manager_number=row.manager_number,
        since=row.since,
        erased_on=row.erased_on,
    )


def account(row: Row[Any], holders: tuple[Holder, ...] = ()) -> Account:
    """Return the account that a row of `account` tells, with `holders`."""
    return Account(
        id=AccountId(row.id),
        number=row.number,
        product_code=row.product_code,
        currency=row.currency,
        branch_code=row.branch_code,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        matures_on=row.matures_on,
        holders=holders,
    )


def card(row: Row[Any]) -> Card:
    """Return the card that a row of `card` tells."""
    return Card(
        reference=row.reference,
        account_id=AccountId(row.account_id),
        customer_id=CustomerId(row.customer_id),
        kind=row.kind,
        issued_on=row.issued_on,
    )


def consent(row: Row[Any]) -> Consent:
    """Return the consent that a row of `consent` tells."""
    return Consent(
        customer_id=CustomerId(row.customer_id),
        purpose=Purpose(row.purpose),
        channel=Channel(row.channel),
        given_on=row.given_on,
        withdrawn_on=row.withdrawn_on,
    )
