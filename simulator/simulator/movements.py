"""Movements of money gathered as arrays, given their time of day, and put in order."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.holdings import ACCOUNTS_OF_A_BLOCK, scattered
from simulator.manners import CUMULATED, HOUR_NAMES, HOURS_OF
from simulator.span import Integers

HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400
MIDNIGHT, CLOSING = HOUR_NAMES.index("midnight"), HOUR_NAMES.index("closing")


@dataclass(frozen=True, slots=True)
class Ledger:
    """All movements of a block in the order of booking; `day` counts from the first day."""

    account: Integers
    amount: Integers
    day: Integers
    second: Integers
    manner: Integers
    party: Integers

    def __len__(self) -> int:
        return len(self.account)


@dataclass(slots=True)
class Movements:
    """Movements as they are thought of; those of nothing, or after the last day, are left out."""

    last: int
    _parts: list[tuple[NDArray[np.generic], ...]] = field(default_factory=list)

    def add(
        self,
        account: Integers,
        amount: Integers,
        day: Integers | int,
        manner: Integers | int,
        party: Integers | int = 0,
    ) -> None:
        """Add movements; `day`, `manner` and `party` may be one for all."""
        if not account.size:
            return
        days = np.broadcast_to(np.asarray(day, dtype=np.int32), account.shape)
        manners = np.broadcast_to(np.asarray(manner, dtype=np.int16), account.shape)
        parties = np.broadcast_to(np.asarray(party, dtype=np.int32), account.shape)
        kept = (amount != 0) & (days <= self.last)
        self._parts.append(
            (account[kept].astype(np.int32), amount[kept], days[kept], manners[kept], parties[kept])
        )

    def ledger(self, rng: np.random.Generator) -> Ledger:
        """Book everything: draw the time of day by manner, and sort by it."""
        if not self._parts:
            none = np.zeros(0, dtype=np.int64)
            return Ledger(none, none, none, none, none, none)
        account, amount, day, manner, party = (
            np.concatenate([part[column] for part in self._parts]) for column in range(5)
        )
        self._parts.clear()
        drawn = rng.random(account.size, dtype=np.float32)
        hours = HOURS_OF[manner]
        hour = np.zeros(account.size, dtype=np.int64)
        for place, cumulated in enumerate(CUMULATED):
            of = np.flatnonzero(hours == place)
            hour[of] = np.searchsorted(cumulated[:-1], drawn[of], side="right")
        within = rng.integers(0, HOUR_SECONDS, account.size, dtype=np.int32)
        second = hour * HOUR_SECONDS + within
        second[hours == MIDNIGHT] = 0
        second[hours == CLOSING] = DAY_SECONDS - 1
        at = day.astype(np.int64) * DAY_SECONDS + second
        order = np.argsort(
            at * ACCOUNTS_OF_A_BLOCK + scattered(account.astype(np.int64)), kind="stable"
        )
        return Ledger(
            account[order].astype(np.int64),
            amount[order],
            day[order].astype(np.int64),
            second[order],
            manner[order].astype(np.int64),
            party[order].astype(np.int64),
        )
