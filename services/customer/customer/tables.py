"""Rows as PostgreSQL keeps them. Only `store` imports this module."""

from datetime import date, datetime
from uuid import UUID

from kit.audit.chain import audit_table
from kit.db import service_metadata
from kit.idempotency import idempotency_table
from kit.outbox import outbox_table
from sqlalchemy import DateTime, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

METADATA = service_metadata()
outbox_table(METADATA)
audit_table(METADATA)
idempotency_table(METADATA)


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """Base of this service's tables; its metadata is what Alembic compares."""


class InstitutionRow(Table, table=True):
    __tablename__ = "institution"

    institution: str = Field(primary_key=True)
    name: str
    currency: str
    time_zone: str
    as_of: date
    union_code: str | None
    version: int


class ProductRow(Table, table=True):
    __tablename__ = "product"

    institution: str = Field(primary_key=True, foreign_key="institution.institution")
    code: str = Field(primary_key=True)
    name: str
    line: str
    on_offer: bool
    version: int


class BranchRow(Table, table=True):
    __tablename__ = "branch"
    __table_args__ = (
        ForeignKeyConstraint(["institution", "parent_code"], ["branch.institution", "branch.code"]),
        Index(None, "institution", "parent_code"),
    )

    institution: str = Field(primary_key=True, foreign_key="institution.institution")
    code: str = Field(primary_key=True)
    name: str
    parent_code: str | None
    kind: str
    version: int


class StaffRow(Table, table=True):
    __tablename__ = "staff"
    __table_args__ = (
        ForeignKeyConstraint(["institution", "branch_code"], ["branch.institution", "branch.code"]),
    )

    institution: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    name: str
    branch_code: str
    role: str
    version: int


class InstitutionKeyRow(Table, table=True):
    """A version of an institution's key, wrapped by a master key; destroyed once it is retired."""

    __tablename__ = "institution_key"

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    master: str
    kept: bytes | None
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    retired_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class CustomerRow(Table, table=True):
    """`id_number`, `phone`, `email` and `address` are of rows from before values were sealed."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("institution", "number"),
        ForeignKeyConstraint(["institution", "branch_code"], ["branch.institution", "branch.code"]),
        ForeignKeyConstraint(
            ["institution", "manager_number"], ["staff.institution", "staff.number"]
        ),
        Index(None, "institution", "branch_code", "number"),
        Index(None, "institution", "manager_number", "number"),
        Index(None, "institution", "phone"),
        Index(None, "institution", "id_number"),
        Index(None, "institution", "phone_mark"),
        Index(None, "institution", "id_number_mark"),
        Index(
            "ix_customer_unsealed",
            "institution",
            "id",
            postgresql_where=text("data_key is null and erased_on is null"),
        ),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    kind: str
    name: str
    id_type: str | None
    id_number: str | None
    born_on: date | None
    sex: str | None
    phone: str | None
    email: str | None
    address: str | None
    branch_code: str
    manager_number: str | None
    since: date
    version: int
    key_version: int | None
    data_key: bytes | None
    id_number_sealed: bytes | None
    phone_sealed: bytes | None
    email_sealed: bytes | None
    address_sealed: bytes | None
    id_number_mark: bytes | None
    phone_mark: bytes | None
    erased_on: date | None


class GroupRow(Table, table=True):
    """A household or a group."""

    __tablename__ = "customer_group"
    __table_args__ = (
        UniqueConstraint("institution", "code"),
        Index(None, "institution", "parent_id"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    code: str
    kind: str
    name: str
    parent_id: UUID | None = Field(foreign_key="customer_group.id")
    version: int


class GroupMemberRow(Table, table=True):
    """The group's version covers its members too; `until` is the first day no longer."""

    __tablename__ = "group_member"

    group_id: UUID = Field(primary_key=True, foreign_key="customer_group.id")
    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id", index=True)
    since: date = Field(primary_key=True)
    institution: str
    role: str
    until: date | None


class AccountRow(Table, table=True):
    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("institution", "number"),
        ForeignKeyConstraint(
            ["institution", "product_code"], ["product.institution", "product.code"]
        ),
        ForeignKeyConstraint(["institution", "branch_code"], ["branch.institution", "branch.code"]),
        Index(None, "institution", "product_code"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    product_code: str
    currency: str
    branch_code: str
    opened_on: date
    closed_on: date | None
    matures_on: date | None
    version: int


class HolderRow(Table, table=True):
    """The account's version covers its holders too."""

    __tablename__ = "account_holder"
    __table_args__ = (
        Index(
            "uq_account_holder_owner",
            "account_id",
            unique=True,
            postgresql_where=text("role = 'owner'"),
        ),
    )

    account_id: UUID = Field(primary_key=True, foreign_key="account.id")
    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id", index=True)
    institution: str
    role: str


class CardRow(Table, table=True):
    __tablename__ = "card"

    institution: str = Field(primary_key=True)
    reference: str = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    customer_id: UUID = Field(foreign_key="customer.id", index=True)
    kind: str
    issued_on: date
    version: int


class ConsentRow(Table, table=True):
    """The newest word on each purpose and channel; the events remember the earlier ones."""

    __tablename__ = "consent"

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id")
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    institution: str
    given_on: date
    withdrawn_on: date | None
    version: int


class VerificationRow(Table, table=True):
    """Until when an agent knows that a caller is the customer; the newest of each pair."""

    __tablename__ = "verification"

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id")
    subject: str = Field(primary_key=True)
    institution: str
    method: str
    until: datetime = Field(sa_type=DateTime(timezone=True))


class AllowanceRow(Table, table=True):
    """When a caller's allowance for something will be full again."""

    __tablename__ = "allowance"

    institution: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    use: str = Field(primary_key=True)
    full_at: datetime = Field(sa_type=DateTime(timezone=True))
