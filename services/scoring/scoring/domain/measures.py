"""What a ladder reads of a customer: contribution and balance-days by month, and places by rank."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from scoring.domain.account import CustomerId
from scoring.domain.ladder import Ladder, Metric, standing, step_for
from scoring.domain.line import Line, View
from scoring.domain.money import half_away
from scoring.domain.months import between, days_in, month_of, plus

ByMonth = Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer stood among all at the end of a month; position 1 measured most."""

    position: int
    customers: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure: what the steps compare, and the money behind it."""

    score: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One customer's months, as far as they are known on the business date.

    `cuts` are the bank's: by evaluated month, the least amount that stood on each step, lowest
    step first, None where nobody did. Months before `since` are not priced and no part of a mean.
    """

    business_date: date
    since: date
    contribution: Mapping[View, ByMonth] = field(default_factory=dict)
    balance_days: Mapping[Line, ByMonth] = field(default_factory=dict)
    places: Mapping[date, Place] = field(default_factory=dict)
    cuts: Mapping[date, Sequence[int | None]] = field(default_factory=dict)

    def amount(self, ladder: Ladder, month: date) -> int:
        """Return what the ladder's window that ends with the month comes to, in minor units."""
        measure = ladder.measure
        if measure.metric is Metric.CONTRIBUTION:
            return window_sum(self.contribution.get(measure.view, {}), month, ladder.window_months)
        first = max(plus(month, 1 - ladder.window_months), self.since)
        window = between(first, month)
        days = sum(measure.month_days or self._days(one) for one in window)
        held = [self.balance_days.get(line, {}) for line in measure.lines]
        return half_away(sum(one.get(inside, 0) for inside in window for one in held), days or 1)

    def _days(self, month: date) -> int:
        """Return the days of a month that have come."""
        under_way = month == month_of(self.business_date)
        return self.business_date.day if under_way else days_in(month)

    def evaluated(self, ladder: Ladder, month: date) -> Reading:
        """Return what counts at the end of a month; who was not ranked then stands last."""
        if not ladder.by_rank:
            amount = self.amount(ladder, month)
            return Reading(amount, amount)
        place = self.places.get(month)
        if place is None:
            return Reading(0, self.amount(ladder, month))
        return Reading(standing(place.position, place.customers), place.amount_minor)

    def entering(self, ladder: Ladder, month: date) -> Reading:
        """Return what counts in the month that a customer comes.

        On a ladder by rank that is the place of the highest step on which somebody with no more
        stood when all were ranked last; the lowest, before that.
        """
        amount = self.amount(ladder, month)
        if not ladder.by_rank:
            return Reading(amount, amount)
        earlier = max((one for one in self.cuts if one < month), default=None)
        cuts = self.cuts[earlier] if earlier else ()
        reached = [
            step
            for step, cut in zip(ladder.steps, cuts, strict=False)
            if cut is not None and amount >= cut
        ]
        return Reading(reached[-1].at_least_minor if reached else 0, amount)


def window_sum(months: ByMonth, month: date, window_months: int) -> int:
    """Return the sum over the window that ends with `month`."""
    window = between(plus(month, 1 - window_months), month)
    return sum(months.get(one, 0) for one in window)


def ranked(amounts: Mapping[CustomerId, int]) -> dict[CustomerId, Place]:
    """Return everybody's place: who measured most comes first, equals by id."""
    by_amount = sorted(amounts, key=lambda one: (-amounts[one], one))
    return {
        one: Place(position, len(by_amount), amounts[one])
        for position, one in enumerate(by_amount, 1)
    }


def cuts_of(ladder: Ladder, places: Sequence[Place]) -> list[int | None]:
    """Return the least amount on each step of a ladder by rank, lowest step first."""
    least: dict[int, int] = {}
    for place in places:
        rank = step_for(ladder, standing(place.position, place.customers)).rank
        least[rank] = min(place.amount_minor, least.get(rank, place.amount_minor))
    return [least.get(step.rank) for step in ladder.steps]
