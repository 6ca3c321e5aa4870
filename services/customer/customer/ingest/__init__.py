"""The bank's records of every kind: what a line must look like, and which operation takes it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from kit.db import Database
from kit.identity import Principal
from kit.intake import Answer, Rejected, Take
from pydantic import BaseModel

from customer.domain.taking import Outcome
from customer.ingest import records
from customer.operations import accounts, consents, customers, groups, organisation

Told_contra = TypeVar("Told_contra", contravariant=True)
Kind: TypeAlias = tuple[type[BaseModel], Take]


class Operation(Protocol[Told_contra]):
    """Takes records, by the number of their line, for one institution."""

    async def __call__(
        self,
        db: Database,
        institution: str,
        told: Sequence[tuple[int, Told_contra]],
        *,
        at: datetime,
    ) -> Outcome: ...


def kinds(db: Database, clock: Callable[[], datetime]) -> dict[str, Kind]:
    """Return every kind of record by name, with its shape and who takes it."""

    def kind(shape: type[records.Stated[Any]], operation: Operation[Any]) -> Kind:
        async def take(principal: Principal, lines: Sequence[tuple[int, Any]]) -> Answer:
            institution = principal.institution
            told = [(line, record.told(institution)) for line, record in lines]
            outcome = await operation(db, institution, told, at=clock())
            return Answer(
                accepted=outcome.accepted,
                unchanged=outcome.unchanged,
                rejected=[
                    Rejected(one.line, one.problem.code, str(one.problem))
                    for one in outcome.refused
                ],
            )

        return shape, take

    return {
        "institutions": kind(records.Institution, organisation.record_institutions),
        "products": kind(records.Product, organisation.record_products),
        "branches": kind(records.Branch, organisation.record_branches),
        "staff": kind(records.Staff, organisation.record_staff),
        "customers": kind(records.Customer, customers.record_customers),
        "groups": kind(records.Group, groups.record_groups),
        "group_members": kind(records.GroupMember, groups.record_members),
        "accounts": kind(records.Account, accounts.record_accounts),
        "account_holders": kind(records.AccountHolder, accounts.record_holdings),
        "cards": kind(records.Card, accounts.record_cards),
        "consents": kind(records.Consent, consents.record_consents),
    }
