"""Households and groups: whose contribution counts for them, and in which months."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NewType
from uuid import UUID

from scoring.domain.account import CustomerId
from scoring.domain.leaf import Leaf
from scoring.domain.months import Period, last_day

GroupId = NewType("GroupId", UUID)


@dataclass(frozen=True, slots=True)
class Membership:
    """A customer's time in a group: from `since` until the day before `until`, None for no end."""

    customer_id: CustomerId
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Tell whether the customer belongs to the group on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def months_by_customer_id(
    memberships: Iterable[Membership], period: Period, business_date: date
) -> dict[CustomerId, set[date]]:
    """Return in which months each customer counts, however often they are in the tree.

    A month counts for those who belong on its last day, or on the business date in the current
    month: so a month counts for one household and one group of a customer at most.
    """
    ends = {
        month: min(last_day(month), business_date) for month in period if month <= business_date
    }
    found: dict[CustomerId, set[date]] = {}
    for one in memberships:
        months = {month for month, end in ends.items() if one.on(end)}
        if months:
            found.setdefault(one.customer_id, set()).update(months)
    return found


def counted_leaves(
    leaves_by_customer_id: Mapping[CustomerId, Iterable[Leaf]],
    months: Mapping[CustomerId, set[date]],
) -> list[Leaf]:
    """Return the leaves that count for a group: each member's, in the months of each."""
    return [
        leaf
        for customer in sorted(months)
        for leaf in leaves_by_customer_id.get(customer, ())
        if leaf.month in months[customer]
    ]
