"""What an entry says, and the one way of writing it down that its hash is taken of."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from kit.identity import Principal
from kit.telemetry import trace_id

BEGINNING = bytes(32)
"""What stands for the hash before a chain's first entry."""
LONGEST_REASON = 1000


class Kind(Enum):
    """Whether something was seen or changed."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was done: which things by id, which fields by name, how many, why; never a value."""

    kind: Kind
    operation: str
    entities: Collection[str] = ()
    fields: Collection[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    repeated: bool = False


def body(principal: Principal, entry: Entry) -> str:
    """Write an entry down: sorted, without what is empty, in ASCII."""
    said: dict[str, Any] = {
        "kind": entry.kind.value,
        "operation": plain(entry.operation),
        "subject": plain(principal.subject),
        "staff": plain(principal.staff_number or ""),
        "role": plain(principal.role),
        "channel": plain(principal.channel),
        "trace": trace_id(),
        "entities": sorted({plain(one) for one in entry.entities}),
        "fields": sorted(set(entry.fields)),
        "counts": {name: count for name, count in entry.counts.items() if count},
        "reason": plain(entry.reason or "")[:LONGEST_REASON],
        "repeated": entry.repeated,
    }
    told = {name: value for name, value in said.items() if value}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def digest(previous: bytes, seq: int, at: str, written: str) -> bytes:
    """Return the hash of an entry: of its place, its instant and its words after the hash before.

    `at` is in UTC to the microsecond, `2026-03-10T12:00:00.000000Z`, as the database tells it.
    """
    return hashlib.sha256(previous + f"{seq}\n{at}\n{written}".encode()).digest()


def plain(text: str) -> str:
    """Return a text that can stand in the database: no NUL, no half of a character."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")
