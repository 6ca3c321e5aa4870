"""Schemes from draft to force, and everything that was done to them."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.lifecycle import Act, Content, State, Step, Version
from scoring.domain.months import month_of
from scoring.domain.problems import SchemeNotFound
from scoring.store.sql import rows, run

_ALONE = text(
    "select pg_advisory_xact_lock(hashtextextended('schemes of ' || cast(:institution as text), 0))"
)
_COLUMNS = (
    "institution, version, state, revision, name, effective_from, document, text, writers, approver"
)
_FIND = text(
    f"select {_COLUMNS} from scheme_version "  # noqa: S608  (fixed columns)
    "where institution = :institution and version = any(cast(:versions as int[]))"
)
_PAGE = text(
    f"select {_COLUMNS} from scheme_version "  # noqa: S608  (fixed columns)
    "where institution = :institution and version < :before order by version desc limit :limit"
)
_TAKEN = text("select effective_from from scheme where institution = :institution order by 1")
_BUSINESS_DATE = text("select business_date from institution where code = :institution for update")


async def hold(session: AsyncSession, institution: str) -> None:
    """Let nobody else take a step with the institution's schemes until the transaction ends."""
    await rows(session, _ALONE, institution=institution)


async def by_number(
    session: AsyncSession, institution: str, numbers: Sequence[int]
) -> dict[int, Version]:
    """Return those of the versions that there are, as their newest revisions have them."""
    read = await rows(session, _FIND, institution=institution, versions=list(numbers))
    return {row.version: _version(row) for row in read}


async def find(session: AsyncSession, institution: str, number: int) -> Version | None:
    """Return a version, if there is one."""
    return (await by_number(session, institution, [number])).get(number)


async def get(session: AsyncSession, institution: str, number: int) -> Version:
    """Return a version, or refuse one that there is not."""
    found = await find(session, institution, number)
    if found is None:
        raise SchemeNotFound(f"There is no scheme of version {number}.")
    return found


async def page(session: AsyncSession, institution: str, before: int, limit: int) -> list[Version]:
    """Return the versions below `before`, highest first."""
    read = await rows(session, _PAGE, institution=institution, before=before, limit=limit)
    return [_version(row) for row in read]


def _version(row: Row[Any]) -> Version:
    return Version(
        institution=row.institution,
        number=row.version,
        state=State(row.state),
        revision=row.revision,
        content=Content(
            name=row.name,
            effective_from=row.effective_from,
            document=row.document,
            text=row.text,
        ),
        writers=tuple(row.writers),
        approver=row.approver,
    )


async def taken(session: AsyncSession, institution: str) -> list[date]:
    """Return the first month of every approved scheme, in order."""
    return [row.effective_from for row in await rows(session, _TAKEN, institution=institution)]


async def business_month(session: AsyncSession, institution: str) -> date | None:
    """Return the month that is not closed yet, which stays so until the transaction ends."""
    read = await rows(session, _BUSINESS_DATE, institution=institution)
    return month_of(read[0].business_date) if read and read[0].business_date else None


_SAVE = text(
    f"insert into scheme_version ({_COLUMNS}) values "  # noqa: S608  (fixed columns)
    "(:institution, :version, :state, :revision, :name, :effective_from, "
    "cast(:document as jsonb), :text, cast(:writers as jsonb), :approver) "
    "on conflict (institution, version) do update set state = excluded.state, "
    "revision = excluded.revision, name = excluded.name, "
    "effective_from = excluded.effective_from, document = excluded.document, "
    "text = excluded.text, writers = excluded.writers, approver = excluded.approver"
)
_STEP = text(
    "insert into scheme_step (institution, version, number, act, revision, document, done_by, "
    "recorded_at) select cast(:institution as text), cast(:version as int), "
    "coalesce(max(number), 0) + 1, cast(:act as text), cast(:revision as int), "
    "cast(:document as jsonb), cast(:by as text), now() "
    "from scheme_step where institution = cast(:institution as text) "
    "and version = cast(:version as int)"
)
_GIVES_CONTENT = (Act.LOADED, Act.DRAFTED, Act.EDITED)


async def save(session: AsyncSession, version: Version, act: Act, by: str) -> None:
    """Store a version as `act` by `by` made it, and that it did."""
    document = json.dumps(version.content.document)
    key = {"institution": version.institution, "version": version.number}
    await run(
        session,
        _SAVE,
        **key,
        state=version.state.value,
        revision=version.revision,
        name=version.content.name,
        effective_from=version.content.effective_from,
        document=document,
        text=version.content.text,
        writers=json.dumps(version.writers),
        approver=version.approver,
    )
    await run(
        session,
        _STEP,
        **key,
        act=act.value,
        revision=version.revision,
        document=document if act in _GIVES_CONTENT else None,
        by=by,
    )


_STEPS = text(
    "select version, number, act, revision, done_by, recorded_at from ("
    "select *, row_number() over (partition by version order by number desc) as back "
    "from scheme_step where institution = :institution "
    "and version = any(cast(:versions as int[]))) as last "
    "where back <= :limit order by version, number desc"
)
_REVISION = text(
    "select document from scheme_step where institution = :institution and version = :version "
    "and revision = :revision and document is not null"
)


async def steps_by_version(
    session: AsyncSession, institution: str, versions: Sequence[int], limit: int
) -> dict[int, list[Step]]:
    """Return the last steps of each version, newest first."""
    found: dict[int, list[Step]] = {}
    values = {"institution": institution, "versions": list(versions), "limit": limit}
    for row in await rows(session, _STEPS, **values):
        step = Step(
            number=row.number,
            act=Act(row.act),
            revision=row.revision,
            by=row.done_by,
            recorded_at=row.recorded_at,
        )
        found.setdefault(row.version, []).append(step)
    return found


async def revision_of(
    session: AsyncSession, institution: str, number: int, revision: int
) -> Mapping[str, Any]:
    """Return the document that a revision of a version had."""
    values = {"institution": institution, "version": number, "revision": revision}
    [row] = await rows(session, _REVISION, **values)
    found: Mapping[str, Any] = row.document
    return found


_WITHDRAW = text("delete from scheme where institution = :institution and version = :version")


async def take_out(session: AsyncSession, version: Version) -> None:
    """Let an approved version that has not begun price nothing."""
    await run(session, _WITHDRAW, institution=version.institution, version=version.number)


_PRODUCTS = text("select code from product where institution = :institution")


async def product_codes(session: AsyncSession, institution: str) -> set[str]:
    """Return the codes of the institution's products."""
    return {row.code for row in await rows(session, _PRODUCTS, institution=institution)}
