"""Keep which callers proved who they are, and how much of their allowances staff have used.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verification",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_verification_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("customer_id", "subject", name=op.f("pk_verification")),
    )
    op.create_table(
        "allowance",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution", "subject", "use", name=op.f("pk_allowance")),
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
