"""What a customer or an account contributes, down to each rule with its inputs."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Self, TypeVar

import strawberry

from scoring.domain import returns
from scoring.domain.balance import days_counted
from scoring.domain.leaf import Leaf
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION, share_text
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.returns import Return
from scoring.graphql.scalars import Money, YearMonth

if TYPE_CHECKING:
    from scoring.graphql.entities import Account

strawberry.enum(
    Line,
    name="ContributionLine",
    description="Where contribution comes from: six lines of business, what serving costs, and "
    "what tax and capital take off.",
)
GROSS = "The sum of all lines but TAX and CAPITAL."
NET = "What is left after tax: gross and the line TAX."
ECONOMIC = "Economic profit (EVA): net and the line CAPITAL, the charge for the capital it binds."
CAPITAL = (
    "The economic capital bound on the mean of the days that have come. Null where none is bound."
)
RAROC = (
    "Net contribution over the economic capital it binds, as a yearly rate: a decimal number of "
    "six digits, 0.120000 is 12 % a year. Null where no capital is bound."
)
Key = TypeVar("Key")
Leaves = strawberry.Private[Sequence[Leaf]]


def _split(leaves: Sequence[Leaf], key: Callable[[Leaf], Key]) -> dict[Key, list[Leaf]]:
    groups: dict[Key, list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(key(leaf), []).append(leaf)
    return groups


def _sum(leaves: Sequence[Leaf], currency: str) -> Money:
    return Money.of(sum(leaf.amount_minor for leaf in leaves), currency)


def _view(leaves: Sequence[Leaf], view: View, currency: str) -> Money:
    return _sum([leaf for leaf in leaves if leaf.line in view.lines], currency)


@strawberry.type(description="One number that went into a formula.")
class RuleInput:
    name: str
    value: str
    unit: str


@strawberry.type(description="What one rule gives in one month; rounded once, half away from zero.")
class RuleContribution:
    rule: str = strawberry.field(description="Stable name of the rule.")
    month: YearMonth
    amount: Money
    formula: str = strawberry.field(description="How the inputs make the amount.")
    inputs: list[RuleInput]

    @classmethod
    def of(cls, leaf: Leaf, currency: str) -> Self:
        """Show a leaf."""
        return cls(
            rule=leaf.rule,
            month=YearMonth(leaf.month),
            amount=Money.of(leaf.amount_minor, currency),
            formula=leaf.formula,
            inputs=[
                RuleInput(name=one.name, value=str(one.value), unit=one.unit) for one in leaf.inputs
            ],
        )


@strawberry.type(description="What one account contributes: the sum of its rules.")
class AccountContribution:
    leaves: Leaves
    currency: strawberry.Private[str]

    @strawberry.field(description="The account; null when it is not to be seen now.")
    def account(
        self,
    ) -> Annotated["Account", strawberry.lazy("scoring.graphql.entities")] | None:
        from scoring.graphql.entities import Account  # noqa: PLC0415  (the two know each other)

        return Account(id=self.leaves[0].account.id)

    @strawberry.field(description="The sum of the rules.")
    def amount(self) -> Money:
        return _sum(self.leaves, self.currency)

    @strawberry.field(description="Each rule and month, in that order of months.")
    def rules(self) -> list[RuleContribution]:
        return [
            RuleContribution.of(leaf, self.currency)
            for leaf in sorted(self.leaves, key=lambda one: one.month)
        ]


@strawberry.type(description="What one product contributes: the sum of its accounts.")
class ProductContribution:
    product: str = strawberry.field(description="The product's code.")
    leaves: Leaves
    currency: strawberry.Private[str]

    @strawberry.field(description="The sum of the accounts.")
    def amount(self) -> Money:
        return _sum(self.leaves, self.currency)

    @strawberry.field(description="The accounts that contribute, by number.")
    def accounts(self) -> list[AccountContribution]:
        groups = _split(self.leaves, lambda leaf: leaf.account.number)
        return [
            AccountContribution(leaves=groups[number], currency=self.currency)
            for number in sorted(groups)
        ]


@strawberry.type(description="What one line contributes: the sum of its products.")
class LineContribution:
    line: Line
    leaves: Leaves
    currency: strawberry.Private[str]

    @strawberry.field(description="The sum of the products.")
    def amount(self) -> Money:
        return _sum(self.leaves, self.currency)

    @strawberry.field(description="The products that contribute, by code.")
    def products(self) -> list[ProductContribution]:
        groups = _split(self.leaves, lambda leaf: leaf.account.product)
        return [
            ProductContribution(product=code, leaves=groups[code], currency=self.currency)
            for code in sorted(groups)
        ]


def _lines(leaves: Sequence[Leaf], currency: str) -> list[LineContribution]:
    groups = _split(leaves, lambda leaf: leaf.line)
    return [
        LineContribution(line=line, leaves=groups.get(line, ()), currency=currency) for line in Line
    ]


def capital(found: Return, days: int, currency: str) -> Money | None:
    """Show the capital bound."""
    bound = found.capital_minor(days)
    return None if bound is None else Money.of(bound, currency)


def raroc(found: Return) -> str | None:
    """Show the yearly rate that is earned on it."""
    rate = found.raroc_ppm
    return None if rate is None else share_text(rate, MILLION)


@strawberry.type(
    description="What accounts of a line that bind economic capital earn on it. A month of an "
    "account that binds none is not in it."
)
class LineReturn:
    line: Line = strawberry.field(description="The accounts' line.")
    economic_capital: Money | None = strawberry.field(description=CAPITAL)
    net: Money = strawberry.field(description=NET)
    economic: Money = strawberry.field(description=ECONOMIC)
    raroc: str | None = strawberry.field(description=RAROC)

    @classmethod
    def of(cls, line: Line, found: Return, days: int, currency: str) -> Self:
        """Show what a line earns over so many days."""
        return cls(
            line=line,
            economic_capital=capital(found, days, currency),
            net=Money.of(found.net_minor, currency),
            economic=Money.of(found.economic_minor, currency),
            raroc=raroc(found),
        )


@strawberry.type
class Views:
    """What months contribute in each view, and on how much of the bank's own money."""

    leaves: Leaves
    currency: strawberry.Private[str]
    days: strawberry.Private[int]

    @strawberry.field(description=GROSS)
    def total(self) -> Money:
        return _view(self.leaves, View.GROSS, self.currency)

    @strawberry.field(description=GROSS)
    def gross(self) -> Money:
        return _view(self.leaves, View.GROSS, self.currency)

    @strawberry.field(description=NET)
    def net(self) -> Money:
        return _view(self.leaves, View.NET, self.currency)

    @strawberry.field(description=ECONOMIC)
    def economic(self) -> Money:
        return _view(self.leaves, View.ECONOMIC, self.currency)

    @strawberry.field(description=CAPITAL)
    def economic_capital(self) -> Money | None:
        return capital(returns.whole(self.leaves), self.days, self.currency)

    @strawberry.field(description=RAROC)
    def raroc(self) -> str | None:
        return raroc(returns.whole(self.leaves))

    @strawberry.field(
        description="What the accounts that bind economic capital earn on it, by their line."
    )
    def returns(self) -> list["LineReturn"]:
        found = returns.by_line(returns.by_month_and_line(self.leaves))
        return [LineReturn.of(line, one, self.days, self.currency) for line, one in found.items()]

    @strawberry.field(description="Every line, also those that contribute nothing.")
    def lines(self) -> list[LineContribution]:
        return _lines(self.leaves, self.currency)


@strawberry.type(description="What one month contributes.")
class MonthContribution(Views):
    month: YearMonth


@strawberry.type(
    description="Contribution over months, worked out now from every acknowledged posting."
)
class Contribution(Views):
    period: strawberry.Private[Period]
    business_date: strawberry.Private[date]

    @classmethod
    def of(cls, leaves: Sequence[Leaf], period: Period, policy: Policy) -> Self:
        """Show the leaves of a period."""
        return cls(
            leaves=leaves,
            currency=policy.currency,
            days=days_counted(period, policy.business_date),
            period=period,
            business_date=policy.business_date,
        )

    @strawberry.field(description="Every month of the period; those yet to come are zero.")
    def months(self) -> list[MonthContribution]:
        groups: dict[date, list[Leaf]] = _split(self.leaves, lambda leaf: leaf.month)
        return [
            MonthContribution(
                month=YearMonth(month),
                leaves=groups.get(month, ()),
                currency=self.currency,
                days=days_counted(Period(month, month), self.business_date),
            )
            for month in self.period
        ]
