"""Keep customers' index by month, for ladders that look at it.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OWN = "(select current_setting('sheaf.institution', true))"


def upgrade() -> None:
    op.create_table(
        "customer_index",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "month", name=op.f("pk_customer_index")),
    )
    op.create_index(
        "ix_customer_index_institution_month",
        "customer_index",
        ["institution", "month"],
        unique=False,
        postgresql_include=["customer_id", "score"],
    )
    op.execute("alter table customer_index enable row level security")
    op.execute("alter table customer_index force row level security")
    op.execute(f"create policy tenant on customer_index using (institution = {OWN})")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
