"""Keep where customers stand on the ladder, and their points.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_points",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "month", name=op.f("pk_customer_points")),
    )
    op.create_index(
        "ix_customer_points_institution_month",
        "customer_points",
        ["institution", "month"],
        unique=False,
        postgresql_include=["customer_id", "points"],
    )
    op.create_table(
        "ladder_place",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_ladder_place")),
    )
    op.create_index(
        "ix_ladder_place_institution_rank_amount_minor",
        "ladder_place",
        ["institution", "rank", "amount_minor", "customer_id"],
    )
    # everybody is worked out again, so that all stand somewhere
    op.execute("update institution set recalculate_from = date '1900-01-01'")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
