"""Keep what customers earn on the bank's own money that they bind.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OWN = "(select current_setting('sheaf.institution', true))"


def upgrade() -> None:
    op.create_table(
        "customer_return",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("days_e6", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.Column("years_e6", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("economic_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "month", "line", name=op.f("pk_customer_return")
        ),
    )
    op.create_index(
        "ix_customer_return_institution_month",
        "customer_return",
        ["institution", "month"],
        unique=False,
    )
    op.execute("alter table customer_return enable row level security")
    op.execute("alter table customer_return force row level security")
    op.execute(f"create policy tenant on customer_return using (institution = {OWN})")
    # everybody is worked out again, so that all have them
    op.execute("alter table institution no force row level security")
    op.execute(
        "update institution set recalculate_from = date '1900-01-01', spread_through = null"
    )
    op.execute("alter table institution force row level security")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
