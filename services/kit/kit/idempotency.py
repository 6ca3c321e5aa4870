"""One effect per key, however often and however concurrently a caller sends it."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, String, Table, text
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.audit import about
from kit.identity import Principal
from kit.problem import BadRequest, IdempotencyKeyReused

_MAX_KEY = 200
_CLAIM = text(
    "insert into idempotency (institution, subject, key, fingerprint, answer, at) "
    "values (:institution, :subject, :key, :fingerprint, '', :at) on conflict do nothing "
    "returning key"
)
_FOUND = text(
    "select fingerprint, answer from idempotency "
    "where institution = :institution and subject = :subject and key = :key"
)
_SAVE = text(
    "update idempotency set answer = :answer "
    "where institution = :institution and subject = :subject and key = :key"
)


def idempotency_table(metadata: MetaData) -> Table:
    """Declare the table of used keys in a service's metadata; its migration creates it."""
    keys = [Column(name, String, primary_key=True) for name in ("institution", "subject", "key")]
    values = [Column(name, String, nullable=False) for name in ("fingerprint", "answer")]
    at = Column("at", DateTime(timezone=True), nullable=False)
    return Table("idempotency", metadata, *keys, *values, at)


async def once(  # noqa: PLR0913  (one call, six facts, all named)
    session: AsyncSession,
    principal: Principal,
    key: str,
    parameters: Mapping[str, Any],
    effect: Callable[[], Awaitable[str]],
    *,
    at: datetime,
) -> str:
    """Run `effect` in the open transaction and keep its short answer, or give the kept one.

    A second caller with the same key waits for the first one's transaction. The answer is
    an id or code by which the caller finds the result again. A refusal rolls the claim back.
    """
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise BadRequest(f"idempotencyKey must have 1 to {_MAX_KEY} printable characters.")
    canonical = json.dumps(parameters, sort_keys=True, default=str)
    fingerprint = hashlib.sha256(canonical.encode()).hexdigest()
    connection = await session.connection()
    mine = {"institution": principal.institution, "subject": principal.subject, "key": key}
    claim = mine | {"fingerprint": fingerprint, "at": at}
    if (await connection.execute(_CLAIM, claim)).first():
        answer = await effect()
        await connection.execute(_SAVE, mine | {"answer": answer})
        about(_ids(answer))
        return answer
    kept = (await connection.execute(_FOUND, mine)).one()
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused(
            "This idempotencyKey was used with other parameters; use a new key for a new request."
        )
    about(_ids(kept.answer), repeated=True)
    return str(kept.answer)


def _ids(answer: str) -> list[str]:
    """Return the answer where it is an id, for the audit to tell."""
    try:
        return [str(UUID(answer))]
    except ValueError:
        return []
