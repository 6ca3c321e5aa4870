"""Keep shadow runs of draft schemes and what they found.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EXACT = sa.Numeric(precision=38, scale=0)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "shadow_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("up", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("fails_before", sa.Integer(), nullable=False),
        sa.Column("fails_after", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_run")),
    )
    op.create_table(
        "shadow_customer",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=True),
        sa.Column("manager", sa.String(), nullable=True),
        sa.Column("size_minor", EXACT, nullable=False),
        sa.Column("movement", sa.String(), nullable=False),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("tier_before", JSONB, nullable=True),
        sa.Column("tier_after", JSONB, nullable=True),
        sa.Column("points_before", EXACT, nullable=False),
        sa.Column("points_after", EXACT, nullable=False),
        sa.Column("pay_before_minor", EXACT, nullable=True),
        sa.Column("pay_after_minor", EXACT, nullable=True),
        sa.Column("failure_before", sa.String(), nullable=True),
        sa.Column("failure_after", sa.String(), nullable=True),
        sa.Column("changes", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "customer_id", name=op.f("pk_shadow_customer")),
    )
    op.create_table(
        "shadow_manager",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("manager", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("points_before", EXACT, nullable=False),
        sa.Column("points_after", EXACT, nullable=False),
        sa.Column("pay_before_minor", EXACT, nullable=True),
        sa.Column("pay_after_minor", EXACT, nullable=True),
        sa.PrimaryKeyConstraint("run_id", "manager", name=op.f("pk_shadow_manager")),
    )
    op.create_table(
        "shadow_line",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("manager", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("before_minor", EXACT, nullable=False),
        sa.Column("after_minor", EXACT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "manager", "line", name=op.f("pk_shadow_line")),
    )
    op.create_table(
        "shadow_tier",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("manager", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "manager", "code", name=op.f("pk_shadow_tier")),
    )
    op.create_index("ix_shadow_run_institution_version", "shadow_run", ["institution", "version"])
    op.create_index("ix_shadow_run_state", "shadow_run", ["state"])
    op.create_index(
        "ix_shadow_customer_run_id_size_minor",
        "shadow_customer",
        ["run_id", "size_minor", "customer_id"],
    )
