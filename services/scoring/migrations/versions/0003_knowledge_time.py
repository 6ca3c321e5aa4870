"""Say of every fact when it was recorded, and keep what it replaced.

Revision ID: 0003
Revises: 0002

The columns keep a default for processes of the release before; of rows that they wrote, and of
those from before this revision, knowledge begins with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FACTS = {
    "institution": ["version", "policy_version", "recalculate_from"],
    "product": ["version"],
    "branch": ["version"],
    "customer": ["version"],
    "account": ["version"],
    "loan": [],
    "rate": [],
    "scheme": [],
}
"""Tables whose rows are facts, and their columns that tell nothing of the bank."""

KEEP_SUPERSEDED = """
create function keep_superseded() returns trigger language plpgsql as $$
declare
  former jsonb := to_jsonb(old) - 'recorded_at';
  instant timestamptz := case when old.recorded_at > now() then clock_timestamp() else now() end;
begin
  if tg_op = 'UPDATE' then
    if former - tg_argv = to_jsonb(new) - 'recorded_at' - tg_argv then
      new.recorded_at := old.recorded_at;
      return new;
    end if;
    new.recorded_at := instant;
  end if;
  if old.recorded_at < instant then
    insert into superseded (institution, kind, record, recorded_at, superseded_at)
    values (coalesce(former ->> 'institution', former ->> 'code'), tg_table_name, former,
      old.recorded_at, instant);
  end if;
  return case when tg_op = 'UPDATE' then new else old end;
end
$$
"""
"""A version that the same transaction made is not kept: nobody saw it. Of two transactions that
change one row, the later to do so may be the first that began; hence the clock."""


def upgrade() -> None:
    op.create_table(
        "superseded",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_superseded")),
    )
    op.create_index(
        "ix_superseded_institution_kind_superseded_at",
        "superseded",
        ["institution", "kind", "superseded_at"],
        unique=False,
    )
    op.execute(KEEP_SUPERSEDED)
    for table in ("posting", *FACTS):
        op.add_column(
            table,
            sa.Column(
                "recorded_at",
                sa.DateTime(timezone=True),
                nullable=False,
                server_default=sa.text("now()"),
            ),
        )
    for table, silent in FACTS.items():
        op.execute(
            f"create trigger keep_superseded before update or delete on {table} "
            f"for each row execute function keep_superseded({', '.join(silent)})"
        )


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
