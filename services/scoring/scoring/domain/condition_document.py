"""Reads which postings an entry of a scheme fits."""

from typing import Protocol, TypeVar

from scoring.domain.condition import Condition
from scoring.domain.posting import NO_SERVICE, Channel, Kind
from scoring.domain.reading import Fields


class Conditional(Protocol):
    """An entry that takes what its condition fits."""

    @property
    def when(self) -> Condition:
        """Return which postings are meant."""


Entry = TypeVar("Entry", bound=Conditional)


def condition_of(entry: Fields, *, channel: bool) -> Condition:
    """Read the condition; where `channel` is false it may not be asked for."""
    found = Condition(
        entry.one_of("kind", Kind) if entry.has("kind") else None,
        entry.text("purpose") if entry.has("purpose") else None,
        entry.one_of("channel", Channel) if channel and entry.has("channel") else None,
    )
    if found.kind in NO_SERVICE:
        entry.wrong("kind", f"{found.kind} is never priced")
    return found


def reachable(top: Fields, name: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Refuse an entry that never gets a posting because an earlier one takes them all."""
    if top.sound(name):
        for number, entry in enumerate(entries):
            for earlier, other in enumerate(entries[:number]):
                if other.when.covers(entry.when):
                    top.wrong(f"{name}.{number}", f"{name}.{earlier} takes all it could fit")
                    break
    return entries
