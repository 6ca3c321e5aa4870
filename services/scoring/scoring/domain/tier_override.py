"""A tier that a person gives by hand, for a reason and until a day; the rules go on beneath it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from scoring.domain.account import CustomerId
from scoring.domain.ladder import Ladder
from scoring.domain.problems import NoOverride, OverrideInvalid, TierNotKnown
from scoring.domain.tier_states import Move, Status
from scoring.domain.tiers import Phase, Reason, TierPeriod

RULE = "given by hand"
LONGEST_DAYS = 1_096
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Holds from `since` until the day before `until`; `ended_by` says who ended it early."""

    id: UUID
    customer_id: CustomerId
    code: str
    name: str
    rank: int
    reason: str
    since: date
    until: date
    set_by: str
    set_at: datetime
    ended_by: str | None = None
    end_reason: str | None = None

    def in_force(self, on: date) -> bool:
        """Tell whether it holds on that day."""
        return self.since <= on < self.until

    def period(self, scheme_version: int = 0) -> TierPeriod:
        """Return the tier that it gives."""
        why = Reason(
            rule=RULE,
            value_minor=None,
            threshold_minor=None,
            move=Move.OVERRIDE,
            scheme_version=scheme_version,
            given_by=self.set_by,
            note=self.reason,
        )
        phase = Phase(Status.OVERRIDE, self.since, self.until, None, None)
        return TierPeriod(self.since, self.until, self.code, self.name, self.rank, why, (phase,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asks for; `until` is the first day on which it no longer holds."""

    customer_id: CustomerId
    code: str
    reason: str
    until: date


def written(reason: str) -> str:
    """Return a reason that says something, or refuse it."""
    said = reason.strip()
    if not 1 <= len(said) <= _MOST_CHARACTERS or not said.isprintable():
        raise OverrideInvalid(f"reason: must have 1 to {_MOST_CHARACTERS} printable characters.")
    return said


def begun(  # noqa: PLR0913  (a wish, and who, when, under which ladder)
    wish: Wish,
    ladder: Ladder | None,
    *,
    new_id: UUID,
    by: str,
    today: date,
    at: datetime,
) -> Override:
    """Give the tier from today on, or refuse the wish."""
    step = ladder.step(wish.code) if ladder else None
    if ladder is None or step is None:
        known = ", ".join(one.code for one in ladder.steps) if ladder else "none"
        raise TierNotKnown(f"There is no tier '{wish.code}'; the ladder in force has: {known}.")
    if not 1 <= (wish.until - today).days <= LONGEST_DAYS:
        raise OverrideInvalid(
            f"until: must be from 1 to {LONGEST_DAYS} days after the business date, {today}."
        )
    return Override(
        id=new_id,
        customer_id=wish.customer_id,
        code=step.code,
        name=step.name,
        rank=step.rank,
        reason=written(wish.reason),
        since=today,
        until=wish.until,
        set_by=by,
        set_at=at,
    )


def ended(override: Override | None, *, by: str, reason: str, today: date) -> Override:
    """End it today: from now on the rules decide; or refuse where none is in force."""
    if override is None or not override.in_force(today):
        raise NoOverride("No tier given by hand is in force for this customer.")
    return replace(override, until=today, ended_by=by, end_reason=written(reason))


def effective(periods: Sequence[TierPeriod], overrides: Iterable[Override]) -> list[TierPeriod]:
    """Lay what was given by hand over what the rules give; no two of the former overlap."""
    laid = sorted((one for one in overrides if one.since < one.until), key=lambda one: one.since)
    found: list[TierPeriod] = []
    for period in periods:
        since = period.since
        for one in laid:
            if one.until > since and (period.until is None or one.since < period.until):
                found.extend(_part(period, since, one.since))
                since = max(since, one.until)
        found.extend(_part(period, since, period.until))
    return sorted([*found, *(one.period() for one in laid)], key=lambda one: one.since)


def _part(period: TierPeriod, since: date, until: date | None) -> list[TierPeriod]:
    """Return what is left of a period between two days, with its phases; nothing if it is empty."""
    if until is not None and until <= since:
        return []
    phases = [
        replace(
            one,
            since=max(one.since, since),
            until=min((day for day in (one.until, until) if day), default=None),
        )
        for one in period.phases
        if (one.until is None or one.until > since) and (until is None or one.since < until)
    ]
    return [replace(period, since=since, until=until, phases=tuple(phases))]


def until_day(periods: Sequence[TierPeriod], on: date) -> list[TierPeriod]:
    """Return the tiers that have begun by that day; the last one is held where it lasts."""
    return [one for one in periods if one.since <= on]


def held_on(periods: Sequence[TierPeriod], on: date) -> TierPeriod | None:
    """Return the tier held on a day."""
    return next(
        (one for one in periods if one.since <= on and (one.until is None or on < one.until)), None
    )
