"""Which act is going on, and that no request writes without leaving an entry.

Every request comes in by a door (`acting`) that says who does what. Whatever a transaction writes
meanwhile is told by one entry, appended before its commit; a transaction of a request that came
in by no door is refused, so that a new way in cannot be forgotten.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from kit.audit import chain
from kit.audit.entry import Entry, Kind, body
from kit.identity import Principal

_TOLD = "audit"


@dataclass(slots=True)
class Act:
    """Something that a caller does; what is learnt on the way is told with it."""

    principal: Principal
    operation: str
    entities: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    reason: str | None = None
    repeated: bool = False

    def entry(self) -> Entry:
        """Return what the act leaves behind."""
        return Entry(
            kind=Kind.WRITE,
            operation=self.operation,
            entities=self.entities,
            fields=self.fields,
            counts=self.counts,
            reason=self.reason,
            repeated=self.repeated,
        )


class _Unknown:
    """Stands for the act of a request until a door has said what it is."""


_acting: ContextVar[Act | _Unknown | None] = ContextVar("acting", default=None)
"""None in work that no request asked for."""


@contextmanager
def arriving() -> Iterator[None]:
    """Take a request whose act is not known yet: it may read, and not write."""
    before = _acting.set(_Unknown())
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def acting(act: Act) -> Iterator[Act]:
    """Say what is done from here on: the door that every write comes in by."""
    before = _acting.set(act)
    try:
        yield act
    finally:
        _acting.reset(before)


def about(entities: Collection[str], *, repeated: bool = False) -> None:
    """Tell by id what the present act is about, and whether it had been done before."""
    act = _acting.get()
    if isinstance(act, Act):
        act.entities.update(entities)
        act.repeated = act.repeated or repeated


def counted(**counts: int) -> None:
    """Tell how much the present act did of what; what was counted before is added to."""
    act = _acting.get()
    if isinstance(act, Act):
        for name, count in counts.items():
            act.counts[name] = act.counts.get(name, 0) + count


def record(session: AsyncSession, principal: Principal, entry: Entry) -> None:
    """Leave this entry with the open transaction, in the place of what the act would leave."""
    session.info.setdefault(_TOLD, []).append((principal.institution, body(principal, entry)))


async def settle(session: AsyncSession) -> None:
    """Append what a transaction leaves, last of all: the chain is held for its commit alone."""
    told: list[tuple[str, str]] = session.info.pop(_TOLD, [])
    act = _acting.get()
    if not told and isinstance(act, _Unknown):
        raise RuntimeError("a request writes, and came in by no door that says what it does")
    if not told and isinstance(act, Act):
        told = [(act.principal.institution, body(act.principal, act.entry()))]
        act.counts.clear()
    for institution in dict.fromkeys(one for one, _ in told):
        mine: Sequence[str] = [written for one, written in told if one == institution]
        await chain.append(session, institution, mine)
