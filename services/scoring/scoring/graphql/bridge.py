"""From what one period brought to what another brings, part by part."""

from typing import Annotated, Self

import strawberry

from scoring.domain import bridge as rules
from scoring.domain.line import Line, View
from scoring.domain.months import Period, between, plus
from scoring.graphql.context import Info
from scoring.graphql.deviation import must_keep
from scoring.graphql.scalars import From, Money, To, YearMonth, period
from scoring.graphql.scope import Beneath, Branch, Manager, scope_of
from scoring.store import bridges
from scoring.store.bridges import Moved

BeforeFrom = Annotated[
    YearMonth | None,
    strawberry.argument(
        description="The first month to compare with; by default as many months as are asked for, "
        "right before them."
    ),
]
BeforeTo = Annotated[
    YearMonth | None, strawberry.argument(description="The last month to compare with.")
]


@strawberry.type(
    description="The parts between what was and what is; they add up to the difference exactly."
)
class Bridge:
    before: Money = strawberry.field(description="What the period to compare with brought.")
    gained: Money = strawberry.field(description="By customers who brought nothing before.")
    lost: Money = strawberry.field(description="By customers who bring nothing now; a loss.")
    volume: Money = strawberry.field(
        description="By more or less business, at the mean unit price of the line."
    )
    mix: Money = strawberry.field(description="By business of other products of the line.")
    price: Money = strawberry.field(description="By other unit prices of the products.")
    after: Money = strawberry.field(description="What the period asked for brings.")
    difference: Money = strawberry.field(description="After less before: the sum of the parts.")

    @classmethod
    def of(cls, found: rules.Bridge, currency: str) -> Self:
        """Show a bridge."""
        return cls(
            before=Money.of(found.before, currency),
            gained=Money.of(found.gained, currency),
            lost=Money.of(found.lost, currency),
            volume=Money.of(found.volume, currency),
            mix=Money.of(found.mix, currency),
            price=Money.of(found.price, currency),
            after=Money.of(found.after, currency),
            difference=Money.of(found.after - found.before, currency),
        )


@strawberry.type(description="The bridge of one line.")
class LineBridge:
    line: Line
    bridge: Bridge


@strawberry.type(description="How contribution came to change from one period to another.")
class ValueBridge:
    before_from: YearMonth = strawberry.field(description="The first month compared with.")
    before_to: YearMonth = strawberry.field(description="The last month compared with.")
    total: Bridge = strawberry.field(description="The sum of the lines.")
    lines: list[LineBridge] = strawberry.field(description="Every line of the view.")
    customers_gained: int = strawberry.field(description="Customers who brought nothing before.")
    customers_lost: int = strawberry.field(description="Customers who bring nothing now.")
    customers_stayed: int = strawberry.field(description="Customers of both periods.")

    @classmethod
    def of(
        cls, before: Period, found: dict[Line, rules.Bridge], moved: Moved, currency: str
    ) -> Self:
        """Show the bridges of a view's lines."""
        return cls(
            before_from=YearMonth(before.first),
            before_to=YearMonth(before.last),
            total=Bridge.of(sum(found.values(), rules.Bridge()), currency),
            lines=[
                LineBridge(line=line, bridge=Bridge.of(one, currency))
                for line, one in found.items()
            ],
            customers_gained=moved.gained,
            customers_lost=moved.lost,
            customers_stayed=moved.stayed,
        )


def _before(after: Period, first: YearMonth | None, last: YearMonth | None) -> Period:
    """Return the period to compare with: as long as `after` where only one end is given."""
    many = len(between(after.first, after.last))
    if first is None:
        end = last or plus(after.first, -1)
        return Period(plus(end, 1 - many), end)
    return period(first, last or YearMonth(plus(first, many - 1)))


@strawberry.type
class BridgeQuery:
    @strawberry.field(
        description="How contribution changed from one period to another: by customers gained and "
        "lost, volume, mix and price; as last worked out."
    )
    async def value_bridge(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        from_: From,
        to: To,
        before_from: BeforeFrom = None,
        before_to: BeforeTo = None,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        view: View = View.GROSS,
    ) -> ValueBridge | None:
        principal, after = info.context.principal, period(from_, to)
        before = _before(after, before_from, before_to)
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        must_keep(policy, min(before.first, after.first))
        scope = scope_of(info, branch, manager, beneath=beneath)
        async with info.context.db.read(info.context.principal.institution) as session:
            found, moved = await bridges.slices(
                session, principal.institution, before, after, scope
            )
        every = rules.bridge(found)
        lines = {line: every[line] for line in Line if line in view.lines}
        return ValueBridge.of(before, lines, moved, policy.currency)
