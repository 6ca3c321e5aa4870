"""Records in bulk: how each kind looks on the wire, and which operation takes it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from kit.db import Database
from kit.identity import Principal
from kit.intake import (
    Answer,
    CardsMasked,
    NoneIfEmpty,
    Record,
    Rejected,
    Take,
    TakeWhole,
    parse,
)
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, RootModel

from scoring.domain.account import OwnRate
from scoring.domain.exchange import RATE_PLACES, FxRate
from scoring.domain.line import Line
from scoring.domain.loan import BalanceBasis, Grade, LoanTerms
from scoring.domain.policy import Rate, RateKind
from scoring.domain.posting import Channel, Kind, Posting, objection
from scoring.domain.reconciliation import LedgerTotal, Measure
from scoring.operations.account_rates import AccountRate, record_account_rates
from scoring.operations.calm import Calm
from scoring.operations.exchange import record_fx_rates
from scoring.operations.ledger import record_ledger
from scoring.operations.loans import Loan, record_loans
from scoring.operations.plain_postings import record_plain
from scoring.operations.policy import record_rates, record_schemes
from scoring.operations.postings import record_postings

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_RATE = re.compile(rf"[0-9]{{1,9}}(\.[0-9]{{1,{RATE_PLACES}}})?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
MILLION = 1_000_000
TOTAL_LIMIT = 10**18


def _day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day like 2024-01-31")
    return value


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise ValueError("must be an instant like 2024-01-31T09:30:00+08:00")
    return value


Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
_STORABLE = r"^[^\x00]*$"
Text = Annotated[str, Field(min_length=1, max_length=100, pattern=_STORABLE)]
Optional = Annotated[Annotated[str, Field(max_length=200, pattern=_STORABLE)] | None, NoneIfEmpty]
Free = Annotated[
    Annotated[str, Field(max_length=200, pattern=_STORABLE), CardsMasked] | None, NoneIfEmpty
]


class PostingRecord(Record):
    id: Text
    account_number: Text
    amount_minor: int
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    value_date: Day
    booked_at: Instant
    channel: Channel
    kind: Kind
    purpose: Free = None
    counterparty: Free = None

    def posting(self) -> Posting:
        return Posting(
            id=self.id,
            account_number=self.account_number,
            amount_minor=self.amount_minor,
            currency=self.currency,
            value_date=self.value_date,
            booked_at=self.booked_at,
            channel=self.channel,
            kind=self.kind,
            purpose=self.purpose or "",
            counterparty=self.counterparty or "",
        )


class LoanRecord(Record):
    account_number: Text
    settlement_account_number: Optional = None
    principal_minor: int
    granted_on: Day
    term_months: int
    instalment_minor: int
    grade: Grade
    balance_basis: BalanceBasis

    def loan(self) -> Loan:
        terms = LoanTerms(
            principal_minor=self.principal_minor,
            granted_on=self.granted_on,
            term_months=self.term_months,
            instalment_minor=self.instalment_minor,
            grade=self.grade,
            balance_basis=self.balance_basis,
            settlement_account_number=self.settlement_account_number or "",
        )
        return Loan(self.account_number, terms)


def _first_of_month(value: date) -> date:
    if value.day != 1:
        raise ValueError("must be the first day of a month")
    return value


class RateRecord(Record):
    product_code: Text
    rate_kind: Literal["customer", "transfer"]
    effective_from: Day
    rate_ppm: Annotated[int, Field(ge=-MILLION, le=MILLION)]

    def rate(self) -> Rate:
        return Rate(self.product_code, RateKind(self.rate_kind), self.effective_from, self.rate_ppm)


class LedgerRecord(Record):
    gl_account: Text
    name: Text
    month: Annotated[Day, AfterValidator(_first_of_month)]
    measure: Measure
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount_minor: Annotated[int, Field(gt=-TOTAL_LIMIT, lt=TOTAL_LIMIT)]
    line: Annotated[Line | None, NoneIfEmpty] = None
    product_code: Optional = None
    branch_code: Optional = None

    def total(self) -> LedgerTotal:
        return LedgerTotal(
            month=self.month,
            gl_account=self.gl_account,
            name=self.name,
            measure=self.measure,
            currency=self.currency,
            amount_minor=self.amount_minor,
            line=self.line.value if self.line else "",
            product=self.product_code or "",
            branch=self.branch_code or "",
        )


def _rate_e8(value: str) -> str:
    if not _RATE.fullmatch(value) or not Decimal(value):
        raise ValueError(f"must be a decimal number above 0 of at most {RATE_PLACES} places")
    return value


class FxRateRecord(Record):
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    day: Day
    rate: Annotated[str, AfterValidator(_rate_e8)]

    def rate_of_day(self) -> FxRate:
        return FxRate(self.currency, self.day, int(Decimal(self.rate).scaleb(RATE_PLACES)))


class AccountRateRecord(Record):
    account_number: Text
    effective_from: Day
    rate_ppm: Annotated[int, Field(ge=-MILLION, le=MILLION)]

    def rate(self) -> AccountRate:
        return AccountRate(self.account_number, OwnRate(self.effective_from, self.rate_ppm))


class SchemeRecord(RootModel[dict[str, Any]]):
    """The whole document; the domain reads it, so that its errors name the path."""


def kinds(
    db: Database, calm: Calm, clock: Callable[[], datetime]
) -> dict[str, tuple[type[BaseModel], Take]]:
    """Return what this service takes, by the name in `/ingest/{kind}`."""

    async def postings(who: Principal, lines: Sequence[tuple[int, PostingRecord]]) -> Answer:
        found = [(line, record.posting()) for line, record in lines]
        with calm.disturbed(len(lines)):
            return await record_postings(db, who.institution, found, at=clock())

    async def loans(who: Principal, lines: Sequence[tuple[int, LoanRecord]]) -> Answer:
        found = [(line, record.loan()) for line, record in lines]
        with calm.disturbed(len(lines)):
            return await record_loans(db, who.institution, found)

    async def rates(who: Principal, lines: Sequence[tuple[int, RateRecord]]) -> Answer:
        found = [(line, record.rate()) for line, record in lines]
        return await record_rates(db, who.institution, found)

    async def fx_rates(who: Principal, lines: Sequence[tuple[int, FxRateRecord]]) -> Answer:
        found = [(line, record.rate_of_day()) for line, record in lines]
        return await record_fx_rates(db, who.institution, found)

    async def account_rates(
        who: Principal, lines: Sequence[tuple[int, AccountRateRecord]]
    ) -> Answer:
        found = [record.rate() for _, record in lines]
        with calm.disturbed(len(lines)):
            return await record_account_rates(db, who.institution, found)

    async def scheme(who: Principal, lines: Sequence[tuple[int, SchemeRecord]]) -> Answer:
        found = [(line, record.root) for line, record in lines]
        return await record_schemes(db, who, found)

    async def general_ledger(who: Principal, lines: Sequence[tuple[int, LedgerRecord]]) -> Answer:
        return await record_ledger(db, who.institution, [record.total() for _, record in lines])

    return {
        "general_ledger": (LedgerRecord, general_ledger),
        "postings": (PostingRecord, postings),
        "loans": (LoanRecord, loans),
        "rates": (RateRecord, rates),
        "fx_rates": (FxRateRecord, fx_rates),
        "account_rates": (AccountRateRecord, account_rates),
        "scheme": (SchemeRecord, scheme),
    }


def at_once(db: Database, calm: Calm, clock: Callable[[], datetime]) -> dict[str, TakeWhole]:
    """Return what can be taken a whole request at a time, where nothing needs a second look."""

    async def postings(who: Principal, body: bytes) -> Answer | None:
        at = clock()

        def refuse(lines: Sequence[tuple[int, bytes]]) -> list[Rejected] | None:
            return _refused(lines, at)

        with calm.disturbed(body.count(b"\n")):
            return await record_plain(db, who.institution, body, refuse, at=at)

    return {"postings": postings}


def _refused(lines: Sequence[tuple[int, bytes]], at: datetime) -> list[Rejected] | None:
    """Say why each of these postings is refused by itself; None where one of them is not."""
    found: list[Rejected] = []
    for number, line in lines:
        good, bad = parse(line, PostingRecord)
        why = objection(good[0][1].posting(), at=at) if good else None
        if bad:
            found.append(replace(bad[0], line=number))
        elif why:
            found.append(Rejected(number, why.code, why.reason))
        else:
            return None
    return found
