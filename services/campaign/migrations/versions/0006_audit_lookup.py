"""Let auditors find entries by what was done.

The column is made of the sealed words by the database. The table is written anew for it, so
requests wait meanwhile: upgrade while the chains are short.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "audit_entry",
        sa.Column(
            "operation", sa.String(), sa.Computed("(body::jsonb ->> 'operation')", persisted=True)
        ),
    )
    op.create_index(
        "ix_audit_entry_institution_operation_seq",
        "audit_entry",
        ["institution", "operation", "seq"],
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
