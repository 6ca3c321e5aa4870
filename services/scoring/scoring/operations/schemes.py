"""A scheme's steps from draft to force, each alone among the bank's schemes, in a transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from kit.audit import about
from kit.db import Database
from kit.idempotency import once
from kit.identity import Principal
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain import lifecycle
from scoring.domain.lifecycle import Act, Content, State, Version
from scoring.domain.named_products import unknown_products
from scoring.domain.problems import SchemeConflict, SchemeInvalid
from scoring.domain.reading import Finding
from scoring.domain.scheme import Scheme
from scoring.operations.scheme_text import document_of, readable, spelled
from scoring.store import institution, schemes

WRITE, APPROVE = "scheme:write", "scheme:approve"
Change = Callable[[AsyncSession, Version], Awaitable[tuple[Version, Act]]]


def content_of(scheme: Scheme, document: Mapping[str, Any], text: str) -> Content:
    """Return what a version holds of a scheme that could be read."""
    return Content(
        name=scheme.name, effective_from=scheme.effective_from, document=document, text=text
    )


def _read(text: str) -> tuple[int, Content]:
    document = spelled(document_of(text))
    scheme = readable(document)
    return scheme.version, content_of(scheme, document, text)


async def draft(db: Database, who: Principal, text: str, *, key: str, at: datetime) -> Version:
    """Write down a new version; it prices nothing yet."""
    number, content = _read(text)
    async with db.transaction(who.institution) as session:

        async def effect() -> str:
            await schemes.hold(session, who.institution)
            if await schemes.find(session, who.institution, number):
                raise SchemeConflict(f"version: there is a version {number} already.")
            taken = await schemes.taken(session, who.institution)
            new = lifecycle.drafted(who.institution, number, content, by=who.subject, taken=taken)
            await schemes.save(session, new, Act.DRAFTED, who.subject)
            return str(number)

        about([f"scheme/{number}"])
        answer = await once(session, who, key, {"draft": text}, effect, at=at)
        return await schemes.get(session, who.institution, int(answer))


async def edit(  # noqa: PLR0913  (each is one fact, all named)
    db: Database,
    who: Principal,
    number: int,
    text: str,
    *,
    revision: int,
    key: str,
    at: datetime,
) -> Version:
    """Give a draft other content, as long as it is at the revision that the caller read."""
    named, content = _read(text)
    if named != number:
        raise SchemeInvalid(Finding("version", f"must stay {number}; another one is a new draft"))

    async def change(session: AsyncSession, version: Version) -> tuple[Version, Act]:
        taken = await schemes.taken(session, who.institution)
        changed = lifecycle.edited(version, content, by=who.subject, revision=revision, taken=taken)
        return changed, Act.EDITED

    asked = {"edit": text, "revision": revision}
    return await _step(db, who, number, asked, change, key=key, at=at)


async def approve(  # noqa: PLR0913
    db: Database, who: Principal, number: int, *, revision: int, key: str, at: datetime
) -> Version:
    """Agree to a simulated draft as a second person; it prices its months from now on."""

    async def change(session: AsyncSession, version: Version) -> tuple[Version, Act]:
        await sellable(session, version)
        agreed = lifecycle.approved(
            version,
            by=who.subject,
            revision=revision,
            taken=await schemes.taken(session, who.institution),
            business_month=await schemes.business_month(session, who.institution),
        )
        await put_in_force(session, agreed)
        return agreed, Act.APPROVED

    return await _step(db, who, number, {"approve": revision}, change, key=key, at=at)


async def withdraw(db: Database, who: Principal, number: int, *, key: str, at: datetime) -> Version:
    """Take back a draft, which a writer may, or what is approved and not begun: an approver."""

    async def change(session: AsyncSession, version: Version) -> tuple[Version, Act]:
        month = await schemes.business_month(session, who.institution)
        taken_back = lifecycle.withdrawn(version, business_month=month)
        who.must(APPROVE if version.state is State.APPROVED else WRITE)
        if version.state is State.APPROVED:
            await schemes.take_out(session, version)
            await institution.policy_moved(session, who.institution, version.content.effective_from)
        return taken_back, Act.WITHDRAWN

    return await _step(db, who, number, {"withdraw": None}, change, key=key, at=at)


async def sellable(session: AsyncSession, version: Version) -> None:
    """Refuse a document that names products which the institution does not have."""
    known = await schemes.product_codes(session, version.institution)
    unknown = unknown_products(version.content.document, known)
    if unknown:
        raise SchemeInvalid(*unknown)


async def put_in_force(session: AsyncSession, version: Version) -> None:
    """Let an approved version price its months; whoever it concerns is worked out again.

    A ladder of balances, points or the index looks at those of earlier months too: then all wait.
    """
    content = version.content
    await institution.add_scheme(session, version)
    scheme = readable(content.document)
    earlier = scheme.measures_balances or scheme.measures_points or scheme.measures_index
    since = institution.BEGINNING if earlier else content.effective_from
    await institution.policy_moved(session, version.institution, since)


async def _step(  # noqa: PLR0913
    db: Database,
    who: Principal,
    number: int,
    asked: Mapping[str, Any],
    change: Change,
    *,
    key: str,
    at: datetime,
) -> Version:
    """Take one step of one version: held, decided and saved together with its record."""
    async with db.transaction(who.institution) as session:

        async def effect() -> str:
            await schemes.hold(session, who.institution)
            version = await schemes.get(session, who.institution, number)
            changed, act = await change(session, version)
            await schemes.save(session, changed, act, who.subject)
            return str(number)

        about([f"scheme/{number}"])
        await once(session, who, key, {"version": number, **asked}, effect, at=at)
        return await schemes.get(session, who.institution, number)


async def versions(
    db: Database, who: Principal, *, first: int, before: int
) -> tuple[Sequence[Version], bool]:
    """Return a page of versions below `before`, highest first, and whether more follow."""
    async with db.read(who.institution) as session:
        found = await schemes.page(session, who.institution, before, first + 1)
    return found[:first], len(found) > first


async def approved_months(db: Database, who: Principal) -> list[date]:
    """Return the first month of every approved scheme."""
    async with db.read(who.institution) as session:
        return await schemes.taken(session, who.institution)
