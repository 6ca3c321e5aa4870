"""The bank itself: its business date, its schemes and its rates."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.lifecycle import Version
from scoring.domain.policy import Policy, Rate, RateBook, RateKind
from scoring.domain.scheme import Scheme
from scoring.domain.scheme_document import scheme_of
from scoring.store.sql import records, rows, run

BEGINNING = date(1900, 1, 1)
"""Earlier than any month: recalculating from here takes everything in."""

_INSTITUTION = text(
    "select currency, time_zone, business_date, policy_version from institution "
    "where code = :institution"
)
_SCHEMES = text("select document from scheme where institution = :institution")
_RATES = text(
    "select product, kind, effective_from, rate_ppm from rate where institution = :institution"
)


class Policies:
    """Keeps each institution's schemes and rates in memory until their version moves on."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Sequence[Scheme], RateBook]] = {}

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
        return Policy(
            institution=institution,
            currency=row.currency,
            time_zone=row.time_zone,
            business_date=row.business_date,
            schemes=kept[1],
            rates=kept[2],
        )


async def _load(session: AsyncSession, institution: str) -> tuple[Sequence[Scheme], RateBook]:
    documents = await rows(session, _SCHEMES, institution=institution)
    rates = await rows(session, _RATES, institution=institution)
    return (
        [scheme_of(row.document) for row in documents],
        RateBook.of(
            [
                Rate(row.product, RateKind(row.kind), row.effective_from, row.rate_ppm)
                for row in rates
            ]
        ),
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
    "then cast(date_trunc('month', institution.business_date) as date) end) "
    "where institution.version < excluded.version"
)
_ADVANCE = text(
    "update institution set "
    "business_date = cast(cast(:at as timestamptz) at time zone time_zone as date), "
    "recalculate_from = least(recalculate_from, "
    "cast(date_trunc('month', business_date) as date)) where code = :code "
    "and business_date < cast(cast(:at as timestamptz) at time zone time_zone as date)"
)
_POLICY_MOVED = text(
    "insert into institution (code, recorded_at, version, policy_version, recalculate_from) "
    "values (:code, now(), 0, 1, :since) on conflict (code) do update set "
    "policy_version = institution.policy_version + 1, "
    "recalculate_from = least(institution.recalculate_from, excluded.recalculate_from)"
)
_RECALCULATE = text(
    "update institution set recalculate_from = least(recalculate_from, :since) where code = :code"
)


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


async def policy_moved(session: AsyncSession, code: str, since: date) -> None:
    """Note that schemes or rates from that month on are others; then every customer waits."""
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
