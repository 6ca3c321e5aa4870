"""One class for each kind of record, field by field as the extract contract has them."""

from abc import abstractmethod
from typing import Annotated, Generic, TypeVar

from kit.intake import NoneIfEmpty, Record
from pydantic import ConfigDict

from customer.domain import account, consent, customer, group, organisation
from customer.domain.ids import account_id, customer_id, group_id
from customer.domain.vocabulary import (
    BranchKind,
    Channel,
    CustomerKind,
    GroupKind,
    HolderRole,
    Line,
    Purpose,
    Sex,
    StaffRole,
)
from customer.ingest.values import (
    Code,
    Day,
    Email,
    Flag,
    IdNumber,
    InstitutionCode,
    Phone,
    Reference,
    Text,
    TimeZone,
    Word,
)

Told = TypeVar("Told")


class Stated(Record, Generic[Told]):
    """A record that tells the domain something; numbers stand for their digits."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    @abstractmethod
    def told(self, institution: str) -> Told:
        """Return what the record says, of the institution that sent it."""


class Institution(Stated[organisation.Institution]):
    code: InstitutionCode
    name: Text
    currency: Code
    time_zone: TimeZone
    as_of: Day
    union_code: Annotated[InstitutionCode | None, NoneIfEmpty] = None

    def told(self, institution: str) -> organisation.Institution:
        del institution
        return organisation.Institution(**self.__dict__)


class Product(Stated[organisation.Product]):
    code: Code
    name: Text
    line: Line
    on_offer: Flag

    def told(self, institution: str) -> organisation.Product:
        del institution
        return organisation.Product(**self.__dict__)


class Branch(Stated[organisation.Branch]):
    code: Code
    name: Text
    parent_code: Annotated[Code | None, NoneIfEmpty] = None
    kind: BranchKind

    def told(self, institution: str) -> organisation.Branch:
        del institution
        return organisation.Branch(**self.__dict__)


class Staff(Stated[organisation.Staff]):
    number: Code
    name: Text
    branch_code: Code
    role: StaffRole

    def told(self, institution: str) -> organisation.Staff:
        del institution
        return organisation.Staff(**self.__dict__)


class Customer(Stated[customer.Customer]):
    number: Code
    kind: CustomerKind
    name: Text
    id_type: Annotated[Word | None, NoneIfEmpty] = None
    id_number: Annotated[IdNumber | None, NoneIfEmpty] = None
    born_on: Annotated[Day | None, NoneIfEmpty] = None
    sex: Annotated[Sex | None, NoneIfEmpty] = None
    phone: Annotated[Phone | None, NoneIfEmpty] = None
    email: Annotated[Email | None, NoneIfEmpty] = None
    address: Annotated[Text | None, NoneIfEmpty] = None
    branch_code: Code
    manager_number: Annotated[Code | None, NoneIfEmpty] = None
    since: Day

    def told(self, institution: str) -> customer.Customer:
        return customer.Customer(id=customer_id(institution, self.number), **self.__dict__)


class Group(Stated[group.Group]):
    code: Code
    kind: GroupKind
    name: Text
    parent_code: Annotated[Code | None, NoneIfEmpty] = None

    def told(self, institution: str) -> group.Group:
        parent = self.parent_code
        return group.Group(
            id=group_id(institution, self.code),
            parent_id=group_id(institution, parent) if parent else None,
            **self.__dict__,
        )


class GroupMember(Stated[group.Joining]):
    group_code: Code
    customer_number: Code
    role: Word
    since: Day
    until: Annotated[Day | None, NoneIfEmpty] = None

    def told(self, institution: str) -> group.Joining:
        return group.Joining(
            group_id=group_id(institution, self.group_code),
            group_code=self.group_code,
            customer_number=self.customer_number,
            member=group.Member(
                customer_id(institution, self.customer_number), self.since, self.role, self.until
            ),
        )


class Account(Stated[account.Account]):
    number: Code
    product_code: Code
    currency: Code
    branch_code: Code
    opened_on: Day
    closed_on: Annotated[Day | None, NoneIfEmpty] = None
    matures_on: Annotated[Day | None, NoneIfEmpty] = None

    def told(self, institution: str) -> account.Account:
        return account.Account(id=account_id(institution, self.number), **self.__dict__)


class AccountHolder(Stated[account.Holding]):
    account_number: Code
    customer_number: Code
    role: HolderRole

    def told(self, institution: str) -> account.Holding:
        return account.Holding(
            account_id=account_id(institution, self.account_number),
            customer_id=customer_id(institution, self.customer_number),
            **self.__dict__,
        )


class Card(Stated[account.CardIssue]):
    reference: Reference
    account_number: Code
    customer_number: Code
    kind: Word
    issued_on: Day

    def told(self, institution: str) -> account.CardIssue:
        return account.CardIssue(
            card=account.Card(
                reference=self.reference,
                account_id=account_id(institution, self.account_number),
                customer_id=customer_id(institution, self.customer_number),
                kind=self.kind,
                issued_on=self.issued_on,
            ),
            account_number=self.account_number,
            customer_number=self.customer_number,
        )


class Consent(Stated[consent.ConsentWord]):
    customer_number: Code
    purpose: Purpose
    channel: Channel
    given_on: Day
    withdrawn_on: Annotated[Day | None, NoneIfEmpty] = None

    def told(self, institution: str) -> consent.ConsentWord:
        return consent.ConsentWord(
            consent=consent.Consent(
                customer_id=customer_id(institution, self.customer_number),
                purpose=self.purpose,
                channel=self.channel,
                given_on=self.given_on,
                withdrawn_on=self.withdrawn_on,
            ),
            customer_number=self.customer_number,
        )
