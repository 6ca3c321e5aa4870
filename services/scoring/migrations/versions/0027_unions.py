"""Know which banks belong to a provincial union.

A row tells which union a bank itself names; a bank sees its own. Who works for a union names it
and the duty, and sees the rows that name it: codes of banks, and no other row of theirs.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

OWN = "(select current_setting('sheaf.institution', true))"
DUTY = "(select current_setting('sheaf.duty', true))"


def upgrade() -> None:
    op.create_table(
        "union_member",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("union_code", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("institution", name=op.f("pk_union_member")),
    )
    op.create_index(
        op.f("ix_union_member_union_code_institution"),
        "union_member",
        ["union_code", "institution"],
    )
    op.execute("alter table union_member enable row level security")
    op.execute("alter table union_member force row level security")
    op.execute(f"create policy tenant on union_member using (institution = {OWN})")
    op.execute(
        "create policy members on union_member for select "
        f"using ({DUTY} = 'union' and union_code = {OWN})"
    )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
