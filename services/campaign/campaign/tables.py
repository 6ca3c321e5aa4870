"""Rows as PostgreSQL keeps them. Only `store` imports this module."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.audit.chain import audit_table
from kit.db import service_metadata
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from sqlalchemy import BigInteger, Column, DateTime, Index, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

METADATA = service_metadata()
outbox_table(METADATA)
audit_table(METADATA)
inbox_tables(METADATA)
idempotency_table(METADATA)


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """Base of this service's tables; its metadata is what Alembic compares."""


def _texts() -> Any:  # noqa: ANN401  (SQLModel's Field is untyped)
    return Field(sa_column=Column(ARRAY(String), nullable=False))


def _instant(*, nullable: bool = False) -> Any:  # noqa: ANN401
    return Field(sa_type=DateTime(timezone=True), nullable=nullable)


class InstitutionRow(Table, table=True):
    """A bank, and the day up to which its data is loaded: its business date."""

    __tablename__ = "institution"

    code: str = Field(primary_key=True)
    version: int
    currency: str
    as_of: date


class BranchRow(Table, table=True):
    """A branch whose code an audience may use, and the one that it stands under."""

    __tablename__ = "branch"
    __table_args__ = (Index("ix_branch_institution_parent_code", "institution", "parent_code"),)

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    version: int
    parent_code: str | None


class ProductRow(Table, table=True):
    """A product whose code an audience may use, and a campaign too while it is on offer."""

    __tablename__ = "product"

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    version: int
    name: str
    line: str
    on_offer: bool


class TierRow(Table, table=True):
    """A tier that some customer has had, with its newest known rank."""

    __tablename__ = "tier"

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    rank: int
    at: datetime = _instant()


class ProspectRow(Table, table=True):
    """One customer as campaigns see them; `customer_version` 0 until the customer's own event."""

    __tablename__ = "prospect"
    __table_args__ = (
        Index("ix_prospect_institution_tier_rank", "institution", "tier_rank"),
        Index("ix_prospect_institution_branch_code", "institution", "branch_code"),
        Index("ix_prospect_institution_manager_number", "institution", "manager_number"),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    number: str | None
    customer_version: int
    kind: str | None
    born_on: date | None
    branch_code: str | None
    manager_number: str | None
    since: date | None
    tier_version: int
    tier_code: str | None
    tier_rank: int | None
    contribution_version: int
    contribution_minor: int | None = Field(sa_type=BigInteger)
    currency: str | None
    window_months: int | None
    through: str | None
    products: list[str] = _texts()
    lines: list[str] = _texts()
    consents: list[str] = _texts()


class ProspectAccountRow(Table, table=True):
    """One account as its newest event told it."""

    __tablename__ = "prospect_account"

    account_id: UUID = Field(primary_key=True)
    institution: str
    version: int
    product_code: str
    line: str
    open: bool


class ProspectHolderRow(Table, table=True):
    """One owner or joint holder of an account; replaced as a whole by a newer account event."""

    __tablename__ = "prospect_holder"

    account_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True, index=True)
    institution: str


class ProspectConsentRow(Table, table=True):
    """The newest word on one consent; `prospect.consents` lists those given."""

    __tablename__ = "prospect_consent"

    customer_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    institution: str
    version: int
    given: bool


class CampaignRow(Table, table=True):
    """A campaign: its plan, its steps, and at launch the counts of its members."""

    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_institution_created", "institution", "created_at", "id"),)

    id: UUID = Field(primary_key=True)
    institution: str
    version: int
    status: str
    name: str
    product_code: str
    title: str
    text: str
    channels: list[str] = _texts()
    audience: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    hold_out_ppm: int
    starts_on: date
    ends_on: date
    salt: str
    authors: list[str] = _texts()
    created_at: datetime = _instant()
    decided_by: str | None
    decided_at: datetime | None = _instant(nullable=True)
    reason: str | None
    launched_by: str | None
    launched_at: datetime | None = _instant(nullable=True)
    stopped_by: str | None
    stopped_at: datetime | None = _instant(nullable=True)
    treated: int | None
    held_out: int | None
    holders_excluded: int | None


class MemberRow(Table, table=True):
    """A customer in a launched campaign: arm, the id of the offer, and the latest reaction."""

    __tablename__ = "member"
    __table_args__ = (Index("ix_member_customer_id", "customer_id"),)

    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.id")
    customer_id: UUID = Field(primary_key=True)
    institution: str
    offer_id: UUID = Field(unique=True)
    arm: str
    version: int
    outcome: str | None
    responded_at: datetime | None = _instant(nullable=True)


class ResponseRow(Table, table=True):
    """One reaction as it was recorded; never changed."""

    __tablename__ = "response"

    offer_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    institution: str
    outcome: str
    channel: str
    recorded_by: str
    at: datetime = _instant()
