"""Keep an audit chain for every institution.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from kit.audit.chain import CREATE_APPEND, CREATE_TRIGGER, CREATE_WALL
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("entities", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "seq", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_institution_at", "audit_entry", ["institution", "at"])
    op.create_index(
        "ix_audit_entry_institution_subject_seq", "audit_entry", ["institution", "subject", "seq"]
    )
    op.create_index(
        "ix_audit_entry_entities", "audit_entry", ["entities"], postgresql_using="gin"
    )
    op.execute(CREATE_APPEND)
    op.execute(CREATE_WALL)
    op.execute(CREATE_TRIGGER)


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
