"""Batches: one statement per kind of thing, however many fields asked."""

from uuid import UUID

from kit.db import Database
from strawberry.dataloader import DataLoader

from customer.domain.account import Card
from customer.domain.consent import Consent
from customer.domain.reach import Within
from customer.domain.views import Position, Profile
from customer.graphql.group_loaders import GroupLoaders
from customer.operations.showing import Showing
from customer.store import consents, views


class Loaders:
    """Built afresh for each request, so its cache can never outlive one."""

    def __init__(self, db: Database, within: Within, showing: Showing) -> None:
        institution = within.institution

        async def profiles(ids: list[UUID]) -> list[Profile | None]:
            found = await showing.by_id(ids)
            return [found.get(one) for one in ids]

        async def numbered(numbers: list[str]) -> list[Profile | None]:
            found = await showing.by_number(numbers)
            return [found.get(one) for one in numbers]

        async def accounts(ids: list[UUID]) -> list[Position | None]:
            async with db.read(institution) as session:
                found = await views.positions_by_id(session, within, ids)
            return [found.get(one) for one in ids]

        async def holdings(ids: list[UUID]) -> list[list[Position]]:
            async with db.read(institution) as session:
                found = await views.positions_by_customer_id(session, institution, ids)
            return [found.get(one, []) for one in ids]

        async def cards(ids: list[UUID]) -> list[list[Card]]:
            async with db.read(institution) as session:
                found = await views.cards_by_customer_id(session, institution, ids)
            return [found.get(one, []) for one in ids]

        async def agreed(ids: list[UUID]) -> list[list[Consent]]:
            async with db.read(institution) as session:
                found = await consents.consents(session, institution, ids)
            told = [one.value for _, one in sorted(found.items())]
            return [[one for one in told if one.customer_id == owner] for owner in ids]

        self.groups = GroupLoaders(db, within)
        self.profile_by_id = DataLoader(load_fn=profiles)
        self.profile_by_number = DataLoader(load_fn=numbered)
        self.position_by_id = DataLoader(load_fn=accounts)
        self.positions_by_customer_id = DataLoader(load_fn=holdings)
        self.cards_by_customer_id = DataLoader(load_fn=cards)
        self.consents_by_customer_id = DataLoader(load_fn=agreed)
