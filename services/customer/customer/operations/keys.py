"""Keys of institutions: made when first needed, replaced, and retired once nothing needs them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from uuid import UUID

from kit.db import Database, Duty

from customer.store import personal, rotation

_PAUSE_SECONDS = 60.0
_BEFORE_ALL = UUID(int=0)


async def rotate(db: Database, institution: str, *, at: datetime) -> int:
    """Make the institution's next key, unless rows still wait for the one before; return which.

    All its keys are wrapped by the newest master key of the file, as it is now.
    """
    async with db.transaction(institution) as session:
        personal.vault_of(session).master.reload()
        await rotation.wrap_keys(session, institution)
        known = await rotation.versions(session, institution)
        if not known:
            await personal.add_key(session, institution, personal.FIRST, at=at)
            known = [personal.FIRST]
        newest = max(known)
        if len(known) > 1:
            return newest
        await personal.add_key(session, institution, newest + 1, at=at)
        return newest + 1


async def catch_up(db: Database, institution: str, *, at: datetime) -> AsyncGenerator[int]:
    """Seal what is not sealed yet and bring the rest under the newest key; tell how many so far.

    Every step is a transaction of its own, so it can be cut off at any time and gone on with by
    anyone. Rows that others hold are left to the next time.
    """
    done = 0
    while True:
        async with db.transaction(institution) as session:
            some = await rotation.seal_some(session, institution, at=at)
        if not some:
            break
        done += some
        yield done
    async with db.read(institution) as session:
        versions = await rotation.versions(session, institution)
    last: UUID | None = _BEFORE_ALL if len(versions) > 1 else None
    while last is not None:
        async with db.transaction(institution) as session:
            some, last = await rotation.wrap_some(session, institution, last)
        done += some
        yield done
    if len(versions) > 1:
        async with db.transaction(institution) as session:
            await rotation.retire_unused(session, institution, at=at)


async def keep(db: Database, clock: Callable[[], datetime]) -> None:
    """Catch up with every institution's newest key, again and again, while the service runs."""
    while True:
        async with db.read(Duty.QUEUE) as session:
            known = await rotation.institutions(session)
        for institution in known:
            async for _ in catch_up(db, institution, at=clock()):
                pass
        await asyncio.sleep(_PAUSE_SECONDS)


async def rotate_all(db: Database, clock: Callable[[], datetime]) -> AsyncGenerator[str]:
    """Rotate every institution's key to the end; tell how it goes, a line at a time."""
    async with db.read(Duty.QUEUE) as session:
        known = await rotation.institutions(session)
    for institution in known:
        newest = await rotate(db, institution, at=clock())
        yield f"{institution}: key {newest} seals from now on."
        done = max([one async for one in catch_up(db, institution, at=clock())], default=0)
        async with db.read(institution) as session:
            versions = await rotation.versions(session, institution)
            waiting = await rotation.left(session, institution, newest)
        if len(versions) == 1:
            yield f"{institution}: {done} customers brought under it; no older key is left."
        else:
            yield (
                f"{institution}: {done} customers brought under it; {waiting} were held by others "
                "and follow while the service runs."
            )
    async with db.read(Duty.QUEUE) as session:
        used = await rotation.masters_in_use(session)
        master = personal.vault_of(session).master
    for name in master.ids:
        if name not in used and name != master.current:
            yield (
                f"Master key '{name}' is used no more: take it out of the file when no backup "
                "from before now is to be read again."
            )
