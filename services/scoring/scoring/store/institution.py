"""The bank itself: its business date, its schemes and its rates."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.exchange import FxBook
from scoring.domain.lifecycle import Version
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_document import scheme_of
from scoring.store.exchange import fx_book
from scoring.store.knowledge import as_known, chosen
from scoring.store.sql import records, rows, run

BEGINNING = date(1900, 1, 1)
"""Earlier than any month: recalculating from here takes everything in."""


def _institution(table: str) -> TextClause:
    columns = "currency, time_zone, business_date, policy_version"
    return text(f"select {columns} from {table} i where code = :institution")  # noqa: S608  (fixed)


def _schemes(table: str) -> TextClause:
    return text(f"select document from {table} s where institution = :institution")  # noqa: S608  (fixed)


def _rates_of(table: str) -> TextClause:
    columns = "product, kind, effective_from, rate_ppm"
    return text(f"select {columns} from {table} r where institution = :institution")  # noqa: S608  (fixed)


_INSTITUTION = _institution("institution")
_INSTITUTION_KNOWN = _institution(as_known("institution"))
_SCHEMES, _SCHEMES_KNOWN = _schemes("scheme"), _schemes(as_known("scheme"))
_RATES, _RATES_KNOWN = _rates_of("rate"), _rates_of(as_known("rate"))


class Policies:
    """Keeps each institution's schemes and rates of all kinds until their version moves on."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Sequence[Scheme], RateBook, FxBook]] = {}

    async def of(self, session: AsyncSession, institution: str) -> Policy | None:
        """Return the institution's policy; None until its first event has arrived."""
        read = await rows(session, _INSTITUTION, institution=institution)
        if not read or read[0].business_date is None:
            return None
        [row] = read
        kept = self._kept.get(institution)
        if kept is None or kept[0] != row.policy_version:
            kept = (row.policy_version, *await _load(session, institution))
            self._kept[institution] = kept
        return _policy(institution, row, *kept[1:])


async def policy_as_known(
    session: AsyncSession, institution: str, known_at: datetime
) -> Policy | None:
    """Return the institution's policy as known then; None where its first event came later."""
    read = await rows(session, _INSTITUTION_KNOWN, institution=institution, known_at=known_at)
    if not read or read[0].business_date is None:
        return None
    return _policy(institution, read[0], *await _load(session, institution, known_at))


def _policy(
    institution: str, row: Row[Any], schemes: Sequence[Scheme], rates: RateBook, fx: FxBook
) -> Policy:
    return Policy(
        institution=institution,
        currency=row.currency,
        time_zone=row.time_zone,
        business_date=row.business_date,
        schemes=schemes,
        rates=rates,
        fx=fx,
    )


async def _load(
    session: AsyncSession, institution: str, known_at: datetime | None = None
) -> tuple[Sequence[Scheme], RateBook, FxBook]:
    statement, known = chosen(known_at, _SCHEMES, _SCHEMES_KNOWN)
    documents = await rows(session, statement, institution=institution, **known)
    statement, known = chosen(known_at, _RATES, _RATES_KNOWN)
    rates = await rows(session, statement, institution=institution, **known)
    return (
        [scheme_of(row.document) for row in documents],
        RateBook.of(
            [
                Rate(row.product, RateKind(row.kind), row.effective_from, row.rate_ppm)
                for row in rates
            ]
        ),
        await fx_book(session, institution, known_at),
    )


_SAVE = text(
    "insert into institution (code, recorded_at, version, currency, time_zone, business_date, "
    "policy_version, recalculate_from) values (:code, now(), :version, :currency, :time_zone, "
    ":as_of, 0, :everything) "
    "on conflict (code) do update set version = excluded.version, "
    "currency = excluded.currency, time_zone = excluded.time_zone, "
    "business_date = greatest(institution.business_date, excluded.business_date), "
    "recalculate_from = least(institution.recalculate_from, case "
    "when institution.business_date is null then excluded.recalculate_from "
    "when institution.business_date < excluded.business_date "
    "then cast(date_trunc('month', institution.business_date) as date) end), "
    "spread_through = null where institution.version < excluded.version"
)
_ADVANCE = text(
    "update institution set spread_through = null, "
    "business_date = cast(cast(:at as timestamptz) at time zone time_zone as date), "
    "recalculate_from = least(recalculate_from, "
    "cast(date_trunc('month', business_date) as date)) where code = :code "
    "and business_date < cast(cast(:at as timestamptz) at time zone time_zone as date)"
)
_POLICY_MOVED = text(
    "insert into institution (code, recorded_at, version, policy_version, recalculate_from) "
    "values (:code, now(), 0, 1, :since) on conflict (code) do update set "
    "policy_version = institution.policy_version + 1, "
    "recalculate_from = least(institution.recalculate_from, excluded.recalculate_from), "
    "spread_through = case when excluded.recalculate_from is null "
    "then institution.spread_through end"
)
_RECALCULATE = text(
    "update institution set recalculate_from = least(recalculate_from, :since), "
    "spread_through = null where code = :code"
)
"""Whoever lets everybody wait begins at the first customer; what was spread is not enough."""


async def save_institution(
    session: AsyncSession, code: str, data: dict[str, Any], version: int
) -> None:
    """Store what is newer than known; the business date never goes back."""
    await run(
        session,
        _SAVE,
        code=code,
        version=version,
        currency=data["currency"],
        time_zone=data["time_zone"],
        as_of=date.fromisoformat(data["as_of"]),
        everything=BEGINNING,
    )


async def advance(session: AsyncSession, code: str, at: datetime) -> None:
    """Move the business date on to the bank's day of `at`, if later; then every customer waits."""
    await run(session, _ADVANCE, code=code, at=at)


async def policy_moved(session: AsyncSession, code: str, since: date | None) -> None:
    """Note that schemes or rates are others; from that month on, if any, every customer waits."""
    await run(session, _POLICY_MOVED, code=code, since=since)


async def recalculate_all(session: AsyncSession, code: str, since: date) -> None:
    """Make every customer wait to be worked out again from that month on."""
    await run(session, _RECALCULATE, code=code, since=since)


_RATES_AT = text(
    "select r.product, r.kind, r.effective_from, r.rate_ppm from rate r join "
    "jsonb_to_recordset(cast(:records as jsonb)) as n(product text, kind text, "
    "effective_from date) on (r.product, r.kind, r.effective_from) = "
    "(n.product, n.kind, n.effective_from) where r.institution = :institution"
)
_SAVE_RATES = text(
    "insert into rate (institution, recorded_at, product, kind, effective_from, rate_ppm) "
    "select cast(:institution as text), now(), r.* from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(product text, kind text, "
    "effective_from date, rate_ppm int) order by 3, 4, 5 "
    "on conflict (institution, product, kind, effective_from) do update set "
    "rate_ppm = excluded.rate_ppm"
)


async def rates_at(
    session: AsyncSession, institution: str, rates: Sequence[Rate]
) -> dict[tuple[str, RateKind, date], int]:
    """Return what is stored at the same products, kinds and months."""
    read = await rows(session, _RATES_AT, institution=institution, records=_rates(rates))
    return {(row.product, RateKind(row.kind), row.effective_from): row.rate_ppm for row in read}


async def save_rates(session: AsyncSession, institution: str, rates: Sequence[Rate]) -> None:
    """Store rates, in place of others at the same product, kind and month."""
    await run(session, _SAVE_RATES, institution=institution, records=_rates(rates))


def _rates(rates: Sequence[Rate]) -> str:
    return records(
        {
            "product": rate.product,
            "kind": rate.kind,
            "effective_from": rate.effective_from,
            "rate_ppm": rate.rate_ppm,
        }
        for rate in rates
    )


_ADD_SCHEME = text(
    "insert into scheme (institution, recorded_at, version, effective_from, document) "
    "values (:institution, now(), :version, :effective_from, cast(:document as jsonb))"
)


async def add_scheme(session: AsyncSession, version: Version) -> None:
    """Let an approved version price the months from its first one on."""
    await run(
        session,
        _ADD_SCHEME,
        institution=version.institution,
        version=version.number,
        effective_from=version.content.effective_from,
        document=json.dumps(version.content.document),
    )


_BUSINESS_DATES = text(
    "select code, business_date from institution where business_date is not null order by code"
)


async def business_dates(session: AsyncSession) -> dict[str, date]:
    """Return the business date of every institution that has one."""
    return {row.code: row.business_date for row in await rows(session, _BUSINESS_DATES)}
