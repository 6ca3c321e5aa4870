"""When background work may go on: in a pause of what comes in, unless that is little."""

import asyncio
import time

from scoring.store.queue import FEW

_CALM_SECONDS, _PATIENCE = 0.2, 25


class Calm:
    """Lets work wait for a pause in what comes in, but not for ever."""

    def __init__(self) -> None:
        self._disturbed = 0.0

    def disturb(self, records: int) -> None:
        """Note that so many records came in; a few disturb nobody."""
        if records > FEW:
            self._disturbed = time.monotonic()

    async def wait(self) -> None:
        """Return once nothing came in for a moment, or when patience ends."""
        for _ in range(_PATIENCE):
            if time.monotonic() > self._disturbed + _CALM_SECONDS:
                return
            await asyncio.sleep(_CALM_SECONDS)
