"""A scheme version from draft to force: who may take which step, and what prices which month.

DRAFT, then SIMULATED once a shadow run has finished on exactly this content, then APPROVED by
someone who wrote none of it; an approved version is IN_FORCE from its first month on. WITHDRAWN
ends whatever is not in force yet. An edit makes a draft of it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from scoring.domain.problems import (
    MonthClosed,
    NotDraft,
    NotSimulated,
    SamePerson,
    SchemeConflict,
    SchemeInForce,
    StaleRevision,
)


class State(StrEnum):
    """Where a version stands; IN_FORCE follows from APPROVED by the clock and is never stored."""

    DRAFT = "draft"
    SIMULATED = "simulated"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What was done to a version; LOADED is a bank's first scheme, in force without approval."""

    LOADED = "loaded"
    DRAFTED = "drafted"
    EDITED = "edited"
    SIMULATED = "simulated"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A scheme's document, the text that it was written as, and the month that it names."""

    name: str
    effective_from: date
    document: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an institution's policy; `writers` begins with its author."""

    institution: str
    number: int
    state: State
    revision: int
    content: Content
    writers: tuple[str, ...]
    approver: str | None = None

    def state_in(self, business_month: date | None) -> State:
        """Return the state as it is in the institution's current month."""
        begun = business_month is not None and self.content.effective_from <= business_month
        return State.IN_FORCE if self.state is State.APPROVED and begun else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was done to which revision of a version, by whom and when."""

    number: int
    act: Act
    revision: int
    by: str
    recorded_at: datetime


def drafted(
    institution: str, number: int, content: Content, *, by: str, taken: Sequence[date]
) -> Version:
    """Return a new draft; `taken` are the first months of the schemes that are approved."""
    _free(content, taken)
    return Version(
        institution=institution,
        number=number,
        state=State.DRAFT,
        revision=1,
        content=content,
        writers=(by,),
    )


def loaded(institution: str, number: int, content: Content, *, by: str) -> Version:
    """Return an institution's first scheme: without it no month has a price, so it is approved."""
    first = drafted(institution, number, content, by=by, taken=())
    return replace(first, state=State.APPROVED)


def edited(
    version: Version, content: Content, *, by: str, revision: int, taken: Sequence[date]
) -> Version:
    """Give a draft other content; what was simulated before is so no longer."""
    _open(version, "edited")
    _at(version, revision)
    _free(content, taken)
    writers = version.writers if by in version.writers else (*version.writers, by)
    return replace(
        version,
        state=State.DRAFT,
        revision=version.revision + 1,
        content=content,
        writers=writers,
    )


def simulated(version: Version, revision: int) -> Version | None:
    """Return the version with its content simulated; None where that has no bearing on it."""
    concerned = version.state is State.DRAFT and version.revision == revision
    return replace(version, state=State.SIMULATED) if concerned else None


def approved(
    version: Version,
    *,
    by: str,
    revision: int,
    taken: Sequence[date],
    business_month: date | None,
) -> Version:
    """Agree to a simulated version; nobody who wrote any of it may.

    Months before `business_month` are closed: they keep the scheme that they were computed under.
    """
    _open(version, "approved")
    _at(version, revision)
    if version.state is not State.SIMULATED:
        raise NotSimulated(
            f"Revision {version.revision} of version {version.number} is not simulated; "
            "let a shadow run of it finish, and look at what it would change."
        )
    if by in version.writers:
        raise SamePerson("Someone who wrote no revision of this scheme must approve it.")
    _free(version.content, taken)
    month = version.content.effective_from
    if taken and business_month and month < business_month:
        raise MonthClosed(
            f"effective_from: {month:%Y-%m} is closed and keeps the scheme that it was computed "
            f"under; the first month that can change is {business_month:%Y-%m}."
        )
    return replace(version, state=State.APPROVED, approver=by)


def withdrawn(version: Version, *, business_month: date | None) -> Version:
    """Take back what is not in force yet."""
    state = version.state_in(business_month)
    if state is State.IN_FORCE:
        raise SchemeInForce(
            f"Version {version.number} is in force since {version.content.effective_from:%Y-%m}; "
            "a later version can follow it, nothing can undo it."
        )
    if state is State.WITHDRAWN:
        raise NotDraft(f"Version {version.number} is withdrawn already.")
    return replace(version, state=State.WITHDRAWN)


def simulatable(version: Version, revision: int) -> None:
    """Refuse to simulate what is no draft, or not the revision that the caller read."""
    _open(version, "simulated")
    _at(version, revision)


def _open(version: Version, step: str) -> None:
    if version.state not in (State.DRAFT, State.SIMULATED):
        raise NotDraft(
            f"Only a draft can be {step}; version {version.number} is {version.state.value}."
        )


def _at(version: Version, revision: int) -> None:
    if revision != version.revision:
        raise StaleRevision(
            f"Version {version.number} is at revision {version.revision}, not {revision}; "
            "read it again."
        )


def _free(content: Content, taken: Sequence[date]) -> None:
    if content.effective_from in taken:
        raise SchemeConflict(
            f"effective_from: another scheme is approved from {content.effective_from:%Y-%m} on, "
            "and two cannot price the same month."
        )
