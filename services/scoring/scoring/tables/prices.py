"""What the bank decides: rates, exchange rates and schemes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import Fact, Table


class RateRow(Fact, table=True):
    __tablename__ = "rate"

    institution: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    effective_from: date = Field(primary_key=True)
    rate_ppm: int


class FxRateRow(Fact, table=True):
    """What one unit of a currency is worth in the bank's own on a day, times 10^8."""

    __tablename__ = "fx_rate"

    institution: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    rate_e8: int = Field(sa_type=BigInteger)


class SchemeRow(Fact, table=True):
    """A scheme that is approved; it prices months, and it never changes."""

    __tablename__ = "scheme"
    __table_args__ = (UniqueConstraint("institution", "effective_from"),)

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    effective_from: date
    document: dict[str, Any] = Field(sa_type=JSONB)


class SchemeVersionRow(Table, table=True):
    """A scheme on its way from draft to force, as its newest revision has it."""

    __tablename__ = "scheme_version"

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    state: str
    revision: int
    name: str
    effective_from: date
    document: dict[str, Any] = Field(sa_type=JSONB)
    text: str
    writers: list[str] = Field(sa_type=JSONB)
    approver: str | None


class SchemeStepRow(Table, table=True):
    """What was done to a version; the document where the step gave it another."""

    __tablename__ = "scheme_step"

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    act: str
    revision: int
    document: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    done_by: str
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
