"""Postings, what they make of each month, and where closed months lie."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import EXACT, Fact, Table


class PostingRow(Fact, table=True):
    """A posting, once, until its month is closed and a file holds it; never changed."""

    __tablename__ = "posting"
    __table_args__ = (
        Index("ix_posting_account_id_value_date", "account_id", "value_date"),
        Index("ix_posting_institution_value_date", "institution", "value_date"),
    )

    institution: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    account_id: UUID
    amount_minor: int = Field(sa_type=BigInteger)
    value_date: date
    booked_at: datetime = Field(sa_type=DateTime(timezone=True))
    channel: str
    kind: str
    purpose: str
    counterparty: str


class AccountMonthRow(Table, table=True):
    """The atom: what an account's postings of a month do to its balance-days."""

    __tablename__ = "account_month"

    account_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    institution: str
    s0: int = Field(sa_type=EXACT)
    s1: int = Field(sa_type=EXACT)
    postings: int


class AccountActivityRow(Table, table=True):
    """How often and for how much an account was used in a month, by channel, kind and purpose.

    Archived postings are not counted here; see `store.archive`.
    """

    __tablename__ = "account_activity"

    account_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    institution: str
    count: int
    amount_minor: int = Field(sa_type=EXACT)


class ParkedRecordRow(Table, table=True):
    """A record that waits: mostly for its account's event; `reason` says for what."""

    __tablename__ = "parked_record"
    __table_args__ = (
        Index("ix_parked_record_institution_account_number", "institution", "account_number"),
    )

    institution: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    account_number: str
    payload: dict[str, Any] = Field(sa_type=JSONB)
    reason: str


class ArchiveFileRow(Table, table=True):
    """The manifest: a file of a closed month's postings, or of their ids, in use until retired."""

    __tablename__ = "archive_file"
    __table_args__ = (Index("ix_archive_file_institution_month", "institution", "month"),)

    institution: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    holds: str
    month: date
    segment: str
    generation: int
    rows: int
    bytes: int = Field(sa_type=BigInteger)
    sha256: str
    recorded_through: datetime = Field(sa_type=DateTime(timezone=True))
    first_account: UUID | None
    last_account: UUID | None
    retired_at: datetime | None = Field(sa_type=DateTime(timezone=True))
