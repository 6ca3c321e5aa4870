"""Leave the service nothing but appending to the audit, and reading it.

Revision ID: 0022
Revises: 0021
"""

from alembic import op
from kit.audit.chain import REVOKE_WRITING

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(REVOKE_WRITING)


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
