"""A month's end beside its average, as shown of whomever is asked for."""

from datetime import date
from typing import Annotated, Self

import strawberry

from scoring.domain.money import MILLION, decimal_text, share_text
from scoring.domain.month_end import LIMIT_PPM, Deviation
from scoring.graphql.scalars import Money, YearMonth

Limit = Annotated[str, strawberry.argument(description="From 0 to 1, at most six digits.")]
STANDARD_LIMIT = decimal_text(LIMIT_PPM, 6)


@strawberry.type(description="Balances of one month: at its end, and on the mean of its days.")
class DepositDeviation:
    month: YearMonth
    days: int = strawberry.field(description="Days of the month that have come.")
    balance: Money = strawberry.field(
        description="At the end of the month's last day, or of the business date."
    )
    average: Money = strawberry.field(description="Mean of the end-of-day balances.")
    excess: Money = strawberry.field(description="Balance less average.")
    deviation: str | None = strawberry.field(
        description="(balance - average) / average as a decimal number of six digits, of the "
        "unrounded average. Null where that is not positive."
    )
    over_limit: bool = strawberry.field(description="Whether the deviation is above the limit.")

    @classmethod
    def of(cls, month: date, found: Deviation, currency: str, limit_ppm: int) -> Self:
        """Show a deviation."""
        return cls(
            month=YearMonth(month),
            days=found.days,
            balance=Money.of(found.closing_minor, currency),
            average=Money.of(found.average_minor, currency),
            excess=Money.of(found.excess_minor, currency),
            deviation=None if found.ppm is None else share_text(found.ppm, MILLION),
            over_limit=found.over(limit_ppm),
        )
