"""Accounts, who holds them, and what was agreed on them."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Index,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from scoring.tables.base import Fact


class AccountRow(Fact, table=True):
    """An account; `joint` holders are null until an event tells of them."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("institution", "number"),
        Index("ix_account_joint", "joint", postgresql_using="gin"),
        Index("ix_account_institution_currency", "institution", "currency"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    owner_id: UUID = Field(index=True)
    joint: list[UUID] | None = Field(sa_type=ARRAY(Uuid))
    product: str
    line: str
    currency: str
    opened_on: date
    closed_on: date | None
    matures_on: date | None
    branch: str
    version: int


class LoanRow(Fact, table=True):
    __tablename__ = "loan"

    account_id: UUID = Field(primary_key=True)
    institution: str
    settlement_account_number: str
    principal_minor: int = Field(sa_type=BigInteger)
    granted_on: date
    term_months: int
    instalment_minor: int = Field(sa_type=BigInteger)
    grade: str
    balance_basis: str


class AccountRateRow(Fact, table=True):
    """A customer rate that was agreed for one account."""

    __tablename__ = "account_rate"

    institution: str = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    effective_from: date = Field(primary_key=True)
    rate_ppm: int
