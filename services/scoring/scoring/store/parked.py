"""Records that wait for their account, exactly as they were sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.store.sql import records, rows, run

UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Parked:
    """One record; `payload` holds its fields as plain values."""

    key: str
    account_number: str
    payload: Mapping[str, Any]


_PARK = text(
    "insert into parked_record (institution, kind, key, account_number, payload, reason) "
    "select :institution, :kind, r.key, r.account_number, r.payload, :reason from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(key text, account_number text, "
    "payload jsonb) order by r.key on conflict do nothing returning key"
)
_PAYLOADS = text(
    "select key, payload from parked_record where institution = :institution and kind = :kind "
    "and key = any(cast(:keys as text[]))"
)
_WAITING = text(
    "select key, account_number, payload from parked_record where institution = :institution "
    "and kind = :kind and account_number = any(cast(:numbers as text[])) order by key for update"
)
_REPLACE = text(
    "update parked_record p set payload = r.payload, account_number = r.account_number from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(key text, account_number text, "
    "payload jsonb) where p.institution = :institution and p.kind = :kind and p.key = r.key"
)
_GONE = text(
    "delete from parked_record where institution = :institution and kind = :kind "
    "and key = any(cast(:keys as text[]))"
)
_STAYS = text(
    "update parked_record p set reason = r.reason from "
    "jsonb_to_recordset(cast(:records as jsonb)) as r(key text, reason text) "
    "where p.institution = :institution and p.kind = :kind and p.key = r.key"
)


async def park(
    session: AsyncSession, institution: str, kind: str, parked: Sequence[Parked]
) -> set[str]:
    """Keep records until their account is known; return the keys that were not kept already."""
    kept = await rows(
        session,
        _PARK,
        institution=institution,
        kind=kind,
        records=_records(parked),
        reason=UNKNOWN_ACCOUNT,
    )
    return {row.key for row in kept}


async def replace_parked(
    session: AsyncSession, institution: str, kind: str, parked: Sequence[Parked]
) -> None:
    """Keep later versions of parked records in place of the former ones."""
    await run(session, _REPLACE, institution=institution, kind=kind, records=_records(parked))


def _records(parked: Sequence[Parked]) -> str:
    return records(
        {"key": one.key, "account_number": one.account_number, "payload": one.payload}
        for one in parked
    )


async def payloads(
    session: AsyncSession, institution: str, kind: str, keys: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """Return what is parked under those of `keys` that are parked."""
    read = await rows(session, _PAYLOADS, institution=institution, kind=kind, keys=keys)
    return {row.key: row.payload for row in read}


async def waiting(
    session: AsyncSession, institution: str, kind: str, numbers: Sequence[str]
) -> list[Parked]:
    """Return the records that wait for these account numbers, locked."""
    read = await rows(session, _WAITING, institution=institution, kind=kind, numbers=numbers)
    return [Parked(row.key, row.account_number, row.payload) for row in read]


async def unpark(
    session: AsyncSession,
    institution: str,
    kind: str,
    *,
    gone: Sequence[str],
    staying: Mapping[str, str],
) -> None:
    """Forget records that went in; keep those that could not, with the reason's code."""
    if gone:
        await run(session, _GONE, institution=institution, kind=kind, keys=gone)
    if staying:
        found = [{"key": key, "reason": reason} for key, reason in staying.items()]
        await run(session, _STAYS, institution=institution, kind=kind, records=records(found))
