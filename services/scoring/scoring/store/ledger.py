"""The general ledger's totals, and what the accounts behind them come to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.line import Line
from scoring.domain.reconciliation import Cell, LedgerTotal, Measure, figure
from scoring.store.sql import records, rows, run

_KEY = "gl_account, measure, currency, line, product, branch"
_SAVE = text(
    f"insert into ledger_total (institution, recorded_at, month, {_KEY}, name, amount_minor) "  # noqa: S608  (fixed columns)
    f"select cast(:institution as text), now(), r.month, {_KEY}, r.name, r.amount_minor from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(month date, gl_account text, measure text, "
    "currency text, line text, product text, branch text, name text, amount_minor bigint) "
    f"order by r.month, {_KEY} on conflict (institution, month, {_KEY}) "
    "do update set name = excluded.name, amount_minor = excluded.amount_minor "
    "where (ledger_total.name, ledger_total.amount_minor) "
    "is distinct from (excluded.name, excluded.amount_minor)"
)
_TOTALS = text(
    f"select month, {_KEY}, name, amount_minor from ledger_total "  # noqa: S608  (fixed columns)
    "where institution = :institution and month = :month"
)
_SUMS = (
    "sum(m.closing_minor) as closing, sum(m.balance_days) as balance_days, "
    "sum(m.interest_paid_minor) as interest_paid, "
    "sum(m.interest_charged_minor) as interest_charged, sum(m.fees_minor) as fees"
)
_CELLS = text(
    f"select a.line, a.product, a.branch, a.currency, {_SUMS} "  # noqa: S608  (fixed parts)
    "from account_balance m join account a on a.id = m.account_id "
    "where m.institution = :institution and m.month = :month group by 1, 2, 3, 4"
)
_ACCOUNTS = (
    "select a.id, a.number, a.line, a.product, a.branch, a.currency, s.* from account a "  # noqa: S608  (fixed parts)
    f"cross join lateral (select {_SUMS} from account_balance m "
    "where m.month = :month and m.account_id = a.id "
    "and m.customer_id = any(array_append(coalesce(a.joint, '{{}}'), a.owner_id))) s "
    "where a.institution = :institution and a.number > :after and a.currency = :currency "
    "and (cast(:loans as boolean) is null or (a.line = 'loan') = cast(:loans as boolean)) "
    "and cast(:line as text) in ('', a.line) and cast(:product as text) in ('', a.product) "
    "and cast(:branch as text) in ('', a.branch) and coalesce(s.{figure}, 0) <> 0 "
    "order by a.number limit :limit"
)
_FIGURES = {
    Measure.DEPOSIT_BALANCE: "closing",
    Measure.DEPOSIT_AVERAGE: "balance_days",
    Measure.LOAN_BALANCE: "closing",
    Measure.LOAN_AVERAGE: "balance_days",
    Measure.INTEREST_PAID: "interest_paid",
    Measure.INTEREST_CHARGED: "interest_charged",
    Measure.FEE_INCOME: "fees",
}


async def save_totals(
    session: AsyncSession, institution: str, totals: Sequence[LedgerTotal]
) -> int:
    """Store totals in place of others of the same key; return how many are new or others."""
    kept = records(asdict(total) for total in totals)
    return await run(session, _SAVE, institution=institution, records=kept)


async def totals_of(session: AsyncSession, institution: str, month: date) -> list[LedgerTotal]:
    """Return the month's totals."""
    read = await rows(session, _TOTALS, institution=institution, month=month)
    return [
        LedgerTotal(
            month=row.month,
            gl_account=row.gl_account,
            name=row.name,
            measure=Measure(row.measure),
            currency=row.currency,
            amount_minor=row.amount_minor,
            line=row.line,
            product=row.product,
            branch=row.branch,
        )
        for row in read
    ]


def _cell(row: Row[Any]) -> Cell:
    return Cell(
        line=Line(row.line),
        product=row.product,
        branch=row.branch,
        currency=row.currency,
        closing=int(row.closing or 0),
        balance_days=int(row.balance_days or 0),
        interest_paid=int(row.interest_paid or 0),
        interest_charged=int(row.interest_charged or 0),
        fees=int(row.fees or 0),
    )


async def cells(session: AsyncSession, institution: str, month: date) -> list[Cell]:
    """Return what the accounts of each product at each branch come to in the month."""
    read = await rows(session, _CELLS, institution=institution, month=month)
    return [_cell(row) for row in read]


@dataclass(frozen=True, slots=True)
class Part:
    """An account, and what it adds to a total."""

    account_id: UUID
    number: str
    amount_minor: int


async def parts(
    session: AsyncSession, institution: str, total: LedgerTotal, days: int, page: tuple[str, int]
) -> list[Part]:
    """Return accounts of a total by number, beyond the number of `page`, as many as it says."""
    loans = {"loan": True, "deposit": False}.get(total.measure.value.partition("_")[0])
    read = await rows(
        session,
        text(_ACCOUNTS.format(figure=_FIGURES[total.measure])),
        institution=institution,
        month=total.month,
        currency=total.currency,
        loans=loans,
        line=total.line,
        product=total.product,
        branch=total.branch,
        after=page[0],
        limit=page[1],
    )
    return [Part(row.id, row.number, figure(total.measure, [_cell(row)], days)) for row in read]
