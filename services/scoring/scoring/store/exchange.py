"""Published exchange rates, as the bank sent them."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.exchange import FxBook, FxRate
from scoring.store.knowledge import as_known, chosen
from scoring.store.sql import records, rows, run


def _published(table: str) -> TextClause:
    columns = "currency, day, rate_e8"
    return text(f"select {columns} from {table} f where institution = :institution")  # noqa: S608  (fixed)


_FX, _FX_KNOWN = _published("fx_rate"), _published(as_known("fx_rate"))
_CURRENCIES = text(
    "select distinct currency from fx_rate where institution = :institution "
    "and currency = any(cast(:currencies as text[]))"
)
_FX_AT = text(
    "select f.currency, f.day, f.rate_e8 from fx_rate f join "
    "jsonb_to_recordset(cast(:records as jsonb)) as n(currency text, day date) "
    "on (f.currency, f.day) = (n.currency, n.day) where f.institution = :institution"
)
_SAVE_FX = text(
    "insert into fx_rate (institution, recorded_at, currency, day, rate_e8) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(currency text, day date, rate_e8 bigint) "
    "order by 3, 4 on conflict (institution, currency, day) do update set "
    "rate_e8 = excluded.rate_e8"
)


async def fx_book(
    session: AsyncSession, institution: str, known_at: datetime | None = None
) -> FxBook:
    """Return every rate that the institution published, now or as known then."""
    statement, known = chosen(known_at, _FX, _FX_KNOWN)
    read = await rows(session, statement, institution=institution, **known)
    return FxBook.of([FxRate(row.currency, row.day, row.rate_e8) for row in read])


async def currencies_known(
    session: AsyncSession, institution: str, currencies: Sequence[str]
) -> set[str]:
    """Return those of `currencies` of which any rate is stored."""
    read = await rows(session, _CURRENCIES, institution=institution, currencies=currencies)
    return {row.currency for row in read}


async def fx_rates_at(
    session: AsyncSession, institution: str, rates: Sequence[FxRate]
) -> dict[tuple[str, date], int]:
    """Return what is stored of the same currencies and days."""
    read = await rows(session, _FX_AT, institution=institution, records=_records(rates))
    return {(row.currency, row.day): row.rate_e8 for row in read}


async def save_fx_rates(session: AsyncSession, institution: str, rates: Sequence[FxRate]) -> None:
    """Store rates, in place of others of the same currency and day."""
    await run(session, _SAVE_FX, institution=institution, records=_records(rates))


def _records(rates: Sequence[FxRate]) -> str:
    return records(
        {"currency": rate.currency, "day": rate.day, "rate_e8": rate.rate_e8} for rate in rates
    )
