"""What would have been said before: as of a past business date, of what was recorded by then."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from scoring.domain.account import Activity, Ahead, History, Moments
from scoring.domain.balance import moments_of
from scoring.domain.months import Period, last_day, month_of
from scoring.domain.policy import Policy
from scoring.domain.posting import Channel, Kind
from scoring.domain.problems import AsOfInvalid


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which day counts as the business date, and by when a fact must have been recorded.

    Without `business_date` it is the one known by then; without `known_at` all facts count.
    """

    business_date: date | None = None
    known_at: datetime | None = None

    def must_have_come(self, now: datetime) -> None:
        """Refuse an instant that has not come: what will be known by then is not known."""
        if self.known_at is not None and self.known_at > now:
            raise AsOfInvalid("knownAt: must not lie in the future.")

    def of(self, policy: Policy) -> Policy:
        """Return the policy as known then, with the business date asked for, or refuse it."""
        day = self.business_date
        if day is None:
            return policy
        if day > policy.business_date:
            known = "" if self.known_at is None else " known at knownAt"
            raise AsOfInvalid(
                f"businessDate: must not be after {policy.business_date}, the business date{known}."
            )
        return replace(policy, business_date=day)


NOW = AsOf()


@dataclass(frozen=True, slots=True)
class Late:
    """A posting that was recorded too late to count."""

    value_date: date
    channel: Channel
    kind: Kind
    purpose: str
    amount_minor: int


def without(history: History, late: Sequence[Late], period: Period, business_date: date) -> History:
    """Take postings out of the history of the period again, as if they had never been added."""
    opening = history.opening
    moves: dict[date, list[tuple[int, int]]] = {}
    acts: dict[date, list[Late]] = {}
    for one in late:
        month = month_of(one.value_date)
        if month < period.first:
            opening -= one.amount_minor
        elif month <= period.last:
            moves.setdefault(month, []).append((one.value_date.day, one.amount_minor))
            acts.setdefault(month, []).append(one)
    last = last_day(business_date)
    gone = [_ahead(one) for one in late if business_date < one.value_date <= last]
    return replace(
        history,
        opening=opening,
        moments={
            month: _less(moments, moves.get(month, ()))
            for month, moments in history.moments.items()
        },
        activity=_without_acts(history.activity, acts, by_day=False),
        by_day=_without_acts(history.by_day, acts, by_day=True),
        ahead=list((Counter(history.ahead) - Counter(gone)).elements()),
    )


def _ahead(one: Late) -> Ahead:
    return Ahead(one.value_date.day, one.channel, one.kind, one.purpose, one.amount_minor)


def _less(moments: Moments, moves: Sequence[tuple[int, int]]) -> Moments:
    taken = moments_of(moves)
    return Moments(moments.s0 - taken.s0, moments.s1 - taken.s1)


def _without_acts(
    activity: Mapping[date, Sequence[Activity]],
    late: Mapping[date, Sequence[Late]],
    *,
    by_day: bool,
) -> dict[date, Sequence[Activity]]:
    return {
        month: _left(acts, late[month], by_day=by_day) if month in late else acts
        for month, acts in activity.items()
    }


def _left(acts: Sequence[Activity], late: Sequence[Late], *, by_day: bool) -> list[Activity]:
    count: Counter[tuple[Channel, Kind, str, int]] = Counter()
    amount: Counter[tuple[Channel, Kind, str, int]] = Counter()
    for one in late:
        key = (one.channel, one.kind, one.purpose, one.value_date.day if by_day else 0)
        count[key] += 1
        amount[key] += one.amount_minor
    left: list[Activity] = []
    for act in acts:
        key = (act.channel, act.kind, act.purpose, act.day)
        if act.count > count[key]:
            items, minor = act.count - count[key], act.amount_minor - amount[key]
            left.append(replace(act, count=items, amount_minor=minor))
    return left
