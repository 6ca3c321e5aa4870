"""What a ladder reads of a customer: contribution and balance-days by month, and places by rank."""

from collections.abc import Iterable, Mapping
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
    code: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure: what the steps compare, and the money behind it."""

    score: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One customer's months, as far as they are known on the business date.

    `cuts` are the bank's: by evaluated month, the least amount that stood on each step that
    anybody stood on. Months before `since` are not priced and no part of a mean.
    """

    business_date: date
    since: date
    contribution: Mapping[View, ByMonth] = field(default_factory=dict)
    balance_days: Mapping[Line, ByMonth] = field(default_factory=dict)
    points: ByMonth = field(default_factory=dict)
    scores: ByMonth = field(default_factory=dict)
    places: Mapping[date, Place] = field(default_factory=dict)
    cuts: Mapping[date, Mapping[str, int]] = field(default_factory=dict)

    def amount(self, ladder: Ladder, month: date) -> int:
        """Return what the window that ends with the month comes to.

        That is minor units, or where points or the index are measured those of a month on average.
        """
        measure = ladder.measure
        if measure.metric is Metric.CONTRIBUTION:
            return window_sum(self.contribution.get(measure.view, {}), month, ladder.window_months)
        first = max(plus(month, 1 - ladder.window_months), self.since)
        window = between(first, month)
        if measure.metric in {Metric.POINTS, Metric.INDEX}:
            months = self.points if measure.metric is Metric.POINTS else self.scores
            return half_away(sum(months.get(one, 0) for one in window), len(window) or 1)
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
        step = ladder.step(place.code) if place else None
        if place is None or step is None:
            return Reading(0, self.amount(ladder, month))
        return Reading(step.at_least_minor, place.amount_minor)

    def entering(self, ladder: Ladder, month: date) -> Reading:
        """Return what counts in the month that a customer comes.

        On a ladder by rank that is the highest step on which somebody with no more stood when
        all were ranked last; the lowest, before that.
        """
        amount = self.amount(ladder, month)
        if not ladder.by_rank:
            return Reading(amount, amount)
        earlier = max((one for one in self.cuts if one < month), default=None)
        cuts = self.cuts[earlier] if earlier else {}
        reached = [
            step.at_least_minor
            for step in ladder.steps
            if step.code in cuts and amount >= cuts[step.code]
        ]
        return Reading(max(reached, default=0), amount)


def window_sum(months: ByMonth, month: date, window_months: int) -> int:
    """Return the sum over the window that ends with `month`."""
    window = between(plus(month, 1 - window_months), month)
    return sum(months.get(one, 0) for one in window)


def ranked(ladder: Ladder, amounts: Mapping[CustomerId, int]) -> dict[CustomerId, Place]:
    """Return everybody's place: who measured most comes first, equals by id."""
    places: dict[CustomerId, Place] = {}
    for position, one in enumerate(sorted(amounts, key=lambda one: (-amounts[one], one)), 1):
        step = step_for(ladder, standing(position, len(amounts)))
        places[one] = Place(position, len(amounts), amounts[one], step.code)
    return places


def cuts_of(places: Iterable[Place]) -> dict[str, int]:
    """Return the least amount on each step that anybody stands on."""
    least: dict[str, int] = {}
    for place in places:
        least[place.code] = min(place.amount_minor, least.get(place.code, place.amount_minor))
    return least
