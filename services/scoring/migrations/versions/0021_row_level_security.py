"""Show each institution its own rows only.

A row is seen and written by a transaction that names its institution (`kit.db`), and by no other.
Duties that are no institution's are named by policies of their own.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TENANT = (
    "account", "account_activity", "account_balance", "account_month", "account_rate",
    "archive_file", "audit_entry", "branch", "contribution", "customer", "customer_balance",
    "customer_group", "customer_month", "customer_points", "customer_score", "fx_rate",
    "idempotency", "ladder_place", "ledger_total", "loan", "not_computed", "outbox",
    "parked_record", "posting", "product", "rate", "recalculation", "scheme", "scheme_step",
    "scheme_version", "shadow_customer", "shadow_line", "shadow_manager", "shadow_place",
    "shadow_run", "shadow_tier", "superseded", "tier_override", "tier_period", "tier_place",
    "tier_ranking", "tier_ranking_due",
)
INBOX = ("inbox", "feed_cursor", "parked_event")
QUEUE = ("institution", "recalculation", "tier_ranking_due", "shadow_run")
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
    for table in QUEUE:
        op.execute(f"create policy queue on {table} for select using ({DUTY} = 'queue')")


def downgrade() -> None:
    raise NotImplementedError("the schema only goes forward; restore a backup to go back")
