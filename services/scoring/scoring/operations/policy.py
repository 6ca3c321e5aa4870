"""Taking in what the bank decides: rates and contribution schemes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kit.audit import about, counted
from kit.db import Database
from kit.identity import Principal
from kit.intake import Answer, Rejected, tell
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain import lifecycle
from scoring.domain.lifecycle import Act, Content
from scoring.domain.months import month_of
from scoring.domain.packs import spelled_out
from scoring.domain.policy import Rate
from scoring.domain.problems import SchemeConflict
from scoring.domain.reading import Unreadable
from scoring.domain.scheme_document import scheme_of
from scoring.operations.scheme_text import plain, text_of
from scoring.operations.schemes import content_of, put_in_force
from scoring.store import institution, schemes
from scoring.store.packs import packs


async def record_rates(db: Database, bank: str, lines: Sequence[tuple[int, Rate]]) -> Answer:
    """Store each rate in place of another at the same product, kind and day."""
    last = {(rate.product, rate.kind, rate.effective_from): rate for _, rate in lines}
    async with db.transaction(bank) as session:
        known = await institution.rates_at(session, bank, list(last.values()))
        changed = [rate for key, rate in last.items() if known.get(key) != rate.rate_ppm]
        if changed:
            await institution.save_rates(session, bank, changed)
            since = month_of(min(rate.effective_from for rate in changed))
            await institution.policy_moved(session, bank, since)
        return tell(Answer(accepted=len(changed), unchanged=len(lines) - len(changed)))


@dataclass(frozen=True, slots=True)
class SchemeAnswer(Answer):
    """As any answer; of the `parked` schemes, how many are drafts that wait for approval."""

    drafted: int = 0


async def record_schemes(
    db: Database, who: Principal, lines: Sequence[tuple[int, Mapping[str, Any]]]
) -> SchemeAnswer:
    """Put an institution's first scheme in force; keep later ones as drafts."""
    counts = dict.fromkeys(Arrival, 0)
    rejected: list[Rejected] = []
    for line, given in lines:
        try:
            document = spelled_out(given, packs())
            scheme = scheme_of(document)
        except Unreadable as error:
            rejected.append(Rejected(line, "INVALID", str(error)))
            continue
        content = content_of(scheme, plain(document), text_of(given))
        try:
            async with db.transaction(who.institution) as session:
                await schemes.hold(session, who.institution)
                arrival = await _arrive(session, who, scheme.version, content)
                about([f"scheme/{scheme.version}"])
                counted(**{_COUNTED_AS[arrival]: 1})
            counts[arrival] += 1
        except SchemeConflict as conflict:
            rejected.append(Rejected(line, conflict.code, str(conflict)))
    return SchemeAnswer(
        accepted=counts[Arrival.LOADED],
        unchanged=counts[Arrival.KNOWN],
        parked=counts[Arrival.DRAFTED],
        drafted=counts[Arrival.DRAFTED],
        rejected=rejected,
    )


class Arrival(Enum):
    """What became of a scheme that was sent."""

    LOADED = "in force"
    DRAFTED = "a draft"
    KNOWN = "stored already"


_COUNTED_AS = {
    Arrival.LOADED: "accepted", Arrival.DRAFTED: "parked", Arrival.KNOWN: "unchanged",
}  # fmt: skip


async def _arrive(session: AsyncSession, who: Principal, number: int, content: Content) -> Arrival:
    bank, by = who.institution, who.subject
    known = await schemes.find(session, bank, number)
    if known and known.content.document == content.document:
        return Arrival.KNOWN
    if known:
        raise SchemeConflict(
            f"version: version {number} is stored with other content; a draft is changed by "
            "editScheme, and what is approved never changes: give the next scheme a higher "
            "version and a later effective_from"
        )
    taken = await schemes.taken(session, bank)
    if not taken:
        first = lifecycle.loaded(bank, number, content, by=by)
        await put_in_force(session, first)
        await schemes.save(session, first, Act.LOADED, by)
        return Arrival.LOADED
    new = lifecycle.drafted(bank, number, content, by=by, taken=taken)
    await schemes.save(session, new, Act.DRAFTED, by)
    return Arrival.DRAFTED
