"""Tells the outside how far each chain goes, so that an end cut off is missed.

Each new head is a line of a file, and a span for whoever collects traces. Neither says more than
an institution's code, a place and a hash.
"""

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import text

from kit.audit.verifying import Head, Verdict, head, verify
from kit.db import Database, Duty
from kit.telemetry import span

EVERY_SECONDS = 10.0
_INSTITUTIONS = text("""
with recursive begun as (
  (select institution from audit_entry order by institution limit 1)
  union all
  select (select one.institution from audit_entry one where one.institution > begun.institution
    order by one.institution limit 1)
  from begun where begun.institution is not null
)
select institution from begun where institution is not null
""")
"""Goes from one to the next in the key, however long their chains are."""


class Heads:
    """Tells the head of every chain that has moved."""

    def __init__(self, db: Database, file: Path | None) -> None:
        self._db = db
        self._file = file
        self._told: dict[str, int] = {}

    async def keep(self) -> None:
        """Tell them for ever, where there is a file to tell them to."""
        if self._file is None:
            await asyncio.Event().wait()
        while True:
            await self.tell()
            await asyncio.sleep(EVERY_SECONDS)

    async def tell(self) -> None:
        """Tell the heads that are others than were told last."""
        for institution in await institutions(self._db):
            async with self._db.read(institution) as session:
                found = await head(session, institution)
            if found and self._told.get(institution) != found.seq:
                with span("audit head", institution=institution, seq=found.seq, hash=found.hash):
                    if self._file:
                        await asyncio.to_thread(append, self._file, found)
                self._told[institution] = found.seq


async def institutions(db: Database) -> list[str]:
    """Return whose chains have begun; a row policy of the duty shows them together."""
    async with db.read(Duty.AUDIT) as session:
        return list((await (await session.connection()).execute(_INSTITUTIONS)).scalars())


def append(file: Path, found: Head) -> None:
    """Add a head to the file and wait until it is on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as stream:
        stream.write(json.dumps(asdict(found)) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(file: Path) -> list[Head]:
    """Read the heads that were told; a last line cut off by a crash is left out."""
    if not file.exists():
        return []
    lines = file.read_text("utf-8").split("\n")[:-1]
    return [Head(**json.loads(line)) for line in lines]


async def verify_all(db: Database, file: Path | None, only: str | None) -> list[Verdict]:
    """Verify the chains that have begun or were once told of, or of these one institution's."""
    told = await asyncio.to_thread(read, file) if file else []
    known = {*(await institutions(db)), *(one.institution for one in told)}
    found = []
    for institution in sorted(known & {only} if only else known):
        async with db.read(institution) as session:
            found.append(await verify(session, institution, told))
    return found
