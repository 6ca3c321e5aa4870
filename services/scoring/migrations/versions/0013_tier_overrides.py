"""Keep tiers that people give by hand.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tier_override",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_override")),
    )
    op.create_index(
        "ix_tier_override_institution_customer_id", "tier_override", ["institution", "customer_id"]
    )
    op.execute(
        "create trigger keep_superseded before update or delete on tier_override "
        "for each row execute function keep_superseded()"
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
