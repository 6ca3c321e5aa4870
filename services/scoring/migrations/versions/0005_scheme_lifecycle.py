"""Keep schemes from draft to force, with everything that was done to them.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheme_version",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("writers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("approver", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("institution", "version", name=op.f("pk_scheme_version")),
    )
    op.create_table(
        "scheme_step",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution", "version", "number", name=op.f("pk_scheme_step")),
    )
    # schemes loaded before there were drafts are in force; JSON is YAML, and who sent them is not known
    op.execute(
        "insert into scheme_version (institution, version, state, revision, name, effective_from, "
        "document, text, writers) select institution, version, 'approved', 1, document ->> 'name', "
        "effective_from, document, jsonb_pretty(document), '[\"unknown\"]' from scheme"
    )
    op.execute(
        "insert into scheme_step (institution, version, number, act, revision, document, done_by, "
        "recorded_at) select institution, version, 1, 'loaded', 1, document, 'unknown', now() "
        "from scheme"
    )
