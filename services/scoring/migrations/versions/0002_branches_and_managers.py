"""Know the branch and the manager of each customer, and the tree of branches.

Both are null for customers known before, until the customer service's feed is read again.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branch",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "code", name=op.f("pk_branch")),
    )
    op.create_index(
        "ix_branch_institution_parent_code", "branch", ["institution", "parent_code"], unique=False
    )
    op.add_column("customer", sa.Column("branch", sa.String(), nullable=True))
    op.add_column("customer", sa.Column("manager", sa.String(), nullable=True))
    op.create_index(
        "ix_customer_institution_branch", "customer", ["institution", "branch"], unique=False
    )
    op.create_index(
        "ix_customer_institution_manager", "customer", ["institution", "manager"], unique=False
    )
    op.create_index(
        "ix_recalculation_institution_from_month",
        "recalculation",
        ["institution", "from_month", "customer_id"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
