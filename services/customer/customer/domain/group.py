"""Households and groups: who belongs together, since when, and what stands under what."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from customer.domain.group_problems import (
    AlreadyMember,
    GroupCycle,
    GroupKindFixed,
    HouseholdAbove,
    LeftBeforeJoined,
    UnknownGroup,
)
from customer.domain.ids import CustomerId, GroupId
from customer.domain.problems import UnknownCustomer
from customer.domain.vocabulary import GroupKind


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A customer's time in a group: from `since` until the day before `until`, None for no end.

    `role` is the bank's word: head, spouse, child, parent_company, legal_representative, ...
    """

    customer_id: CustomerId
    since: date
    role: str
    until: date | None = None

    def on(self, day: date) -> bool:
        """Tell whether the customer belongs to the group on a day."""
        return self.since <= day and (self.until is None or day < self.until)

    def meets(self, other: "Member") -> bool:
        """Tell whether two times have a day in common."""
        begins_before = other.until is None or self.since < other.until
        return begins_before and (self.until is None or other.since < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A household, or companies and those behind them; `members` in the order of id and day."""

    id: GroupId
    code: str
    kind: GroupKind
    name: str
    parent_id: GroupId | None
    parent_code: str | None
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The bank's statement that a customer belongs to a group for a time."""

    group_id: GroupId
    group_code: str
    customer_number: str
    member: Member


def fit_group(groups: Mapping[GroupId, Group], told: Group) -> Group:
    """Return `told` with the members known so far, when its parent is a group not beneath it."""
    held = groups.get(told.id)
    if held and held.kind is not told.kind:
        raise GroupKindFixed(told.code, held.kind)
    parent_id, parent_code = told.parent_id, told.parent_code
    while parent_id is not None:
        if parent_id == told.id:
            raise GroupCycle(told.code, str(told.parent_code))
        parent = groups.get(parent_id)
        if parent is None:
            raise UnknownGroup(str(parent_code))
        if parent.kind is GroupKind.HOUSEHOLD:
            raise HouseholdAbove(parent.code)
        parent_id, parent_code = parent.parent_id, parent.parent_code
    return replace(told, members=held.members) if held else told


class Roll:
    """Every time that customers spend in groups, by customer, while memberships are taken."""

    def __init__(self, groups: Iterable[Group], customers: Container[CustomerId]) -> None:
        self._customers = customers
        self._times: dict[CustomerId, list[tuple[GroupId, Member]]] = {}
        for group in groups:
            for member in group.members:
                self._times.setdefault(member.customer_id, []).append((group.id, member))

    def fit(self, groups: Mapping[GroupId, Group], told: Joining) -> Group:
        """Return the group with `told` among its members, in place of one of the same beginning.

        At any time a customer is in one household and in one group at most.
        """
        group, member = groups.get(told.group_id), told.member
        if group is None:
            raise UnknownGroup(told.group_code)
        if member.customer_id not in self._customers:
            raise UnknownCustomer(told.customer_number)
        if member.until is not None and member.until <= member.since:
            raise LeftBeforeJoined
        times = self._times.setdefault(member.customer_id, [])
        others = [one for one in times if (one[0], one[1].since) != (told.group_id, member.since)]
        for group_id, other in others:
            if groups[group_id].kind is group.kind and other.meets(member):
                raise AlreadyMember(told.customer_number, group.kind, groups[group_id].code)
        times[:] = [*others, (told.group_id, member)]
        key = (member.customer_id, member.since)
        kept = [one for one in group.members if (one.customer_id, one.since) != key]
        return replace(group, members=tuple(sorted([*kept, member], key=_place)))


def _place(member: Member) -> tuple[CustomerId, date]:
    return member.customer_id, member.since
