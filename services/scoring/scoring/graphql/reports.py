"""The whole bank: its contribution, its best customers and its ladder."""

from dataclasses import replace
from datetime import date
from typing import Any, Self
from uuid import UUID

import strawberry

from scoring.domain import returns
from scoring.domain.balance import days_counted
from scoring.domain.index import score_text
from scoring.domain.ladder import Step, Unit
from scoring.domain.line import NO_INCOME, Line, View
from scoring.domain.money import MILLION, share_text
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.returns import Return
from scoring.graphql.contribution import (
    CAPITAL,
    ECONOMIC,
    GROSS,
    NET,
    RAROC,
    LineReturn,
    capital,
    raroc,
)
from scoring.graphql.entities import Customer
from scoring.graphql.scalars import SHARE, Money, YearMonth, share
from scoring.graphql.tiers import money
from scoring.operations.bank_sums import Sums
from scoring.store.customer_months import Ranked
from scoring.store.scores import NotComputed as NotComputedValue

RETURNS = "What the accounts that bind economic capital earn on it, by their line."


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
    economic_capital: Money | None = strawberry.field(description=CAPITAL)
    raroc: str | None = strawberry.field(description=RAROC)
    lines: list[LineAmount]
    returns: list[LineReturn] = strawberry.field(description=RETURNS)


@strawberry.type(
    description="The contribution of the bank, or of those of its customers who are asked for, as "
    "last worked out: customers who wait are not yet in it. As of a past moment nobody waits."
)
class BankContribution:
    total: Money = strawberry.field(description=GROSS)
    gross: Money = strawberry.field(description=GROSS)
    net: Money = strawberry.field(description=NET)
    economic: Money = strawberry.field(description=ECONOMIC)
    economic_capital: Money | None = strawberry.field(description=CAPITAL)
    raroc: str | None = strawberry.field(description=RAROC)
    lines: list[LineAmount] = strawberry.field(description="Every line.")
    returns: list[LineReturn] = strawberry.field(description=RETURNS)
    months: list[MonthAmount] = strawberry.field(description="Every month of the period.")
    income: Money = strawberry.field(
        description="The sum of the six lines of business, before what serving them, tax and "
        "capital take off."
    )
    non_interest_share: str | None = strawberry.field(
        description="Part of the income that settlement, intermediary business, e-banking and "
        f"international business bring. {SHARE}"
    )
    customers: int = strawberry.field(description="Customers known, of those asked for.")
    accounts: int = strawberry.field(description="Accounts that these customers own.")
    failing: int = strawberry.field(
        description="Of how many customers some month through the last one cannot be priced; only "
        "their months before count."
    )
    pending: int = strawberry.field(
        description="Customers of the whole bank who wait to be worked out again."
    )

    @classmethod
    def of(cls, sums: Sums, months: Period, policy: Policy) -> Self:
        """Show sums by month and line, and what is earned on the capital bound."""
        currency, found = policy.currency, sums.lines

        def bound(period: Period) -> dict[str, Any]:
            days = days_counted(period, policy.business_date)
            mine = {key: one for key, one in sums.returns.items() if key[0] in period}
            net = sum(v for (m, of), v in found.items() if of in View.NET.lines and m in period)
            whole = replace(sum(mine.values(), Return()), net_minor=net)
            return {
                "economic_capital": capital(whole, days, currency),
                "raroc": raroc(whole),
                "returns": [
                    LineReturn.of(line, one, days, currency)
                    for line, one in returns.by_line(mine).items()
                ],
            }

        def views(month: date | None) -> dict[str, Any]:
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
            **bound(months),
            lines=amounts(None),
            months=[
                MonthAmount(
                    month=YearMonth(month),
                    **views(month),
                    **bound(Period(month, month)),
                    lines=amounts(month),
                )
                for month in months
            ],
            income=Money.of(income, currency),
            non_interest_share=share(income - interest, income),
            customers=sums.customers,
            accounts=sums.accounts,
            failing=sums.failing,
            pending=sums.pending,
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
        description="What the tier needs over the window; null where places, points or the index "
        "count."
    )
    points_needed: int | None = strawberry.field(description="What the tier needs in points.")
    score_needed: str | None = strawberry.field(
        description="What the tier needs of the index, 0 to 100, five digits."
    )
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
    def of(cls, step: Step, held: dict[str, tuple[int, int]], currency: str, unit: Unit) -> Self:
        """Show a step with its customers."""
        customers, amount = held.get(step.code, (0, 0))
        down, least = step.down_below_minor, step.at_least_minor
        of = None if step.top_ppm else unit
        return cls(
            code=step.code,
            name=step.name,
            rank=step.rank,
            at_least=Money.of(least, currency) if of is Unit.MONEY else None,
            down_below=money(down, currency) if unit is Unit.MONEY else None,
            points_needed=least if of is Unit.POINTS else None,
            score_needed=score_text(least) if of is Unit.SCORE else None,
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
