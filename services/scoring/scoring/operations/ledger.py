"""Taking the general ledger's totals in: the last ones sent hold."""

from collections.abc import Sequence

from kit.db import Database
from kit.intake import Answer, tell

from scoring.domain.reconciliation import LedgerTotal
from scoring.store import ledger


async def record_ledger(db: Database, bank: str, totals: Sequence[LedgerTotal]) -> Answer:
    """Store each total in place of another of the same month and key."""
    last = {(total.month, total.key): total for total in totals}
    async with db.transaction(bank) as session:
        changed = await ledger.save_totals(session, bank, list(last.values()))
        return tell(Answer(accepted=changed, unchanged=len(totals) - changed))
