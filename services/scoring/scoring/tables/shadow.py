"""What a draft scheme would change, run by run."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import EXACT, Table


class ShadowRunRow(Table, table=True):
    """A draft scheme beside what is in force; its phase has come to the customer `after`."""

    __tablename__ = "shadow_run"
    __table_args__ = (
        Index("ix_shadow_run_institution_version", "institution", "version"),
        Index("ix_shadow_run_state", "state"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    version: int
    revision: int
    first_month: date
    last_month: date
    state: str
    phase: str
    requested_by: str
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    policy_version: int
    business_date: date
    after: UUID
    total: int
    done: int
    changed: int
    up: int
    down: int
    fails_before: int
    fails_after: int
    cuts: dict[str, dict[str, int]] = Field(sa_type=JSONB)
    tries: int
    failure: str | None
    trace_id: str | None


class ShadowPlaceRow(Table, table=True):
    """What a customer measures under the draft at the end of a month, and its place once ranked."""

    __tablename__ = "shadow_place"

    run_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    institution: str
    amount_minor: int = Field(sa_type=EXACT)
    position: int | None
    customers: int | None
    code: str | None


class ShadowCustomerRow(Table, table=True):
    """A customer that a shadow run would change; amounts of lines as [before, after]."""

    __tablename__ = "shadow_customer"
    __table_args__ = (
        Index("ix_shadow_customer_run_id_size_minor", "run_id", "size_minor", "customer_id"),
    )

    run_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    institution: str
    branch: str | None
    manager: str | None
    size_minor: int = Field(sa_type=EXACT)
    movement: str
    lines: dict[str, Any] = Field(sa_type=JSONB)
    tier_before: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    tier_after: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    points_before: int = Field(sa_type=EXACT)
    points_after: int = Field(sa_type=EXACT)
    pay_before_minor: int | None = Field(sa_type=EXACT)
    pay_after_minor: int | None = Field(sa_type=EXACT)
    failure_before: str | None
    failure_after: str | None
    changes: list[Any] = Field(sa_type=JSONB)


class ShadowManagerRow(Table, table=True):
    """Sums over a manager's customers in a shadow run; '' for those whom nobody looks after."""

    __tablename__ = "shadow_manager"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    institution: str
    customers: int
    changed: int
    points_before: int = Field(sa_type=EXACT)
    points_after: int = Field(sa_type=EXACT)
    pay_before_minor: int | None = Field(sa_type=EXACT)
    pay_after_minor: int | None = Field(sa_type=EXACT)


class ShadowLineRow(Table, table=True):
    __tablename__ = "shadow_line"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    line: str = Field(primary_key=True)
    institution: str
    before_minor: int = Field(sa_type=EXACT)
    after_minor: int = Field(sa_type=EXACT)


class ShadowTierRow(Table, table=True):
    """How many of a manager's customers hold a tier on either side of a shadow run."""

    __tablename__ = "shadow_tier"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    institution: str
    before: int
    after: int
