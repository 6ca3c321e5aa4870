"""What was known before."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from scoring.tables.base import Table


class SupersededRow(Table, table=True):
    """A fact as it was known from `recorded_at` until `superseded_at`; `kind` is its table."""

    __tablename__ = "superseded"
    __table_args__ = (
        Index(
            "ix_superseded_institution_kind_superseded_at", "institution", "kind", "superseded_at"
        ),
        *(
            Index(
                f"ix_superseded_{name}",
                "institution",
                text(f"cast(record ->> '{key}' as uuid)"),
                postgresql_where=text(f"kind = '{kind}'"),
            )
            for name, kind, key in (
                ("customer", "customer", "id"),
                ("account", "account", "id"),
                ("account_owner", "account", "owner_id"),
                ("loan", "loan", "account_id"),
            )
        ),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    institution: str
    kind: str
    record: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    superseded_at: datetime = Field(sa_type=DateTime(timezone=True))
