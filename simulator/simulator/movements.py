"""Movements of money gathered as arrays, put in order and written out as rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.organisation import CURRENCY
from simulator.span import Integers, Month

OFFSET = "+08:00"


@dataclass(frozen=True, slots=True)
class Manner:
    """How money moves: through which channel, as what, for what."""

    channel: str
    kind: str
    purpose: str = ""


@dataclass(slots=True)
class Movements:
    """One month's movements; manners are numbered as they first occur."""

    month: Month
    _manners: dict[Manner, int] = field(default_factory=dict)
    _parts: list[tuple[Integers, Integers, Integers, Integers]] = field(default_factory=list)

    def add(self, account: Integers, amount: Integers, day: Integers | int, manner: Manner) -> None:
        """Add movements of one manner; `day` counts from 0, amounts of nothing are left out."""
        code = self._manners.setdefault(manner, len(self._manners))
        self.add_mixed(account, amount, day, np.full(account.size, code), None)

    def add_mixed(
        self,
        account: Integers,
        amount: Integers,
        day: Integers | int,
        choice: Integers,
        manners: Sequence[Manner] | None,
    ) -> None:
        """Add movements whose manner is chosen for each among `manners`."""
        if manners is not None:
            codes = [self._manners.setdefault(one, len(self._manners)) for one in manners]
            choice = np.array(codes, dtype=np.int64)[choice]
        days = np.broadcast_to(np.asarray(day, dtype=np.int64), account.shape)
        kept = (amount != 0) & (days < self.month.days)
        self._parts.append((account[kept], amount[kept], days[kept], choice[kept]))

    def rows(
        self, account_numbers: Sequence[str], rng: np.random.Generator
    ) -> Iterator[tuple[object, ...]]:
        """Rows of the kind `postings` in the order of booking; ids count within the month.

        On one day an account is credited before it is debited, so that none is overdrawn.
        """
        if not self._parts:
            return
        account, amount, day, manner = (
            np.concatenate([part[column] for part in self._parts]) for column in range(4)
        )
        opening = np.array([one.kind == "opening_balance" for one in self._manners])[manner]
        second = np.where(
            opening,
            0,
            np.where(
                amount > 0,
                rng.integers(8 * 3600, 12 * 3600, account.size),
                rng.integers(13 * 3600, 20 * 3600, account.size),
            ),
        )
        order = np.lexsort((account, second, day))
        days = self.month.first + day[order]
        booked = np.datetime_as_string(days.astype("datetime64[s]") + second[order])
        manners = list(self._manners)
        columns = zip(
            account[order].tolist(),
            amount[order].tolist(),
            np.datetime_as_string(days).tolist(),
            booked.tolist(),
            manner[order].tolist(),
            strict=True,
        )
        for number, (one, minor, value_date, at, code) in enumerate(columns, 1):
            how = manners[code]
            yield (
                f"{self.month.name}-{number:08}",
                account_numbers[one],
                minor,
                CURRENCY,
                value_date,
                at + OFFSET,
                how.channel,
                how.kind,
                how.purpose,
                "",
            )
