"""Rows as PostgreSQL keeps them. Only `store` imports this module."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.db import service_metadata
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Numeric,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

METADATA = service_metadata()
outbox_table(METADATA)
inbox_tables(METADATA)
idempotency_table(METADATA)

EXACT = Numeric(38, 0)


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """Base of this service's tables; its metadata is what Alembic compares."""


class Fact(Table):
    """Base of what the bank told us, with the instant at which it was recorded.

    Who inserts writes now(); the trigger `keep_superseded` moves it on with every real change and
    keeps the former version in `superseded`. A new table of facts needs that trigger too.
    """

    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class InstitutionRow(Fact, table=True):
    """One bank; `recalculate_from` is set while everybody waits to be worked out again."""

    __tablename__ = "institution"

    code: str = Field(primary_key=True)
    version: int
    currency: str | None
    time_zone: str | None
    business_date: date | None
    policy_version: int
    recalculate_from: date | None


class ProductRow(Fact, table=True):
    __tablename__ = "product"

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    line: str
    version: int


class BranchRow(Fact, table=True):
    __tablename__ = "branch"
    __table_args__ = (Index("ix_branch_institution_parent_code", "institution", "parent_code"),)

    institution: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    parent_code: str | None
    version: int


class CustomerRow(Fact, table=True):
    """A customer, and who looks after them now; `branch` is null until an event tells of it."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_institution_id", "institution", "id"),
        Index("ix_customer_institution_branch", "institution", "branch"),
        Index("ix_customer_institution_manager", "institution", "manager"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    branch: str | None
    manager: str | None
    version: int


class AccountRow(Fact, table=True):
    """An account; `joint` holders are null until an event tells of them."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("institution", "number"),
        Index("ix_account_joint", "joint", postgresql_using="gin"),
        Index("ix_account_institution_currency", "institution", "currency"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    number: str
    owner_id: UUID = Field(index=True)
    joint: list[UUID] | None = Field(sa_type=ARRAY(Uuid))
    product: str
    line: str
    currency: str
    opened_on: date
    closed_on: date | None
    matures_on: date | None
    branch: str
    version: int


class LoanRow(Fact, table=True):
    __tablename__ = "loan"

    account_id: UUID = Field(primary_key=True)
    institution: str
    settlement_account_number: str
    principal_minor: int = Field(sa_type=BigInteger)
    granted_on: date
    term_months: int
    instalment_minor: int = Field(sa_type=BigInteger)
    grade: str
    balance_basis: str


class PostingRow(Fact, table=True):
    """A posting, once, until its month is closed and a file holds it; never changed."""

    __tablename__ = "posting"
    __table_args__ = (
        Index("ix_posting_account_id_value_date", "account_id", "value_date"),
        Index("ix_posting_institution_value_date", "institution", "value_date"),
    )

    institution: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    account_id: UUID
    amount_minor: int = Field(sa_type=BigInteger)
    value_date: date
    booked_at: datetime = Field(sa_type=DateTime(timezone=True))
    channel: str
    kind: str
    purpose: str
    counterparty: str


class SupersededRow(Table, table=True):
    """A fact as it was known from `recorded_at` until `superseded_at`; `kind` is its table."""

    __tablename__ = "superseded"
    __table_args__ = (
        Index(
            "ix_superseded_institution_kind_superseded_at", "institution", "kind", "superseded_at"
        ),
        *(
            Index(
                f"ix_superseded_{name}",
                "institution",
                text(f"cast(record ->> '{key}' as uuid)"),
                postgresql_where=text(f"kind = '{kind}'"),
            )
            for name, kind, key in (
                ("customer", "customer", "id"),
                ("account", "account", "id"),
                ("account_owner", "account", "owner_id"),
                ("loan", "loan", "account_id"),
            )
        ),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    institution: str
    kind: str
    record: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    superseded_at: datetime = Field(sa_type=DateTime(timezone=True))


class ArchiveFileRow(Table, table=True):
    """The manifest: a file of a closed month's postings, or of their ids, in use until retired."""

    __tablename__ = "archive_file"
    __table_args__ = (Index("ix_archive_file_institution_month", "institution", "month"),)

    institution: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    holds: str
    month: date
    segment: str
    generation: int
    rows: int
    bytes: int = Field(sa_type=BigInteger)
    sha256: str
    recorded_through: datetime = Field(sa_type=DateTime(timezone=True))
    first_account: UUID | None
    last_account: UUID | None
    retired_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class AccountMonthRow(Table, table=True):
    """The atom: what an account's postings of a month do to its balance-days."""

    __tablename__ = "account_month"

    account_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    institution: str
    s0: int = Field(sa_type=EXACT)
    s1: int = Field(sa_type=EXACT)
    postings: int


class AccountActivityRow(Table, table=True):
    """How often and for how much an account was used in a month, by channel, kind and purpose.

    Archived postings are not counted here; see `store.archive`.
    """

    __tablename__ = "account_activity"
    __table_args__ = (
        Index(
            "ix_account_activity_institution_month",
            "institution",
            "month",
            postgresql_where=text("kind in ('fee', 'interest_paid', 'interest_charged')"),
        ),
    )

    account_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    institution: str
    count: int
    amount_minor: int = Field(sa_type=EXACT)


class ParkedRecordRow(Table, table=True):
    """A record that waits: mostly for its account's event; `reason` says for what."""

    __tablename__ = "parked_record"
    __table_args__ = (
        Index("ix_parked_record_institution_account_number", "institution", "account_number"),
    )

    institution: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    account_number: str
    payload: dict[str, Any] = Field(sa_type=JSONB)
    reason: str


class SchemeRow(Fact, table=True):
    """A scheme that is approved; it prices months, and it never changes."""

    __tablename__ = "scheme"
    __table_args__ = (UniqueConstraint("institution", "effective_from"),)

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    effective_from: date
    document: dict[str, Any] = Field(sa_type=JSONB)


class SchemeVersionRow(Table, table=True):
    """A scheme on its way from draft to force, as its newest revision has it."""

    __tablename__ = "scheme_version"

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    state: str
    revision: int
    name: str
    effective_from: date
    document: dict[str, Any] = Field(sa_type=JSONB)
    text: str
    writers: list[str] = Field(sa_type=JSONB)
    approver: str | None


class SchemeStepRow(Table, table=True):
    """What was done to a version; the document where the step gave it another."""

    __tablename__ = "scheme_step"

    institution: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    act: str
    revision: int
    document: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    done_by: str
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class ShadowRunRow(Table, table=True):
    """A draft scheme beside what is in force; it has gone through customers up to `after`."""

    __tablename__ = "shadow_run"
    __table_args__ = (
        Index("ix_shadow_run_institution_version", "institution", "version"),
        Index("ix_shadow_run_state", "state"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    version: int
    revision: int
    first_month: date
    last_month: date
    state: str
    requested_by: str
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    policy_version: int
    business_date: date
    after: UUID
    total: int
    done: int
    changed: int
    up: int
    down: int
    fails_before: int
    fails_after: int


class ShadowCustomerRow(Table, table=True):
    """A customer that a shadow run would change; amounts of lines as [before, after]."""

    __tablename__ = "shadow_customer"
    __table_args__ = (
        Index("ix_shadow_customer_run_id_size_minor", "run_id", "size_minor", "customer_id"),
    )

    run_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    institution: str
    branch: str | None
    manager: str | None
    size_minor: int = Field(sa_type=EXACT)
    movement: str
    lines: dict[str, Any] = Field(sa_type=JSONB)
    tier_before: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    tier_after: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))
    points_before: int = Field(sa_type=EXACT)
    points_after: int = Field(sa_type=EXACT)
    pay_before_minor: int | None = Field(sa_type=EXACT)
    pay_after_minor: int | None = Field(sa_type=EXACT)
    failure_before: str | None
    failure_after: str | None
    changes: list[Any] = Field(sa_type=JSONB)


class ShadowManagerRow(Table, table=True):
    """Sums over a manager's customers in a shadow run; '' for those whom nobody looks after."""

    __tablename__ = "shadow_manager"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    institution: str
    customers: int
    changed: int
    points_before: int = Field(sa_type=EXACT)
    points_after: int = Field(sa_type=EXACT)
    pay_before_minor: int | None = Field(sa_type=EXACT)
    pay_after_minor: int | None = Field(sa_type=EXACT)


class ShadowLineRow(Table, table=True):
    __tablename__ = "shadow_line"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    line: str = Field(primary_key=True)
    institution: str
    before_minor: int = Field(sa_type=EXACT)
    after_minor: int = Field(sa_type=EXACT)


class ShadowTierRow(Table, table=True):
    """How many of a manager's customers hold a tier on either side of a shadow run."""

    __tablename__ = "shadow_tier"

    run_id: UUID = Field(primary_key=True)
    manager: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    institution: str
    before: int
    after: int


class RateRow(Fact, table=True):
    __tablename__ = "rate"

    institution: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    effective_from: date = Field(primary_key=True)
    rate_ppm: int


class LedgerTotalRow(Fact, table=True):
    """A total of the general ledger; an empty line, product or branch means whichever."""

    __tablename__ = "ledger_total"

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    gl_account: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    line: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    branch: str = Field(primary_key=True)
    name: str
    amount_minor: int = Field(sa_type=BigInteger)


class GroupRow(Fact, table=True):
    """A household or a group; `members` as the customer service told of them."""

    __tablename__ = "customer_group"
    __table_args__ = (Index("ix_customer_group_institution_parent_id", "institution", "parent_id"),)

    id: UUID = Field(primary_key=True)
    institution: str
    kind: str
    parent_id: UUID | None
    members: list[dict[str, Any]] = Field(sa_type=JSONB)
    version: int


class AccountRateRow(Fact, table=True):
    """A customer rate that was agreed for one account."""

    __tablename__ = "account_rate"

    institution: str = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    effective_from: date = Field(primary_key=True)
    rate_ppm: int


class FxRateRow(Fact, table=True):
    """What one unit of a currency is worth in the bank's own on a day, times 10^8."""

    __tablename__ = "fx_rate"

    institution: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    rate_e8: int = Field(sa_type=BigInteger)


class RecalculationRow(Table, table=True):
    """A customer whose stored contribution is out of date from that month on."""

    __tablename__ = "recalculation"
    __table_args__ = (
        Index(
            "ix_recalculation_institution_from_month", "institution", "from_month", "customer_id"
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    from_month: date


class ContributionRow(Table, table=True):
    """Contribution as last worked out, by account, month and line; zeros are not kept."""

    __tablename__ = "contribution"
    __table_args__ = (Index("ix_contribution_institution_month", "institution", "month"),)

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    line: str = Field(primary_key=True)
    institution: str
    amount_minor: int = Field(sa_type=BigInteger)


class CustomerMonthRow(Table, table=True):
    """What a customer contributed in a month, by view and by line; months of nothing are not kept.

    Made of `contribution`, in the same transaction, so that sums over the bank read one row for a
    customer's month, and those of a view the index alone.
    """

    __tablename__ = "customer_month"
    __table_args__ = (
        Index(
            "ix_customer_month_institution_month",
            "institution",
            "month",
            postgresql_include=["customer_id", "gross", "net", "economic"],
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    institution: str
    gross: int = Field(sa_type=BigInteger)
    net: int = Field(sa_type=BigInteger)
    economic: int = Field(sa_type=BigInteger)
    deposit: int = Field(sa_type=BigInteger)
    loan: int = Field(sa_type=BigInteger)
    settlement: int = Field(sa_type=BigInteger)
    intermediary: int = Field(sa_type=BigInteger)
    e_banking: int = Field(sa_type=BigInteger)
    international: int = Field(sa_type=BigInteger)
    cost_to_serve: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)
    capital: int = Field(sa_type=BigInteger)


class CustomerBalanceRow(Table, table=True):
    """Balance-days by customer, month and line, while a ladder looks at balances; no zeros."""

    __tablename__ = "customer_balance"

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    line: str = Field(primary_key=True)
    institution: str = Field(index=True)
    balance_days: int = Field(sa_type=EXACT)


class CustomerPointsRow(Table, table=True):
    """Points by customer and month, while a ladder looks at points; no zeros."""

    __tablename__ = "customer_points"
    __table_args__ = (
        Index(
            "ix_customer_points_institution_month",
            "institution",
            "month",
            postgresql_include=["customer_id", "points"],
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    institution: str
    points: int = Field(sa_type=BigInteger)


class AccountBalanceRow(Table, table=True):
    """An account's month as last worked out: the balance at its end, and its balance-days."""

    __tablename__ = "account_balance"
    __table_args__ = (
        Index(
            "ix_account_balance_institution_month",
            "institution",
            "month",
            postgresql_include=[
                "line",
                "currency",
                "customer_id",
                "account_id",
                "closing_minor",
                "balance_days",
            ],
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    institution: str
    line: str
    currency: str
    closing_minor: int = Field(sa_type=EXACT)
    balance_days: int = Field(sa_type=EXACT)


class TierRankingDueRow(Table, table=True):
    """A month at whose end all must be ranked again: one row for each batch that changed it."""

    __tablename__ = "tier_ranking_due"
    __table_args__ = (Index("ix_tier_ranking_due_institution_month", "institution", "month"),)

    id: int | None = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    institution: str
    month: date


class TierRankingRow(Table, table=True):
    """What came of ranking all at the end of a month: the least amount on each step."""

    __tablename__ = "tier_ranking"

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    customers: int
    cuts: dict[str, int] = Field(sa_type=JSONB)


class TierPlaceRow(Table, table=True):
    """Where a customer stood when all were ranked at the end of a month."""

    __tablename__ = "tier_place"
    __table_args__ = (Index("ix_tier_place_customer_id", "customer_id"),)

    institution: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    position: int
    customers: int
    amount_minor: int = Field(sa_type=EXACT)
    code: str


class TierPeriodRow(Table, table=True):
    __tablename__ = "tier_period"
    __table_args__ = (Index("ix_tier_period_institution_since", "institution", "since"),)

    customer_id: UUID = Field(primary_key=True)
    since: date = Field(primary_key=True)
    institution: str
    until: date | None
    code: str
    name: str
    rank: int
    reason: dict[str, Any] = Field(sa_type=JSONB)
    phases: list[dict[str, Any]] | None = Field(sa_type=JSONB)


class LadderPlaceRow(Table, table=True):
    """The step that the rules give a customer now, and what it measures now."""

    __tablename__ = "ladder_place"
    __table_args__ = (
        Index(
            "ix_ladder_place_institution_rank_amount_minor",
            "institution",
            "rank",
            "amount_minor",
            "customer_id",
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    rank: int
    amount_minor: int = Field(sa_type=EXACT)


class TierOverrideRow(Table, table=True):
    """A tier given by hand; changed only by its end."""

    __tablename__ = "tier_override"
    __table_args__ = (
        Index("ix_tier_override_institution_customer_id", "institution", "customer_id"),
    )

    id: UUID = Field(primary_key=True)
    institution: str
    customer_id: UUID
    code: str
    name: str
    rank: int
    reason: str
    since: date
    until: date
    set_by: str
    set_at: datetime = Field(sa_type=DateTime(timezone=True))
    ended_by: str | None
    end_reason: str | None
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class CustomerScoreRow(Table, table=True):
    """What was last announced of a customer, under which version; null while not computable."""

    __tablename__ = "customer_score"
    __table_args__ = (Index("ix_customer_score_institution_tier_code", "institution", "tier_code"),)

    customer_id: UUID = Field(primary_key=True)
    institution: str
    version: int
    window_months: int
    through: date
    contribution_minor: int | None = Field(sa_type=BigInteger)
    tier_code: str | None


class NotComputedRow(Table, table=True):
    """A customer whose months from `from_month` on could not be worked out, and why."""

    __tablename__ = "not_computed"
    __table_args__ = (
        Index("ix_not_computed_institution_customer_id", "institution", "customer_id"),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    from_month: date
    code: str
    message: str
