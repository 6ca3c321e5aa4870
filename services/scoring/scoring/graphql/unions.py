"""What a provincial union (省联社) sees: sums over each of its banks, and nobody's records."""

from fractions import Fraction
from typing import Annotated, Self

import strawberry

from scoring.domain.disclosure import FEWEST, Tops
from scoring.domain.line import Line, View
from scoring.domain.money import MILLION, share_text
from scoring.graphql.concentration import CustomerShare
from scoring.graphql.context import Info
from scoring.graphql.contribution import ECONOMIC, GROSS, NET
from scoring.graphql.paging import CURSOR, After, cursor, many, place
from scoring.graphql.scalars import Money, YearMonth
from scoring.operations.unions import Member, MemberMonth, member_months

MOST_MEMBERS = 20
KEPT_BACK = f"Null where it, or the rest beside it, would tell of fewer than {FEWEST} customers."
Members = Annotated[
    int, strawberry.argument(description=f"How many institutions, 1 to {MOST_MEMBERS}.")
]


@strawberry.type(description="What one line contributes to an institution of the union.")
class UnionLine:
    line: Line
    amount: Money | None = strawberry.field(description=KEPT_BACK)


@strawberry.type(description="How many customers of an institution hold a tier.")
class UnionTier:
    code: str
    name: str | None
    customers: int | None = strawberry.field(description=KEPT_BACK)


@strawberry.type(description="Sums over an institution's month, as last worked out there.")
class UnionMonth:
    customers: int | None = strawberry.field(
        description=f"Customers known. Null where they are fewer than {FEWEST}."
    )
    total: Money | None = strawberry.field(description=f"{GROSS} {KEPT_BACK}")
    gross: Money | None = strawberry.field(description=f"{GROSS} {KEPT_BACK}")
    net: Money | None = strawberry.field(description=f"{NET} {KEPT_BACK}")
    economic: Money | None = strawberry.field(description=f"{ECONOMIC} {KEPT_BACK}")
    lines: list[UnionLine] = strawberry.field(description="Every line.")
    tiers: list[UnionTier] = strawberry.field(
        description="Every tier that anyone holds at the month's end, lowest first."
    )
    top_shares: list[CustomerShare] = strawberry.field(
        description="What part of the total the best 1, 4, 10 and 20 percent bring; the share is "
        f"null also where it would tell of fewer than {FEWEST} customers."
    )
    gini: str | None = strawberry.field(
        description="0.000000 where everybody brings the same, towards 1 where one brings all. "
        f"Null where some cost more than they bring, or of fewer than {FEWEST} customers."
    )
    smallest_share_for_80: str | None = strawberry.field(
        name="smallestShareFor80",
        description="The smallest part of the customers that brings 80 percent of the total. "
        f"{KEPT_BACK}",
    )
    waiting: bool = strawberry.field(
        description="Whether customers wait to be worked out again there; the sums may yet change."
    )

    @classmethod
    def of(cls, found: MemberMonth) -> Self:
        """Show what may be told."""

        def money(amount: int | None) -> Money | None:
            return None if amount is None else Money.of(amount, found.currency)

        views = {view: money(found.sums.views[view]) for view in View}
        return cls(
            customers=found.customers,
            total=views[View.GROSS],
            gross=views[View.GROSS],
            net=views[View.NET],
            economic=views[View.ECONOMIC],
            lines=[UnionLine(line=line, amount=money(found.sums.lines[line])) for line in Line],
            tiers=[
                UnionTier(code=one.code or "", name=one.name, customers=customers)
                for one, customers in found.tiers
            ],
            top_shares=_shares(found.tops),
            gini=_text(found.tops.gini),
            smallest_share_for_80=_text(found.tops.smallest_for_80),
            waiting=found.waiting,
        )


@strawberry.type(description="An institution of the union.")
class UnionMember:
    institution: str = strawberry.field(description="Its code.")
    sums: UnionMonth | None = strawberry.field(
        description="Null where the month has not ended there, or no scheme priced it."
    )
    cursor: str = strawberry.field(description=CURSOR)

    @classmethod
    def of(cls, found: Member) -> Self:
        """Show an institution with its sums."""
        return cls(
            institution=found.institution,
            sums=UnionMonth.of(found.month) if found.month else None,
            cursor=cursor(0, found.institution),
        )


def _text(value: Fraction | None) -> str | None:
    return None if value is None else share_text(value.numerator, value.denominator)


def _shares(tops: Tops) -> list[CustomerShare]:
    return [
        CustomerShare(customers=share_text(ppm, MILLION), share=_text(share))
        for ppm, share in tops.shares
    ]


@strawberry.type
class UnionQuery:
    @strawberry.field(
        description="What a month brought each institution that says it belongs to the caller's "
        "union, by code. Sums alone; each is on record in the institution's own audit."
    )
    async def union_contribution(
        self, info: Info, month: YearMonth, first: Members = MOST_MEMBERS, after: After = None
    ) -> list[UnionMember] | None:
        context, size, behind = info.context, many(first, MOST_MEMBERS), place(after)
        found = await member_months(
            context.db,
            context.policies,
            context.principal,
            month,
            first=size,
            after=behind[1] if behind else "",
        )
        return [UnionMember.of(one) for one in found]
