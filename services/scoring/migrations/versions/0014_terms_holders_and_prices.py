"""Know the terms and joint holders of accounts, their own rates, and exchange rates.

Joint holders are null for accounts known before, until the customer service's feed is read again.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("matures_on", sa.Date(), nullable=True))
    op.add_column("account", sa.Column("joint", postgresql.ARRAY(sa.Uuid()), nullable=True))
    op.create_index(
        "ix_account_joint", "account", ["joint"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_account_institution_currency", "account", ["institution", "currency"], unique=False
    )
    op.create_table(
        "account_rate",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "institution", "account_id", "effective_from", name=op.f("pk_account_rate")
        ),
    )
    op.create_table(
        "fx_rate",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate_e8", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution", "currency", "day", name=op.f("pk_fx_rate")),
    )
    for table in ("account_rate", "fx_rate"):
        op.execute(
            f"create trigger keep_superseded before update or delete on {table} "
            "for each row execute function keep_superseded()"
        )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
