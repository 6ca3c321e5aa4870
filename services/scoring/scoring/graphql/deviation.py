"""How far month ends stand above the month: the deposit deviation, and who is over the limit."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry
from kit.problem import BadRequest

from scoring.domain.line import Line
from scoring.domain.month_end import Deviation, Order, days_come
from scoring.domain.months import Period
from scoring.domain.policy import Policy
from scoring.domain.problems import SchemeMissing
from scoring.domain.scope import Scope
from scoring.graphql.context import Info
from scoring.graphql.entities import Customer
from scoring.graphql.month_end import STANDARD_LIMIT, DepositDeviation, Limit
from scoring.graphql.paging import CURSOR, After, First, cursor, many, place
from scoring.graphql.scalars import From, To, YearMonth, period, ppm
from scoring.graphql.scope import Beneath, Branch, Manager, scope_of
from scoring.store import balances
from scoring.store.balances import Balances, Deviating, Page


class Level(StrEnum):
    """Who is looked at, one by one."""

    CUSTOMER = "customer"
    MANAGER = "manager"
    BRANCH = "branch"


strawberry.enum(
    Level,
    name="DeviationLevel",
    description="Whose deviation: each customer's, that of each manager's customers, or that of "
    "each branch with all beneath it.",
)
strawberry.enum(
    Order,
    name="DeviationOrder",
    description="Most first: by the deviation, or by the money above the average.",
)
Lines = Annotated[
    list[Line] | None,
    strawberry.argument(description="Which lines' balances are added up; by default deposits."),
]
Currency = Annotated[
    str | None,
    strawberry.argument(description="ISO 4217; by default the bank's own. Others are left out."),
]


@strawberry.type(description="Who is over the limit, and by how much.")
class OverLimit:
    customer: Customer | None = strawberry.field(description="Where customers are looked at.")
    manager: str | None = strawberry.field(
        description="Staff number, where managers are; null also for customers without one."
    )
    branch: str | None = strawberry.field(description="Code, where branches are looked at.")
    deviation: DepositDeviation
    cursor: str = strawberry.field(description=CURSOR)

    @classmethod
    def of(cls, level: Level, found: Deviating, deviation: DepositDeviation) -> Self:
        """Show one of the list."""
        by_customer = level is Level.CUSTOMER
        return cls(
            customer=Customer(id=UUID(found.key)) if by_customer else None,
            manager=found.key or None if level is Level.MANAGER else None,
            branch=found.key or None if level is Level.BRANCH else None,
            deviation=deviation,
            cursor=cursor(found.sort, found.key),
        )


def must_keep(policy: Policy, month: date) -> None:
    """Refuse a month whose balances are not kept: those before any scheme."""
    if not policy.keeps_balances_of(month):
        raise SchemeMissing(f"Cannot be computed: missing a scheme for {month:%Y-%m}.")


@strawberry.type
class DeviationQuery:
    @strawberry.field(
        description="The deposit deviation of the bank, a branch or a manager at each month's end; "
        "as last worked out. Months yet to come are left out."
    )
    async def deposit_deviation(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        from_: From,
        to: To,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        lines: Lines = None,
        currency: Currency = None,
        limit: Limit = STANDARD_LIMIT,
    ) -> list[DepositDeviation] | None:
        principal, months = info.context.principal, period(from_, to)
        limit_ppm = ppm(limit, "limit")
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        must_keep(policy, months.first)
        scope = scope_of(info, branch, manager, beneath=beneath)
        asked = _asked(policy, lines, currency, scope)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await balances.by_month(session, principal.institution, asked, months)
        return [
            DepositDeviation.of(month, Deviation(*sums, days), asked.currency, limit_ppm)
            for month, days in _come(months, policy)
            for sums in [found.get(month, (0, 0))]
        ]

    @strawberry.field(
        description="Who is over the limit at the end of a month, most first: a window-dressing "
        "detector. Those whose average is not positive have no deviation and are left out."
    )
    async def over_deviation_limit(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        month: YearMonth,
        level: Level = Level.CUSTOMER,
        order_by: Order = Order.DEVIATION,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        lines: Lines = None,
        currency: Currency = None,
        limit: Limit = STANDARD_LIMIT,
        first: First = 20,
        after: After = None,
    ) -> list[OverLimit] | None:
        principal = info.context.principal
        page = Page(
            level=level.value,
            order=order_by,
            limit_ppm=ppm(limit, "limit"),
            first=many(first),
            after=place(after),
        )
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        must_keep(policy, month)
        days = days_come(month, policy.business_date)
        if not days:
            return []
        scope = scope_of(info, branch, manager, beneath=beneath)
        asked = _asked(policy, lines, currency, scope)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await balances.over_limit(
                session, principal.institution, asked, month, days, page
            )
        return [
            OverLimit.of(
                level,
                one,
                DepositDeviation.of(month, one.found, asked.currency, page.limit_ppm),
            )
            for one in found
        ]


def _asked(
    policy: Policy, lines: list[Line] | None, currency: str | None, scope: Scope
) -> Balances:
    if lines is not None and not lines:
        raise BadRequest("'lines' must name at least one line.")
    return Balances(
        lines=lines or [Line.DEPOSIT], currency=currency or policy.currency, scope=scope
    )


def _come(months: Period, policy: Policy) -> list[tuple[date, int]]:
    come = [(month, days_come(month, policy.business_date)) for month in months]
    return [(month, days) for month, days in come if days]
