"""Let shadow runs rank all, and end when they cannot go on.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

EXACT = sa.Numeric(precision=38, scale=0)
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "shadow_place",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("amount_minor", EXACT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("customers", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "month", "customer_id", name=op.f("pk_shadow_place")),
    )
    for column, default in (
        (sa.Column("phase", sa.String(), nullable=False), "comparing"),
        (sa.Column("cuts", JSONB, nullable=False), "{}"),
        (sa.Column("tries", sa.Integer(), nullable=False), "0"),
    ):
        column.server_default = sa.DefaultClause(default)
        op.add_column("shadow_run", column)
        op.alter_column("shadow_run", column.name, server_default=None)
    op.add_column("shadow_run", sa.Column("failure", sa.String(), nullable=True))
    op.add_column("shadow_run", sa.Column("trace_id", sa.String(), nullable=True))
    # those under way began without ranking: they begin anew
    op.execute("update shadow_run set policy_version = -1 where state in ('queued', 'running')")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
