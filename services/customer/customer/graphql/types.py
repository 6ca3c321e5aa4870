"""The shapes clients see. Each knows how to be made from a domain value."""

from datetime import date
from typing import Self
from uuid import UUID

import strawberry

from customer.domain import account, organisation, views
from customer.domain import consent as consents
from customer.domain.vocabulary import (
    Channel,
    CustomerKind,
    GroupKind,
    HolderRole,
    Line,
    Purpose,
    Sex,
)
from customer.graphql.context import Info
from customer.graphql.groups import CustomerGroup

strawberry.enum(Line, description="A line of business; every product belongs to one.")
strawberry.enum(Channel, description="A way of reaching a customer.")
strawberry.enum(CustomerKind, description="A person, or a company or public body.")
strawberry.enum(Sex, description="As the bank's records state it.")
strawberry.enum(Purpose, description="What a consent is for.")


@strawberry.type(description="A place of the bank.")
class Branch:
    code: str = strawberry.field(description="The bank's code of it.")
    name: str = strawberry.field(description="What the bank calls it.")

    @classmethod
    def of(cls, branch: organisation.Branch) -> Self:
        return cls(code=branch.code, name=branch.name)


@strawberry.type(description="The member of staff who cares for a customer.")
class Manager:
    number: str = strawberry.field(description="The bank's staff number.")
    name: str = strawberry.field(description="As the bank's records have it.")

    @classmethod
    def of(cls, staff: organisation.Staff) -> Self:
        return cls(number=staff.number, name=staff.name)


@strawberry.type(description="Where a customer can be reached, masked for callers like this one.")
class Contacts:
    phone: str | None = strawberry.field(description="Such as 138****5678; *** where hidden.")
    email: str | None = strawberry.field(description="Such as z***@example.com; *** where hidden.")
    address: str | None = strawberry.field(
        description="Down to the district or county, such as 桑植县***; *** where hidden."
    )


@strawberry.type(description="A document that identifies a customer; its number is masked.")
class Identifier:
    type: str = strawberry.field(description="The kind of document, such as resident_id or uscc.")
    number: str = strawberry.field(description="Such as 1****************X; *** where hidden.")


@strawberry.type(description="A card by the bank's own reference; never its number.")
class Card:
    reference: str = strawberry.field(description="The bank's id of the card.")
    kind: str = strawberry.field(description="The bank's word for the kind of card.")
    issued_on: date = strawberry.field(description="The day on which it was issued.")

    @classmethod
    def of(cls, card: account.Card) -> Self:
        return cls(reference=card.reference, kind=card.kind, issued_on=card.issued_on)


@strawberry.type(description="The customer's newest word on one purpose and channel.")
class Consent:
    purpose: Purpose = strawberry.field(description="What the bank may do.")
    channel: Channel = strawberry.field(description="By which channel it may do it.")
    given: bool = strawberry.field(description="Whether the consent is in force.")
    given_on: date = strawberry.field(description="The day on which it was given.")
    withdrawn_on: date | None = strawberry.field(description="The day on which it was withdrawn.")

    @classmethod
    def of(cls, consent: consents.Consent) -> Self:
        return cls(
            purpose=consent.purpose,
            channel=consent.channel,
            given=consent.given,
            given_on=consent.given_on,
            withdrawn_on=consent.withdrawn_on,
        )


@strawberry.federation.type(keys=["id"], description="An account as a holding; no money here.")
class Account:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")
    number: str = strawberry.field(description="The bank's number of it.")
    product: str = strawberry.field(description="The code of its product.")
    product_name: str = strawberry.field(description="What the bank calls its product.")
    line: Line = strawberry.field(description="The line of business that its product belongs to.")
    currency: str = strawberry.field(description="ISO 4217.")
    opened_on: date = strawberry.field(description="Its first day.")
    closed_on: date | None = strawberry.field(description="Its last day; null while it is open.")
    matures_on: date | None = strawberry.field(
        description="The day on which an agreed term ends; null where there is none."
    )

    @classmethod
    def of(cls, position: views.Position) -> Self:
        found, product = position.account, position.product
        return cls(
            id=found.id,
            number=found.number,
            product=product.code,
            product_name=product.name,
            line=product.line,
            currency=found.currency,
            opened_on=found.opened_on,
            closed_on=found.closed_on,
            matures_on=found.matures_on,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002  (the key's name)
        """Return the account that another subgraph names."""
        key = _uuid(id)
        found = await info.context.loaders.position_by_id.load(key) if key else None
        return cls.of(found) if found else None


@strawberry.federation.type(keys=["id"], description="Someone the bank serves.")
class Customer:
    id: UUID = strawberry.field(description="Stable, and the same in every service.")
    number: str = strawberry.field(description="The bank's number of the customer.")
    name: str = strawberry.field(
        description="As the bank's records have it; of a person, for some callers, such as 张*."
    )
    kind: CustomerKind = strawberry.field(description="A person or an enterprise.")
    sex: Sex | None = strawberry.field(description="Of a person, where the bank knows it.")
    born_on: date | None = strawberry.field(
        description="Born, or of an enterprise founded; null for callers it is hidden from."
    )
    since: date = strawberry.field(description="Customer of the bank since this day.")
    erased_on: date | None = strawberry.field(
        description="The day on which the bank erased who this is; the name is empty then."
    )
    branch: Branch = strawberry.field(description="The branch that keeps the customer.")
    manager: Manager | None = strawberry.field(description="Who cares for the customer.")
    contacts: Contacts = strawberry.field(description="Where to reach the customer.")
    identifiers: list[Identifier] = strawberry.field(
        description="The documents that identify the customer; masked."
    )

    @classmethod
    def of(cls, profile: views.Profile) -> Self:
        """Make one of what `Showing` gave, which is masked already."""
        found = profile.customer
        identifiers = []
        if found.id_type is not None and found.id_number is not None:
            identifiers.append(Identifier(type=found.id_type, number=found.id_number))
        return cls(
            id=found.id,
            number=found.number,
            name=found.name,
            kind=found.kind,
            sex=found.sex,
            born_on=found.born_on,
            since=found.since,
            erased_on=found.erased_on,
            branch=Branch.of(profile.branch),
            manager=Manager.of(profile.manager) if profile.manager else None,
            contacts=Contacts(phone=found.phone, email=found.email, address=found.address),
            identifiers=identifiers,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:  # noqa: A002  (the key's name)
        """Return the customer that another subgraph names."""
        key = _uuid(id)
        found = await info.context.loaders.profile_by_id.load(key) if key else None
        return cls.of(found) if found else None

    @strawberry.field(description="What the customer owns, alone or with others.")
    async def accounts(self, info: Info) -> list[Account]:
        held = await info.context.loaders.positions_by_customer_id.load(self.id)
        return [Account.of(one) for one in held if one.role is not HolderRole.AUTHORISED]

    @strawberry.field(description="Others' accounts that the customer may use.")
    async def authorised_accounts(self, info: Info) -> list[Account]:
        held = await info.context.loaders.positions_by_customer_id.load(self.id)
        return [Account.of(one) for one in held if one.role is HolderRole.AUTHORISED]

    @strawberry.field(description="The household that the customer is in on the business date.")
    async def household(self, info: Info) -> CustomerGroup | None:
        return await self._in(info, GroupKind.HOUSEHOLD)

    @strawberry.field(description="The group that the customer is in on the business date.")
    async def group(self, info: Info) -> CustomerGroup | None:
        return await self._in(info, GroupKind.GROUP)

    async def _in(self, info: Info, kind: GroupKind) -> CustomerGroup | None:
        found = await info.context.loaders.groups.by_customer_id.load(self.id)
        return CustomerGroup.of(found[kind]) if kind in found else None

    @strawberry.field(description="The cards that the customer carries.")
    async def cards(self, info: Info) -> list[Card]:
        return [
            Card.of(one) for one in await info.context.loaders.cards_by_customer_id.load(self.id)
        ]

    @strawberry.field(description="What the customer has agreed to, or withdrawn.")
    async def consents(self, info: Info) -> list[Consent]:
        found = await info.context.loaders.consents_by_customer_id.load(self.id)
        return [Consent.of(one) for one in found]


def _uuid(key: str) -> UUID | None:
    """Convert an entity's key, which arrives raw; what is no id names nothing."""
    try:
        return UUID(key)
    except (ValueError, AttributeError, TypeError):
        return None
