"""The first tables."""

import logging

import sqlalchemy as sa
from alembic import op
from kit.outbox import Xid8
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution", "subject", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "institution",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("institution", name=op.f("pk_institution")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index("ix_outbox_xid_seq", "outbox", ["xid", "seq"], unique=False)
    op.create_table(
        "branch",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "parent_code"],
            ["branch.institution", "branch.code"],
            name=op.f("fk_branch_institution_parent_code_branch"),
        ),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institution.institution"],
            name=op.f("fk_branch_institution_institution"),
        ),
        sa.PrimaryKeyConstraint("institution", "code", name=op.f("pk_branch")),
    )
    op.create_table(
        "product",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("on_offer", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institution.institution"],
            name=op.f("fk_product_institution_institution"),
        ),
        sa.PrimaryKeyConstraint("institution", "code", name=op.f("pk_product")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("branch_code", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "branch_code"],
            ["branch.institution", "branch.code"],
            name=op.f("fk_account_institution_branch_code_branch"),
        ),
        sa.ForeignKeyConstraint(
            ["institution", "product_code"],
            ["product.institution", "product.code"],
            name=op.f("fk_account_institution_product_code_product"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("institution", "number", name=op.f("uq_account_institution_number")),
    )
    op.create_index(
        op.f("ix_account_institution_product_code"),
        "account",
        ["institution", "product_code"],
        unique=False,
    )
    op.create_table(
        "staff",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("branch_code", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "branch_code"],
            ["branch.institution", "branch.code"],
            name=op.f("fk_staff_institution_branch_code_branch"),
        ),
        sa.PrimaryKeyConstraint("institution", "number", name=op.f("pk_staff")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("id_type", sa.String(), nullable=True),
        sa.Column("id_number", sa.String(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("branch_code", sa.String(), nullable=False),
        sa.Column("manager_number", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution", "branch_code"],
            ["branch.institution", "branch.code"],
            name=op.f("fk_customer_institution_branch_code_branch"),
        ),
        sa.ForeignKeyConstraint(
            ["institution", "manager_number"],
            ["staff.institution", "staff.number"],
            name=op.f("fk_customer_institution_manager_number_staff"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("institution", "number", name=op.f("uq_customer_institution_number")),
    )
    op.create_index(
        op.f("ix_customer_institution_branch_code_number"),
        "customer",
        ["institution", "branch_code", "number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customer_institution_id_number"),
        "customer",
        ["institution", "id_number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_customer_institution_phone"), "customer", ["institution", "phone"], unique=False
    )
    op.create_table(
        "account_holder",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_holder_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_account_holder_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("account_id", "customer_id", name=op.f("pk_account_holder")),
    )
    op.create_index(
        op.f("ix_account_holder_customer_id"), "account_holder", ["customer_id"], unique=False
    )
    op.create_index(
        "uq_account_holder_owner",
        "account_holder",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("role = 'owner'"),
    )
    op.create_table(
        "card",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_card_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_card_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("institution", "reference", name=op.f("pk_card")),
    )
    op.create_index(op.f("ix_card_account_id"), "card", ["account_id"], unique=False)
    op.create_index(op.f("ix_card_customer_id"), "card", ["customer_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("customer_id", "purpose", "channel", name=op.f("pk_consent")),
    )
    _index_names()


def _index_names() -> None:
    """Index names by their beginning and, where pg_trgm may be had, by any part of them.

    pg_trgm is a trusted extension: the database's owner may create it where it is installed.
    """
    op.execute(
        "create index ix_customer_name_beginning on customer "
        "(institution, lower(name) text_pattern_ops)"
    )
    connection = op.get_bind()
    wanted = sa.text("select count(*) from pg_available_extensions where name = 'pg_trgm'")
    if connection.scalar(wanted):
        try:
            with connection.begin_nested():
                op.execute("create extension if not exists pg_trgm")
                op.execute(
                    "create index ix_customer_name_part on customer "
                    "using gin (lower(name) gin_trgm_ops)"
                )
        except DBAPIError:
            logging.getLogger(__name__).warning(
                "pg_trgm cannot be created by this role: searching by part of a name reads the "
                "whole table. Create the extension as an administrator and the index "
                "ix_customer_name_part on customer using gin (lower(name) gin_trgm_ops)."
            )


def downgrade() -> None:
    op.drop_table("consent")
    op.drop_index(op.f("ix_card_customer_id"), table_name="card")
    op.drop_index(op.f("ix_card_account_id"), table_name="card")
    op.drop_table("card")
    op.drop_index(
        "uq_account_holder_owner",
        table_name="account_holder",
        postgresql_where=sa.text("role = 'owner'"),
    )
    op.drop_index(op.f("ix_account_holder_customer_id"), table_name="account_holder")
    op.drop_table("account_holder")
    op.drop_index(op.f("ix_customer_institution_phone"), table_name="customer")
    op.drop_index(op.f("ix_customer_institution_id_number"), table_name="customer")
    op.drop_index(op.f("ix_customer_institution_branch_code_number"), table_name="customer")
    op.drop_table("customer")
    op.drop_table("staff")
    op.drop_index(op.f("ix_account_institution_product_code"), table_name="account")
    op.drop_table("account")
    op.drop_table("product")
    op.drop_table("branch")
    op.drop_index("ix_outbox_xid_seq", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("institution")
    op.drop_table("idempotency")
