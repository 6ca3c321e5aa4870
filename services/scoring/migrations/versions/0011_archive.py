"""List the files that hold closed months, and find the postings of a month.

The index is made beside running writes.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_file",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holds", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("recorded_through", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_account", sa.Uuid(), nullable=True),
        sa.Column("last_account", sa.Uuid(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("institution", "name", name=op.f("pk_archive_file")),
    )
    op.create_index(
        "ix_archive_file_institution_month", "archive_file", ["institution", "month"], unique=False
    )
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_posting_institution_value_date",
            "posting",
            ["institution", "value_date"],
            unique=False,
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
