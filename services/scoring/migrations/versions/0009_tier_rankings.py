"""Rank all customers at the end of the months that a ladder by rank names.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tier_ranking_due",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_ranking_due")),
    )
    op.create_index(
        "ix_tier_ranking_due_institution_month", "tier_ranking_due", ["institution", "month"]
    )
    op.create_table(
        "tier_ranking",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("cuts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", name=op.f("pk_tier_ranking")),
    )
    op.create_table(
        "tier_place",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Numeric(precision=38, scale=0), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "month", "customer_id", name=op.f("pk_tier_place")),
    )
    op.create_index("ix_tier_place_customer_id", "tier_place", ["customer_id"])
    op.create_index("ix_tier_period_institution_since", "tier_period", ["institution", "since"])


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
