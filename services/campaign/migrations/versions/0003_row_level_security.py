"""Show each institution its own rows only.

A row is seen and written by a transaction that names its institution (`kit.db`), and by no other.
Duties that are no institution's are named by policies of their own.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT = (
    "audit_entry", "branch", "campaign", "idempotency", "member", "outbox", "product", "prospect",
    "prospect_account", "prospect_consent", "prospect_holder", "response", "tier",
)
INBOX = ("inbox", "feed_cursor", "parked_event")
OWN = "(select current_setting('sheaf.institution', true))"
DUTY = "(select current_setting('sheaf.duty', true))"


def upgrade() -> None:
    for table in ("institution", *TENANT, *INBOX):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy tenant on institution using (code = {OWN})")
    for table in TENANT:
        op.execute(f"create policy tenant on {table} using (institution = {OWN})")
    op.execute(f"create policy feed on outbox for select using ({DUTY} = 'feed')")
    op.execute(f"create policy audit on audit_entry for select using ({DUTY} = 'audit')")
    for table in INBOX:
        op.execute(f"create policy inbox on {table} using ({DUTY} = 'inbox')")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
