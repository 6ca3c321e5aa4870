"""Say how far 'everybody waits' has been turned into customers who wait.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SILENT = "version, policy_version, recalculate_from, spread_through"
"""Columns of an institution that tell nothing of the bank."""


def upgrade() -> None:
    op.add_column("institution", sa.Column("spread_through", sa.Uuid(), nullable=True))
    op.execute("drop trigger keep_superseded on institution")
    op.execute(
        "create trigger keep_superseded before update or delete on institution "
        f"for each row execute function keep_superseded({SILENT})"
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
