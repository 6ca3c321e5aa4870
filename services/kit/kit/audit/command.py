"""`python -m <service> audit verify [INSTITUTION]`: whether any chain was tampered with."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kit.audit.heads import verify_all
from kit.audit.verifying import Verdict
from kit.db import Database, connect

_MOST_SHOWN = 20
NOTHING_VERIFIED = 3
"""The exit code where there is no chain: neither well nor amiss."""


def run(service: str, words: Sequence[str]) -> int:
    """Verify the chains at `<SERVICE>_DATABASE_URL`, held against `<SERVICE>_AUDIT_HEADS`."""
    variable = f"{service.upper()}_DATABASE_URL"
    if words[:1] != ["verify"] or len(words) > len(("verify", "INSTITUTION")):
        sys.stderr.write(f"usage: python -m {service} audit verify [INSTITUTION]\n")
        return 2
    if variable not in os.environ:
        sys.stderr.write(f"Set {variable} to the service's database, postgresql+asyncpg://...\n")
        return 2
    file = os.environ.get(f"{service.upper()}_AUDIT_HEADS")
    told = Path(file) if file else None
    verdicts = asyncio.run(
        _verify(os.environ[variable], service, told, next(iter(words[1:]), None))
    )
    for one in verdicts:
        _show(service, one)
    if not verdicts:
        whose = " ".join(["no chain", *(f"of {one}" for one in words[1:])])
        sys.stderr.write(f"{service}: {whose} has begun; nothing was verified.\n")
    if told is None or not told.exists():
        sys.stdout.write(
            f"{service}: no heads were told to the outside; an end cut off is unseen.\n"
        )
    if not verdicts:
        return NOTHING_VERIFIED
    return 1 if any(one.complaints for one in verdicts) else 0


async def _verify(url: str, service: str, file: Path | None, only: str | None) -> list[Verdict]:
    engine = connect(url, name=f"{service} audit")
    try:
        return await verify_all(Database(engine), file, only)
    finally:
        await engine.dispose()


def _show(service: str, verdict: Verdict) -> None:
    named = f"{service} {verdict.institution}"
    for complaint in verdict.complaints[:_MOST_SHOWN]:
        sys.stderr.write(f"{named}: {complaint}.\n")
    more = len(verdict.complaints) - _MOST_SHOWN
    if more > 0:
        sys.stderr.write(f"{named}: and {more} more.\n")
    if not verdict.complaints:
        sys.stdout.write(f"{named}: {verdict.entries} entries, each as it was written.\n")
