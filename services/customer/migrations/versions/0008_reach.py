"""Find the customers of a manager, and the branches below a branch.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_customer_institution_manager_number_number"),
        "customer",
        ["institution", "manager_number", "number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_branch_institution_parent_code"),
        "branch",
        ["institution", "parent_code"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
