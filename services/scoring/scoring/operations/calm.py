"""When background work may go on: in a pause of what comes in, unless that is little."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scoring.store.queue import FEW

CALM_SECONDS, PATIENCE_SECONDS = 0.2, 5.0


class Calm:
    """Lets work wait for a pause in what comes in, but not for ever."""

    def __init__(
        self, seconds: float = CALM_SECONDS, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._seconds, self._looks = seconds, int(patience_seconds / seconds)
        self._disturbed = 0.0
        self._under_way = 0

    @contextmanager
    def disturbed(self, records: int) -> Iterator[None]:
        """Note that so many records come in, from the first to the last; a few disturb nobody."""
        much = records > FEW
        self._under_way += much
        try:
            yield
        finally:
            self._under_way -= much
            self.disturb(records)

    def disturb(self, records: int) -> None:
        """Note that so many records came in; a few disturb nobody."""
        if records > FEW:
            self._disturbed = time.monotonic()

    async def wait(self) -> None:
        """Return once nothing came in for a moment, or when patience ends."""
        for _ in range(self._looks):
            if not self._under_way and time.monotonic() > self._disturbed + self._seconds:
                return
            await asyncio.sleep(self._seconds)
