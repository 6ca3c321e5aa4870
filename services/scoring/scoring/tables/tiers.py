"""Tiers held, given by hand and ranked."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import EXACT, Table


class TierRankingDueRow(Table, table=True):
    """A month at whose end all must be ranked again: one row for each batch that changed it."""

    __tablename__ = "tier_ranking_due"
    __table_args__ = (Index("ix_tier_ranking_due_institution_month", "institution", "month"),)

    id: int | None = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    institution: str
    month: date


class TierRankingRow(Table, table=True):
    """What came of ranking all at the end of a month: the least amount on each step."""

    __tablename__ = "tier_ranking"

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    customers: int
    cuts: dict[str, int] = Field(sa_type=JSONB)


class TierPlaceRow(Table, table=True):
    """Where a customer stood when all were ranked at the end of a month."""

    __tablename__ = "tier_place"
    __table_args__ = (Index("ix_tier_place_customer_id", "customer_id"),)

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    position: int
    customers: int
    amount_minor: int = Field(sa_type=EXACT)
    code: str


class TierPeriodRow(Table, table=True):
    __tablename__ = "tier_period"
    __table_args__ = (Index("ix_tier_period_institution_since", "institution", "since"),)

    customer_id: UUID = Field(primary_key=True)
    since: date = Field(primary_key=True)
    institution: str
    until: date | None
    code: str
    name: str
    rank: int
    reason: dict[str, Any] = Field(sa_type=JSONB)
    phases: list[dict[str, Any]] | None = Field(sa_type=JSONB)


class LadderPlaceRow(Table, table=True):
    """The step that the rules give a customer now, and what it measures now."""

    __tablename__ = "ladder_place"
    __table_args__ = (
        Index(
            "ix_ladder_place_institution_rank_amount_minor",
            "institution",
            "rank",
            "amount_minor",
            "customer_id",
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    rank: int
    amount_minor: int = Field(sa_type=EXACT)


class TierOverrideRow(Table, table=True):
    """A tier given by hand; changed only by its end."""

    __tablename__ = "tier_override"
    __table_args__ = (
        Index("ix_tier_override_institution_customer_id", "institution", "customer_id"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    customer_id: UUID
    code: str
    name: str
    rank: int
    reason: str
    since: date
    until: date
    set_by: str
    set_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_by: str | None
    end_reason: str | None
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
