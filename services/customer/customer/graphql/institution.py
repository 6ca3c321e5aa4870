"""The institution as clients see it."""

from datetime import date
from typing import Self

import strawberry

from customer.domain import organisation, views
from customer.graphql.context import Info
from customer.store.views import counts as counts_of


@strawberry.type(description="How much of everything there is, closed accounts included.")
class InstitutionCounts:
    customers: int = strawberry.field(description="Persons and enterprises.")
    accounts: int = strawberry.field(description="Accounts of every line of business.")
    deposit_accounts: int = strawberry.field(description="Accounts of the line DEPOSIT.")
    loans: int = strawberry.field(description="Accounts of the line LOAN.")
    cards: int = strawberry.field(description="Cards issued.")

    @classmethod
    def of(cls, counts: views.Counts) -> Self:
        return cls(
            customers=counts.customers,
            accounts=counts.accounts,
            deposit_accounts=counts.deposit_accounts,
            loans=counts.loans,
            cards=counts.cards,
        )


@strawberry.type(description="The bank that the caller works for.")
class Institution:
    code: str = strawberry.field(description="Its code, as in the caller's token.")
    name: str = strawberry.field(description="What it calls itself.")
    currency: str = strawberry.field(description="The currency it reports in; ISO 4217.")
    time_zone: str = strawberry.field(description="Where its days begin; IANA.")
    business_date: date = strawberry.field(description="The day that its records describe.")

    union_code: str | None = strawberry.field(
        description="The provincial union that it belongs to, which sees sums over it."
    )

    @classmethod
    def of(cls, institution: organisation.Institution) -> Self:
        return cls(
            code=institution.code,
            name=institution.name,
            currency=institution.currency,
            time_zone=institution.time_zone,
            business_date=institution.as_of,
            union_code=institution.union_code,
        )

    @strawberry.field(description="How much of everything it has, as far as the caller reaches.")
    async def counts(self, info: Info) -> InstitutionCounts:
        async with info.context.db.read(info.context.principal.institution) as session:
            return InstitutionCounts.of(await counts_of(session, info.context.within))
