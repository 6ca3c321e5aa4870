"""Taking in what the bank decides: rates and contribution schemes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kit.db import Database
from kit.intake import Answer, Rejected

from scoring.domain.policy import Rate
from scoring.domain.reading import Unreadable
from scoring.domain.scheme_document import scheme_of
from scoring.store import institution


async def record_rates(db: Database, bank: str, lines: Sequence[tuple[int, Rate]]) -> Answer:
    """Store each rate in place of another at the same product, kind and month."""
    last = {(rate.product, rate.kind, rate.effective_from): rate for _, rate in lines}
    async with db.transaction() as session:
        known = await institution.rates_at(session, bank, list(last.values()))
        changed = [rate for key, rate in last.items() if known.get(key) != rate.rate_ppm]
        if changed:
            await institution.save_rates(session, bank, changed)
            since = min(rate.effective_from for rate in changed)
            await institution.policy_moved(session, bank, since)
    return Answer(accepted=len(changed), unchanged=len(lines) - len(changed))


async def record_schemes(
    db: Database, bank: str, lines: Sequence[tuple[int, Mapping[str, Any]]]
) -> Answer:
    """Store new scheme versions; a stored one never changes."""
    accepted = unchanged = 0
    rejected: list[Rejected] = []
    for line, document in lines:
        try:
            scheme = scheme_of(document)
        except Unreadable as error:
            rejected.append(Rejected(line, "INVALID", str(error)))
            continue
        async with db.transaction() as session:
            added = await institution.add_scheme(session, bank, scheme, json.dumps(document))
            if added:
                await institution.policy_moved(session, bank, scheme.effective_from)
        if added is None:
            reason = (
                f"version: version {scheme.version}, or another scheme from "
                f"{scheme.effective_from} on, is stored with other content; stored schemes never "
                "change, so give the next one a higher version and a later effective_from"
            )
            rejected.append(Rejected(line, "SCHEME_CONFLICT", reason))
        accepted += added is True
        unchanged += added is False
    return Answer(accepted=accepted, unchanged=unchanged, rejected=rejected)
