"""Taking exchange rates in: who holds the currency is worked out again."""

from collections.abc import Sequence
from datetime import date

from kit.db import Database
from kit.intake import Answer, tell

from scoring.domain.exchange import FxRate
from scoring.store import exchange, institution, queue
from scoring.store.institution import BEGINNING


async def record_fx_rates(db: Database, bank: str, lines: Sequence[tuple[int, FxRate]]) -> Answer:
    """Store each rate in place of another of the same day; who holds the currency waits.

    With its first rate a currency begins to be priced at all, in every month.
    """
    last = {(rate.currency, rate.day): rate for _, rate in lines}
    async with db.transaction(bank) as session:
        known = await exchange.fx_rates_at(session, bank, list(last.values()))
        changed = [rate for key, rate in last.items() if known.get(key) != rate.rate_e8]
        if changed:
            currencies = [rate.currency for rate in changed]
            priced = await exchange.currencies_known(session, bank, currencies)
            await exchange.save_fx_rates(session, bank, changed)
            await institution.policy_moved(session, bank, None)
            since: dict[str, date] = {}
            for rate in changed:
                day = rate.day if rate.currency in priced else BEGINNING
                since[rate.currency] = min(day, since.get(rate.currency, day))
            await queue.enqueue_currencies(session, bank, since)
        return tell(Answer(accepted=len(changed), unchanged=len(lines) - len(changed)))
