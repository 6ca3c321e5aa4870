"""Know a customer by the bank's number, and what each branch stands under.

Both come with the customer service's events; what was read before this revision is filled by
reading its feed again.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("branch", sa.Column("parent_code", sa.String(), nullable=True))
    op.add_column("prospect", sa.Column("number", sa.String(), nullable=True))
    for table, column in (
        ("branch", "parent_code"),
        ("prospect", "branch_code"),
        ("prospect", "manager_number"),
    ):
        op.create_index(f"ix_{table}_institution_{column}", table, ["institution", column])


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
