"""The whole bank: its contribution, its best customers and its ladder."""

from datetime import date
from typing import Self
from uuid import UUID

import strawberry

from scoring.domain.ladder import Step
from scoring.domain.line import NO_INCOME, Line, View
from scoring.domain.money import MILLION, share_text
from scoring.domain.months import Period
from scoring.graphql.contribution import ECONOMIC, GROSS, NET
from scoring.graphql.entities import Customer
from scoring.graphql.scalars import SHARE, Money, YearMonth, share
from scoring.store.customer_months import Ranked
from scoring.store.scores import NotComputed as NotComputedValue


@strawberry.type(description="What one line contributes to the bank.")
class LineAmount:
    line: Line
    amount: Money


@strawberry.type(description="What one month contributes to the bank.")
class MonthAmount:
    month: YearMonth
    total: Money = strawberry.field(description=GROSS)
    gross: Money = strawberry.field(description=GROSS)
    net: Money = strawberry.field(description=NET)
    economic: Money = strawberry.field(description=ECONOMIC)
    lines: list[LineAmount]


@strawberry.type(
    description="The bank's contribution as last worked out; customers who wait are not yet in it."
)
class BankContribution:
    total: Money = strawberry.field(description=GROSS)
    gross: Money = strawberry.field(description=GROSS)
    net: Money = strawberry.field(description=NET)
    economic: Money = strawberry.field(description=ECONOMIC)
    lines: list[LineAmount] = strawberry.field(description="Every line.")
    months: list[MonthAmount] = strawberry.field(description="Every month of the period.")
    income: Money = strawberry.field(
        description="The sum of the six lines of business, before what serving them, tax and "
        "capital take off."
    )
    non_interest_share: str | None = strawberry.field(
        description="Part of the income that settlement, intermediary business, e-banking and "
        f"international business bring. {SHARE}"
    )
    customers: int = strawberry.field(description="Customers known.")
    accounts: int = strawberry.field(description="Accounts known.")
    pending: int = strawberry.field(description="Customers who wait to be worked out again.")

    @classmethod
    def of(
        cls,
        found: dict[tuple[date, Line], int],
        months: Period,
        currency: str,
        *,
        counts: tuple[int, int],
        pending: int,
    ) -> Self:
        """Show sums by month and line."""

        def views(month: date | None) -> dict[str, Money]:
            sums = {
                view: sum(
                    v for (m, of), v in found.items() if of in view.lines and month in (None, m)
                )
                for view in View
            }
            shown = {view.value: Money.of(amount, currency) for view, amount in sums.items()}
            return shown | {"total": shown[View.GROSS]}

        def amounts(month: date | None) -> list[LineAmount]:
            return [
                LineAmount(
                    line=line,
                    amount=Money.of(
                        sum(v for (m, of), v in found.items() if of is line and month in (None, m)),
                        currency,
                    ),
                )
                for line in Line
            ]

        by_line = {line: sum(v for (_, of), v in found.items() if of is line) for line in Line}
        income = sum(amount for line, amount in by_line.items() if line not in NO_INCOME)
        interest = by_line[Line.DEPOSIT] + by_line[Line.LOAN]
        return cls(
            **views(None),
            lines=amounts(None),
            months=[
                MonthAmount(month=YearMonth(month), **views(month), lines=amounts(month))
                for month in months
            ],
            income=Money.of(income, currency),
            non_interest_share=share(income - interest, income),
            customers=counts[0],
            accounts=counts[1],
            pending=pending,
        )


@strawberry.type(description="A customer's place among all.")
class RankedCustomer:
    rank: int = strawberry.field(description="1 contributes most.")
    customer: Customer | None
    contribution: Money
    share: str | None = strawberry.field(
        description=f"Part of what all the customers asked for contribute. {SHARE}"
    )

    @classmethod
    def of(cls, rank: int, found: Ranked, currency: str) -> Self:
        """Show one of the best."""
        return cls(
            rank=rank,
            customer=Customer(id=found.customer_id),
            contribution=Money.of(found.amount_minor, currency),
            share=share(found.amount_minor, found.whole_minor),
        )


@strawberry.type(description="One step of the ladder in force, and who stands on it.")
class TierStep:
    code: str
    name: str
    rank: int = strawberry.field(description="1 is the lowest.")
    at_least: Money | None = strawberry.field(
        description="What the tier needs over the window; null where places or points count."
    )
    points_needed: int | None = strawberry.field(description="What the tier needs in points.")
    down_below: Money | None = strawberry.field(
        description="Below what it is lost, where that is less than what it needs."
    )
    top_share: str | None = strawberry.field(
        description="The part of all customers, best first, that this step and those above it "
        "hold; null where amounts count."
    )
    entitlements: list[str] = strawberry.field(description="What the tier entitles to.")
    customers: int
    contribution: Money = strawberry.field(description="Of its customers, over the window.")
    share: str | None = strawberry.field(description=f"Part of all tiers' contribution. {SHARE}")

    @classmethod
    def of(
        cls, step: Step, held: dict[str, tuple[int, int]], currency: str, *, in_points: bool
    ) -> Self:
        """Show a step with its customers."""
        customers, amount = held.get(step.code, (0, 0))
        down, least = step.down_below_minor, step.at_least_minor
        return cls(
            code=step.code,
            name=step.name,
            rank=step.rank,
            at_least=None if step.top_ppm or in_points else Money.of(least, currency),
            down_below=None if down is None or in_points else Money.of(down, currency),
            points_needed=least if in_points and not step.top_ppm else None,
            top_share=share_text(step.top_ppm, MILLION) if step.top_ppm else None,
            entitlements=list(step.entitlements),
            customers=customers,
            contribution=Money.of(amount, currency),
            share=share(amount, sum(each for _, each in held.values())),
        )


@strawberry.type(description="A customer whose months from one on cannot be priced, and why.")
class NotComputed:
    customer: Customer | None
    customer_id: UUID
    from_: YearMonth = strawberry.field(name="from", description="The first month that fails.")
    code: str = strawberry.field(description="Stable: match on it.")
    message: str = strawberry.field(description="Names everything that is missing.")

    @classmethod
    def of(cls, found: NotComputedValue) -> Self:
        """Show who could not be worked out."""
        return cls(
            customer=Customer(id=found.customer_id),
            customer_id=found.customer_id,
            from_=YearMonth(found.from_month),
            code=found.code,
            message=found.message,
        )
