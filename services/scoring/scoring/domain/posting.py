"""A posting: one signed amount on one account, and what makes it acceptable."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scoring.domain.line import Line

EARLIEST = date(1900, 1, 1)
LATEST_AFTER_BOOKING = timedelta(days=366)
CLOCKS_MAY_DIFFER = timedelta(days=1)
AMOUNT_LIMIT = 10**15


class Channel(StrEnum):
    """Where a posting came about."""

    COUNTER = "counter"
    SELF_SERVICE = "self_service"
    POS = "pos"
    PHONE = "phone"
    ONLINE = "online"
    MOBILE = "mobile"
    INTERBANK = "interbank"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a posting is."""

    CASH_DEPOSIT = "cash_deposit"
    CASH_WITHDRAWAL = "cash_withdrawal"
    CARD_PAYMENT = "card_payment"
    CARD_WITHDRAWAL = "card_withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    INTEREST_PAID = "interest_paid"
    INTEREST_CHARGED = "interest_charged"
    FEE = "fee"
    LOAN_DRAWDOWN = "loan_drawdown"
    LOAN_REPAYMENT = "loan_repayment"
    WEALTH_PURCHASE = "wealth_purchase"
    WEALTH_REDEMPTION = "wealth_redemption"
    INSURANCE_PREMIUM = "insurance_premium"
    FX_PURCHASE = "fx_purchase"
    FX_SALE = "fx_sale"
    TRADE_FINANCE = "trade_finance"
    OPENING_BALANCE = "opening_balance"
    ADJUSTMENT = "adjustment"


NO_SERVICE = frozenset([Kind.OPENING_BALANCE, Kind.ADJUSTMENT])
"""Kinds that move a balance without anybody having been served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One posting as the bank sent it; `amount_minor` is positive when the customer gains."""

    id: str
    account_number: str
    amount_minor: int
    currency: str
    value_date: date
    booked_at: datetime
    channel: Channel
    kind: Kind
    purpose: str
    counterparty: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one record cannot be taken; `code` is part of the contract."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What must be known of an account to take a record for it."""

    id: UUID
    currency: str
    owner_id: UUID
    line: Line
    opened_on: date
    joint_ids: tuple[UUID, ...] = ()

    @property
    def holders(self) -> tuple[UUID, ...]:
        """Return who is worked out again when the account moves: the owner and joint holders."""
        return (self.owner_id, *self.joint_ids)


def objection(posting: Posting, *, at: datetime) -> Rejection | None:
    """Return why `posting` cannot be true at `at`, whatever its account."""
    if not 0 < abs(posting.amount_minor) < AMOUNT_LIMIT:
        return Rejection("AMOUNT_OUT_OF_RANGE", "amount_minor: must not be 0, nor 10^15 or more")
    if posting.booked_at > at + CLOCKS_MAY_DIFFER:
        return Rejection("BOOKED_IN_FUTURE", "booked_at: lies more than a day in the future")
    if not EARLIEST <= posting.value_date <= posting.booked_at.date() + LATEST_AFTER_BOOKING:
        return Rejection(
            "VALUE_DATE_OUT_OF_RANGE",
            "value_date: must lie between 1900-01-01 and 366 days after booked_at",
        )
    return None


def mismatch(posting: Posting, account: AccountKey) -> Rejection | None:
    """Return why `posting` cannot belong to `account`."""
    if posting.currency == account.currency:
        return None
    return Rejection(
        "CURRENCY_MISMATCH",
        f"currency: the account is in {account.currency}, the posting in {posting.currency}",
    )
