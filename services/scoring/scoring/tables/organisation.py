"""The bank, its branches, products, customers and their groups, as their service tells of them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import Fact, Table


class InstitutionRow(Fact, table=True):
    """One bank; `recalculate_from` is set while everybody waits to be worked out again.

    Of those, customers through the id `spread_through` are in the queue one by one already.
    """

    __tablename__ = "institution"

    code: str = Field(primary_key=True)
    version: int
    currency: str | None
    time_zone: str | None
    business_date: date | None
    policy_version: int
    recalculate_from: date | None
    spread_through: UUID | None


class UnionMemberRow(Table, table=True):
    """Which union a bank says it belongs to, in which version of its record; null for none."""

    __tablename__ = "union_member"
    __table_args__ = (Index("ix_union_member_union_code_institution", "union_code", "institution"),)

    institution: str = Field(primary_key=True)
    union_code: str | None
    version: int


class ProductRow(Fact, table=True):
    __tablename__ = "product"

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    line: str
    version: int


class BranchRow(Fact, table=True):
    __tablename__ = "branch"
    __table_args__ = (Index("ix_branch_institution_parent_code", "institution", "parent_code"),)

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    parent_code: str | None
    version: int


class CustomerRow(Fact, table=True):
    """A customer, and who looks after them now; `branch` is null until an event tells of it."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_institution_id", "institution", "id"),
        Index("ix_customer_institution_branch", "institution", "branch"),
        Index("ix_customer_institution_manager", "institution", "manager"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    branch: str | None
    manager: str | None
    version: int


class GroupRow(Fact, table=True):
    """A household or a group; `members` as the customer service told of them."""

    __tablename__ = "customer_group"
    __table_args__ = (Index("ix_customer_group_institution_parent_id", "institution", "parent_id"),)

    id: UUID = Field(primary_key=True)
    institution: str
    kind: str
    parent_id: UUID | None
    members: list[dict[str, Any]] = Field(sa_type=JSONB)
    version: int
