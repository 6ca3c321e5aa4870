"""The current accounts of a block through the months: nothing goes out that was not there before.

What a month takes out comes from what was there when it began, in whatever order its days bring;
a payment that needs money of the same day is paired with that money, morning and afternoon.
"""

import numpy as np

from simulator.holdings import Holdings
from simulator.movements import Movements
from simulator.span import Flags, Integers, Month, Span


class Till:
    """Balances by customer; `left` is what the month may still take out."""

    def __init__(self, held: Holdings, standing: Integers, when: Span, moved: Movements) -> None:
        self.account = held.account_of
        self.moved = moved
        self._opened = np.where(held.account_of >= 0, when.offset(held.opened), when.days)
        self.balance = np.where(self._opened < 0, standing, 0)
        self.left = self.balance.copy()

    def begin(self, month: Month) -> Flags:
        """Begin a month; return who had an account before it."""
        self.left = self.balance.copy()
        there: Flags = self._opened < month.offset
        return there

    def there(self, who: Integers, day: Integers) -> Flags:
        """Tell whose account is open on a day."""
        opened: Flags = self._opened[who] <= day
        return opened

    def credit(
        self,
        who: Integers,
        amount: Integers,
        day: Integers | int,
        manner: Integers | int,
        party: Integers | int = 0,
    ) -> None:
        """Pay in; nobody is named twice in `who`."""
        self.moved.add(self.account[who], amount, day, manner, party)
        self.balance[who] += amount

    def debit(
        self,
        who: Integers,
        wanted: Integers,
        day: Integers | int,
        manner: Integers | int,
        party: Integers | int = 0,
    ) -> Integers:
        """Take out as much of `wanted` as there is; return it."""
        granted: Integers = np.maximum(np.minimum(wanted, self.left[who]), 0)
        self.moved.add(self.account[who], -granted, day, manner, party)
        self.left[who] -= granted
        self.balance[who] -= granted
        return granted

    def through(
        self,
        who: Integers,
        amount: Integers,
        day: Integers | int,
        manners: tuple[int, int],
        parties: tuple[Integers | int, Integers | int] = (0, 0),
    ) -> None:
        """Let money come in the morning and go the same afternoon."""
        self.moved.add(self.account[who], amount, day, manners[0], parties[0])
        self.moved.add(self.account[who], -amount, day, manners[1], parties[1])
