"""Tell news in the queue from what changed in bulk.

Revision ID: 0019
Revises: 0018

The column keeps a default for processes of the release before: what they queue is worked out as
bulk is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recalculation",
        sa.Column("soon", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_index(
        "ix_recalculation_soon",
        "recalculation",
        ["from_month", "institution", "customer_id"],
        unique=False,
        postgresql_where=sa.text("soon"),
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
