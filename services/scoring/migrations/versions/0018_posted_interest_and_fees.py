"""Keep interest and fees of a month beside its balances, also of months that lie in files.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("interest_paid_minor", "interest_charged_minor", "fees_minor"):
        exact = sa.Numeric(precision=38, scale=0)
        op.add_column(
            "account_balance", sa.Column(name, exact, nullable=False, server_default="0")
        )
        op.alter_column("account_balance", name, server_default=None)
    op.drop_index("ix_account_activity_institution_month", table_name="account_activity")
    # everybody is worked out again, so that closed months have them
    op.execute("update institution set recalculate_from = date '1900-01-01'")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
