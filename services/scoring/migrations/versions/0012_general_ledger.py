"""Keep the general ledger's totals, and find what they are compared with.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_total",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("gl_account", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("branch", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "institution",
            "month",
            "gl_account",
            "measure",
            "currency",
            "line",
            "product",
            "branch",
            name=op.f("pk_ledger_total"),
        ),
    )
    op.execute(
        "create trigger keep_superseded before update or delete on ledger_total "
        "for each row execute function keep_superseded()"
    )
    op.create_index(
        "ix_account_activity_institution_month",
        "account_activity",
        ["institution", "month"],
        unique=False,
        postgresql_where=sa.text("kind in ('fee', 'interest_paid', 'interest_charged')"),
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
