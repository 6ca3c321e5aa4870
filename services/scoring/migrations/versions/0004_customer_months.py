"""Keep what each customer contributes in each month, by view and line.

Filled from the contribution that is there. What a process of the release before works out while
the new ones start is not in it: `sheaf recompute` afterwards makes it whole.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LINES = (
    "deposit",
    "loan",
    "settlement",
    "intermediary",
    "e_banking",
    "international",
    "cost_to_serve",
    "tax",
    "capital",
)


def upgrade() -> None:
    op.create_table(
        "customer_month",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("gross", "net", "economic", *LINES)
        ),
        sa.PrimaryKeyConstraint("customer_id", "month", name=op.f("pk_customer_month")),
    )
    lines = ", ".join(
        f"coalesce(sum(amount_minor) filter (where line = '{line}'), 0) as {line}"
        for line in LINES
    )
    op.execute(
        "insert into customer_month (customer_id, month, institution, gross, net, economic, "
        f"{', '.join(LINES)}) select customer_id, month, institution, "
        "coalesce(sum(amount_minor) filter (where line not in ('tax', 'capital')), 0), "
        "coalesce(sum(amount_minor) filter (where line <> 'capital'), 0), sum(amount_minor), "
        f"{lines} from contribution group by customer_id, month, institution"
    )
    op.create_index(
        "ix_customer_month_institution_month",
        "customer_month",
        ["institution", "month"],
        unique=False,
        postgresql_include=["customer_id", "gross", "net", "economic"],
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
