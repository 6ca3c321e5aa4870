"""What every row of this service has in common; the metadata is what Alembic compares."""

from datetime import datetime

from kit.audit.chain import audit_table
from kit.db import service_metadata
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from sqlalchemy import DateTime, Numeric
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

METADATA = service_metadata()
outbox_table(METADATA)
audit_table(METADATA)
inbox_tables(METADATA)
idempotency_table(METADATA)

EXACT = Numeric(38, 0)


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """Base of this service's tables; its metadata is what Alembic compares."""


class Fact(Table):
    """Base of what the bank told us, with the instant at which it was recorded.

    Who inserts writes now(); the trigger `keep_superseded` moves it on with every real change and
    keeps the former version in `superseded`. A new table of facts needs that trigger too.
    """

    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
