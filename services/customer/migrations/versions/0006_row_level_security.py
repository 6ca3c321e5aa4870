"""Show each institution its own rows only.

A row is seen and written by a transaction that names its institution (`kit.db`), and by no other.
Duties that are no institution's are named by policies of their own.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT = (
    "account", "account_holder", "allowance", "audit_entry", "branch", "card", "consent",
    "customer",
    "customer_group", "group_member", "idempotency", "institution_key", "outbox", "product",
    "staff", "verification",
)
QUEUE = ("institution", "institution_key")
OWN = "(select current_setting('sheaf.institution', true))"
DUTY = "(select current_setting('sheaf.duty', true))"


def upgrade() -> None:
    for table in ("institution", *TENANT):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy tenant on institution using (institution = {OWN})")
    for table in TENANT:
        op.execute(f"create policy tenant on {table} using (institution = {OWN})")
    op.execute(f"create policy feed on outbox for select using ({DUTY} = 'feed')")
    op.execute(f"create policy audit on audit_entry for select using ({DUTY} = 'audit')")
    for table in QUEUE:
        op.execute(f"create policy queue on {table} for select using ({DUTY} = 'queue')")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
