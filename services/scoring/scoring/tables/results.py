"""Who waits to be worked out, and what was last worked out."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field

from scoring.tables.base import EXACT, Table


class RecalculationRow(Table, table=True):
    """A customer whose stored contribution is out of date from that month on.

    `soon` where few changed at once: news does not wait behind what changed in bulk.
    """

    __tablename__ = "recalculation"
    __table_args__ = (
        Index(
            "ix_recalculation_institution_from_month", "institution", "from_month", "customer_id"
        ),
        Index(
            "ix_recalculation_soon",
            "from_month",
            "institution",
            "customer_id",
            postgresql_where=text("soon"),
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    institution: str
    from_month: date
    soon: bool


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


class CustomerIndexRow(Table, table=True):
    """The index by customer and month, while a ladder looks at it; no zeros.

    In hundred-thousandths of a point.
    """

    __tablename__ = "customer_index"
    __table_args__ = (
        Index(
            "ix_customer_index_institution_month",
            "institution",
            "month",
            postgresql_include=["customer_id", "score"],
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    institution: str
    score: int = Field(sa_type=BigInteger)


class CustomerReturnRow(Table, table=True):
    """What a customer's accounts of a line earned in a month on the capital that they bound.

    Rows are there where capital was bound; `days_e6` and `years_e6` are millionths of minor units x
    days and x years.
    """

    __tablename__ = "customer_return"
    __table_args__ = (Index("ix_customer_return_institution_month", "institution", "month"),)

    customer_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    line: str = Field(primary_key=True)
    institution: str
    days_e6: int = Field(sa_type=EXACT)
    years_e6: int = Field(sa_type=EXACT)
    net_minor: int = Field(sa_type=BigInteger)
    economic_minor: int = Field(sa_type=BigInteger)


class AccountBalanceRow(Table, table=True):
    """An account's month as last worked out: its balance, balance-days, and what was posted.

    Of a divided account each holder has a part.
    """

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
    interest_paid_minor: int = Field(sa_type=EXACT)
    interest_charged_minor: int = Field(sa_type=EXACT)
    fees_minor: int = Field(sa_type=EXACT)


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
