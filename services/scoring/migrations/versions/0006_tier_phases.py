"""Keep balance-days by customer, and the phases of each tier.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_balance",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("balance_days", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "month", "line", name=op.f("pk_customer_balance")),
    )
    op.create_index(
        op.f("ix_customer_balance_institution"), "customer_balance", ["institution"], unique=False
    )
    op.add_column(
        "tier_period",
        sa.Column("phases", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    # every tier is worked out again, so that the kept ones say what moved them
    op.execute("update institution set recalculate_from = date '1900-01-01'")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
