"""Keep personal values sealed, and the keys of institutions.

Rows of before keep theirs as they are until the service has sealed them; the columns stay.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEALED = ("data_key", "id_number_sealed", "phone_sealed", "email_sealed", "address_sealed")
MARKS = ("id_number_mark", "phone_mark")


def upgrade() -> None:
    op.create_table(
        "institution_key",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("institution", "version", name=op.f("pk_institution_key")),
    )
    op.add_column("customer", sa.Column("key_version", sa.Integer(), nullable=True))
    for name in (*SEALED, *MARKS):
        op.add_column("customer", sa.Column(name, sa.LargeBinary(), nullable=True))
    op.add_column("customer", sa.Column("erased_on", sa.Date(), nullable=True))
    for name in MARKS:
        op.create_index(op.f(f"ix_customer_institution_{name}"), "customer", ["institution", name])
    op.create_index(
        "ix_customer_unsealed",
        "customer",
        ["institution", "id"],
        postgresql_where=sa.text("data_key is null and erased_on is null"),
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
