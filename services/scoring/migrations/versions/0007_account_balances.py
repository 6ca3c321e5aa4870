"""Keep the balance at each month's end, and the balance-days, of every account.

Empty until customers are worked out again: `sheaf recompute` fills it.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_balance",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("closing_minor", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.Column("balance_days", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "month", "account_id", name=op.f("pk_account_balance")
        ),
    )
    op.create_index(
        "ix_account_balance_institution_month",
        "account_balance",
        ["institution", "month"],
        unique=False,
        postgresql_include=[
            "line",
            "currency",
            "customer_id",
            "account_id",
            "closing_minor",
            "balance_days",
        ],
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
