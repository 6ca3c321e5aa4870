"""Points and the composite index as clients see them, down to what made them."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from scoring.domain.earned_points import PointLeaf
from scoring.domain.index import SCORE_PLACES, Indexed, Part, Source
from scoring.domain.money import MILLION, decimal_text, minor_digits, share_text
from scoring.domain.months import Period
from scoring.graphql.contribution import RuleInput
from scoring.graphql.scalars import Money, YearMonth

if TYPE_CHECKING:
    from scoring.graphql.entities import Account


@strawberry.type(description="What one entry of the scheme gives one account in one month.")
class EntryPoints:
    entry: str = strawberry.field(description="The entry's path in the scheme.")
    points: str = strawberry.field(description="A whole number; rounded once, half away from zero.")
    inputs: list[RuleInput]
    leaf: strawberry.Private[PointLeaf]

    @strawberry.field(description="The account; null when it is not to be seen now.")
    def account(
        self,
    ) -> Annotated["Account", strawberry.lazy("scoring.graphql.entities")] | None:
        from scoring.graphql.entities import Account  # noqa: PLC0415  (the two know each other)

        return Account(id=self.leaf.account.id)

    @classmethod
    def of(cls, leaf: PointLeaf) -> Self:
        """Show a leaf."""
        return cls(
            entry=leaf.entry,
            points=str(leaf.points),
            inputs=[
                RuleInput(name=one.name, value=str(one.value), unit=one.unit) for one in leaf.inputs
            ],
            leaf=leaf,
        )


@strawberry.type(description="The points of one month.")
class MonthPoints:
    month: YearMonth
    points: str = strawberry.field(description="A whole number: the sum of the entries.")
    entries: list[EntryPoints] = strawberry.field(description="By account and entry.")


@strawberry.type(description="Points earned over months: the sum of the months.")
class Points:
    points: str = strawberry.field(description="A whole number.")
    pay: Money | None = strawberry.field(
        description="What a manager is paid for them: each month's points at its scheme's price. "
        "Null where a month with points has no price."
    )
    months: list[MonthPoints] = strawberry.field(description="Every month of the period.")

    @classmethod
    def of(cls, leaves: Sequence[PointLeaf], period: Period, currency: str) -> Self:
        """Show leaves by month."""
        pay = [leaf.pay_minor for leaf in leaves if leaf.pay_minor is not None]
        priced = bool(leaves) and len(pay) == len(leaves)
        by_month: dict[date, list[PointLeaf]] = {month: [] for month in period}
        for leaf in leaves:
            by_month[leaf.month].append(leaf)
        return cls(
            points=str(sum(leaf.points for leaf in leaves)),
            pay=Money.of(sum(pay), currency) if priced else None,
            months=[
                MonthPoints(
                    month=YearMonth(month),
                    points=str(sum(leaf.points for leaf in inside)),
                    entries=[EntryPoints.of(leaf) for leaf in inside],
                )
                for month, inside in by_month.items()
            ],
        )


@strawberry.type(description="One measure of the index.")
class IndexPart:
    name: str = strawberry.field(description="The measure's name in the scheme.")
    of: str = strawberry.field(description="What is measured: a line, a view, or another figure.")
    normalise: str = strawberry.field(description="How its value becomes a score.")
    value: str = strawberry.field(description="Decimal number in the currency, or whole points.")
    weight: str = strawberry.field(description="Decimal number of six digits; all sum to 1.")
    score: str = strawberry.field(description="0 to 100, five digits; rounded once.")
    rank: int | None = strawberry.field(
        description="The place among all customers, 1 is the most, equals share it. "
        "Null where the measure is not compared with them."
    )
    among: int | None = strawberry.field(description="How many customers it is compared with.")

    @classmethod
    def of_part(cls, part: Part, currency: str) -> Self:
        """Show a part."""
        digits = 0 if part.measure.of is Source.POINTS else minor_digits(currency)
        return cls(
            name=part.measure.name,
            of=part.measure.of.value,
            normalise=part.measure.normalise.value,
            value=decimal_text(part.value, digits),
            weight=share_text(part.measure.weight_ppm, MILLION),
            score=decimal_text(part.score, SCORE_PLACES),
            rank=part.standing.rank if part.standing else None,
            among=part.standing.count if part.standing else None,
        )


@strawberry.type(description="A customer's composite index in one month.")
class CustomerIndex:
    month: YearMonth
    score: str = strawberry.field(description="0 to 100, five digits: the weighed sum of parts.")
    parts: list[IndexPart] = strawberry.field(description="By name.")

    @classmethod
    def of(cls, found: Indexed, month: YearMonth, currency: str) -> Self:
        """Show an index."""
        return cls(
            month=month,
            score=decimal_text(found.score, SCORE_PLACES),
            parts=[IndexPart.of_part(part, currency) for part in found.parts],
        )
