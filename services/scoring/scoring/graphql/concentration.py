"""How much comes from how few: the whale curve, Lorenz and Gini, and how they move."""

import asyncio
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Self

import strawberry

from scoring.domain import concentration as rules
from scoring.domain.concentration import GiniUndefined
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION, share_text
from scoring.graphql.context import Info
from scoring.graphql.scalars import SHARE, From, Money, To, period, ppm, share
from scoring.graphql.scope import Beneath, Branch, Manager, scope_of
from scoring.store import customer_months
from scoring.store.customer_months import Question

strawberry.enum(
    GiniUndefined,
    name="GiniUndefined",
    description="Why there is no Gini index: some values are negative, or there is nothing.",
)
CHANGE = "Decimal number of six digits; null where one of the periods has no such figure."
OnlyLine = Annotated[
    Line | None,
    strawberry.argument(description="Only what this line contributes, instead of a view."),
]
Limit = Annotated[str, strawberry.argument(description="From 0 to 1, at most six digits.")]


@strawberry.type(description="What a part of the customers brings.")
class CustomerShare:
    customers: str = strawberry.field(description="Part of all customers.")
    share: str | None = strawberry.field(description=f"Part of the total. {SHARE}")


@strawberry.type(description="How far the share of the best part of the customers moved.")
class ShareChange:
    customers: str = strawberry.field(description="Part of all customers, best first.")
    change: str | None = strawberry.field(description=CHANGE)


@strawberry.type(description="How concentration moved since another period; positive is upwards.")
class ConcentrationDrift:
    gini: str | None = strawberry.field(description=CHANGE)
    top_shares: list[ShareChange] = strawberry.field(
        description="Of the best 1, 4, 10 and 20 percent."
    )
    smallest_share_for_80: str | None = strawberry.field(
        name="smallestShareFor80", description=CHANGE
    )
    alarm: bool = strawberry.field(description="Whether any top share moved beyond the limit.")

    @classmethod
    def of(cls, found: rules.Drift, limit_ppm: int) -> Self:
        """Show a drift."""
        return cls(
            gini=_text(found.gini),
            top_shares=[
                ShareChange(customers=share_text(one, MILLION), change=_text(change))
                for one, change in found.top
            ],
            smallest_share_for_80=_text(found.few),
            alarm=found.exceeds(limit_ppm),
        )


@strawberry.type(description="How much comes from how few. With loss makers, shares may exceed 1.")
class Concentration:
    asked: strawberry.Private[Question]
    found: strawberry.Private[rules.Concentration]
    currency: strawberry.Private[str]

    @strawberry.field(description="Customers of whom it tells, also those who bring nothing.")
    def customers(self) -> int:
        return len(self.found.values)

    @strawberry.field(description="Customers who bring more than nothing.")
    def profitable(self) -> int:
        return self.found.profitable

    @strawberry.field(description="Customers who cost more than they bring.")
    def loss_making(self) -> int:
        return self.found.loss_making

    @strawberry.field(description="What all of them bring.")
    def total(self) -> Money:
        return Money.of(self.found.total, self.currency)

    @strawberry.field(description="What the loss makers take off; zero or negative.")
    def losses(self) -> Money:
        return Money.of(self.found.losses, self.currency)

    @strawberry.field(
        description="Of the best 1, 4, 10 and 20 percent; a part of a customer counts whole."
    )
    def top_shares(self) -> list[CustomerShare]:
        return [self._point(one, self.found.top(one)) for one in rules.TOP_PPM]

    @strawberry.field(description="Of the best part that is asked for, from 0 to 1.")
    def top_share(self, customers: str) -> CustomerShare:
        part = ppm(customers, "customers")
        return self._point(part, self.found.top(part))

    @strawberry.field(description="Of that many customers, best first.")
    def best(self, customers: int) -> CustomerShare | None:
        count = len(self.found.values)
        if not 0 <= customers <= count or not count:
            return None
        share_ = share(self.found.best(customers), self.found.total)
        return CustomerShare(customers=share_text(customers, count), share=share_)

    @strawberry.field(
        name="smallestShareFor80",
        description="The smallest part of the customers that brings 80 percent of the total.",
    )
    def smallest_share_for_80(self) -> str | None:
        return self._smallest(rules.MOST_PPM)

    @strawberry.field(
        description="The smallest part of the customers that brings the share asked for, 0 to 1."
    )
    def smallest_share_for(self, share: str) -> str | None:
        return self._smallest(ppm(share, "share"))

    @strawberry.field(description="The whale curve, best first, in even steps.")
    def curve(self) -> list[CustomerShare]:
        return [self._point(one, amount) for one, amount in self.found.curve()]

    @strawberry.field(
        description="The Lorenz curve, least first, in even steps. Null where giniUndefined."
    )
    def lorenz(self) -> list[CustomerShare] | None:
        found = self.found.lorenz()
        return None if found is None else [self._point(one, amount) for one, amount in found]

    @strawberry.field(
        description="0.000000 where everybody brings the same, towards 1 where one brings all. "
        "Null where giniUndefined."
    )
    def gini(self) -> str | None:
        return _text(self.found.gini())

    @strawberry.field(description="Why there is no Gini index; null where there is one.")
    def gini_undefined(self) -> GiniUndefined | None:
        return self.found.gini_undefined

    @strawberry.field(
        description="How it moved since another period, of the same customers, view or line. "
        "The limit is for the alarm."
    )
    async def drift(
        self, info: Info, from_: From, to: To, limit: Limit = "0.05"
    ) -> ConcentrationDrift | None:
        limit_ppm = ppm(limit, "limit")
        before = await _concentration(info, replace(self.asked, period=period(from_, to)))
        return ConcentrationDrift.of(self.found.drift(before), limit_ppm)

    def _point(self, customers_ppm: int, amount: int) -> CustomerShare:
        customers = share_text(customers_ppm, MILLION)
        return CustomerShare(customers=customers, share=share(amount, self.found.total))

    def _smallest(self, share_ppm: int) -> str | None:
        few = self.found.smallest_for(share_ppm)
        return None if few is None else share(few, len(self.found.values))


def _text(value: Fraction | None) -> str | None:
    return None if value is None else share_text(value.numerator, value.denominator)


async def _concentration(info: Info, asked: Question) -> rules.Concentration:
    async with info.context.db.read(info.context.principal.institution) as session:
        found = await customer_months.contributions(
            session, info.context.principal.institution, asked
        )
    return await asyncio.to_thread(rules.Concentration.of, found)


@strawberry.type
class ConcentrationQuery:
    @strawberry.field(
        description="How much of the contribution comes from how few customers, by the months, "
        "the customers and the view or line asked for; as last worked out."
    )
    async def concentration(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        from_: From,
        to: To,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        view: View = View.GROSS,
        line: OnlyLine = None,
    ) -> Concentration | None:
        scope = scope_of(info, branch, manager, beneath=beneath)
        asked = Question(period=period(from_, to), scope=scope, view=view, line=line)
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        found = await _concentration(info, asked)
        return Concentration(asked=asked, found=found, currency=policy.currency)
