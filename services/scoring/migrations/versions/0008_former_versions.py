"""Find former versions of customers, accounts and terms by whose they were.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEYS = {
    "ix_superseded_customer": ("customer", "id"),
    "ix_superseded_account": ("account", "id"),
    "ix_superseded_account_owner": ("account", "owner_id"),
    "ix_superseded_loan": ("loan", "account_id"),
}


def upgrade() -> None:
    for name, (kind, key) in KEYS.items():
        op.create_index(
            name,
            "superseded",
            ["institution", sa.text(f"cast(record ->> '{key}' as uuid)")],
            unique=False,
            postgresql_where=sa.text(f"kind = '{kind}'"),
        )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
