"""The general ledger against the accounts: differences, and the accounts behind a figure."""

from typing import Annotated, Self

import strawberry

from scoring.domain.line import Line
from scoring.domain.month_end import days_come
from scoring.domain.months import days_in, last_day
from scoring.domain.policy import Policy
from scoring.domain.problems import PeriodInvalid
from scoring.domain.reconciliation import Compared, LedgerTotal, Measure, Uncovered, reconcile
from scoring.domain.tolerance import EXACT, Tolerance
from scoring.graphql.context import Info
from scoring.graphql.deviation import must_keep
from scoring.graphql.entities import Account
from scoring.graphql.paging import CURSOR, After, First, cursor, many, place
from scoring.graphql.scalars import Money, YearMonth
from scoring.store import ledger
from scoring.store.ledger import Part

strawberry.enum(
    Measure,
    name="LedgerMeasure",
    description="What a total counts: balances at the month's end, means of its days, or what was "
    "posted in it. Deposits are whatever is no loan.",
)
ToleranceMinor = Annotated[
    int | None,
    strawberry.argument(
        description="Differences up to here are none, in minor units; by default what the "
        "month's scheme tolerates."
    ),
]
Whichever = Annotated[str | None, strawberry.argument(description="Only of this code.")]


@strawberry.type(description="A total of the general ledger beside what its accounts come to.")
class LedgerComparison:
    gl_account: str
    name: str
    measure: Measure
    line: Line | None = strawberry.field(description="Null: of whichever line.")
    product: str | None = strawberry.field(description="Code; null: of whichever product.")
    branch: str | None = strawberry.field(
        description="Code of the branch that keeps the accounts; null: whichever."
    )
    ledger: Money
    computed: Money = strawberry.field(description="What the accounts come to.")
    difference: Money = strawberry.field(description="Ledger less computed.")
    tolerance: Money = strawberry.field(description="Up to here a difference is none.")
    within: bool = strawberry.field(description="Whether the difference is within the tolerance.")
    cursor: str = strawberry.field(description=CURSOR)

    @classmethod
    def of(cls, number: int, found: Compared) -> Self:
        """Show a comparison."""
        total = found.total
        return cls(
            gl_account=total.gl_account,
            name=total.name,
            measure=total.measure,
            line=Line(total.line) if total.line else None,
            product=total.product or None,
            branch=total.branch or None,
            ledger=Money.of(total.amount_minor, total.currency),
            computed=Money.of(found.computed_minor, total.currency),
            difference=Money.of(found.difference_minor, total.currency),
            tolerance=Money.of(found.tolerance_minor, total.currency),
            within=found.within,
            cursor=cursor(number, total.gl_account),
        )


@strawberry.type(description="Accounts that no total of the ledger counts, though it has others.")
class UncoveredAccounts:
    measure: Measure
    line: Line
    product: str
    branch: str
    amount: Money

    @classmethod
    def of(cls, found: Uncovered) -> Self:
        """Show what is missing in the ledger."""
        cell = found.cell
        return cls(
            measure=found.measure,
            line=cell.line,
            product=cell.product,
            branch=cell.branch,
            amount=Money.of(found.amount_minor, cell.currency),
        )


@strawberry.type(description="A month of the general ledger against the accounts.")
class Reconciliation:
    month: YearMonth
    totals: int = strawberry.field(description="Totals that the ledger gives.")
    differences: int = strawberry.field(description="Of them, those beyond the tolerance.")
    lines: list[LedgerComparison] = strawberry.field(
        description="By account of the ledger, as many as asked for."
    )
    uncovered: list[UncoveredAccounts] = strawberry.field(
        description="Products at branches that have a figure and no total; at most 100."
    )


@strawberry.type(description="An account behind a figure.")
class LedgerPart:
    account: Account | None
    number: str
    amount: Money = strawberry.field(description="What it adds to the figure.")
    cursor: str = strawberry.field(description=CURSOR)

    @classmethod
    def of(cls, found: Part, currency: str) -> Self:
        """Show an account's part."""
        return cls(
            account=Account(id=found.account_id),
            number=found.number,
            amount=Money.of(found.amount_minor, currency),
            cursor=cursor(0, found.number),
        )


def _must_have_ended(policy: Policy, month: YearMonth) -> None:
    must_keep(policy, month)
    if last_day(month) > policy.business_date:
        raise PeriodInvalid(
            f"{month:%Y-%m} has not ended on the business date {policy.business_date}."
        )


def _tolerance(policy: Policy, month: YearMonth, asked_minor: int | None) -> Tolerance:
    if asked_minor is not None:
        return Tolerance(minor=asked_minor)
    scheme = policy.scheme(month)
    return scheme.tolerance if scheme else EXACT


@strawberry.type
class ReconciliationQuery:
    @strawberry.field(
        description="Compares the general ledger's totals of a month that has ended with what the "
        "accounts come to, as last worked out. Null where the ledger gave none."
    )
    async def reconciliation(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        month: YearMonth,
        tolerance_minor: ToleranceMinor = None,
        differences_only: bool = False,  # noqa: FBT001, FBT002  (an argument of the graph)
        first: First = 20,
        after: After = None,
    ) -> Reconciliation | None:
        principal, size, behind = info.context.principal, many(first), place(after)
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        _must_have_ended(policy, month)
        async with info.context.db.read(info.context.principal.institution) as session:
            totals = await ledger.totals_of(session, principal.institution, month)
            if not totals:
                return None
            cells = await ledger.cells(session, principal.institution, month)
        found = reconcile(totals, cells, days_in(month), _tolerance(policy, month, tolerance_minor))
        shown = [LedgerComparison.of(number, one) for number, one in enumerate(found.compared, 1)]
        wanted = [
            one
            for number, one in enumerate(shown, 1)
            if number > (behind[0] if behind else 0) and not (differences_only and one.within)
        ]
        return Reconciliation(
            month=month,
            totals=len(totals),
            differences=sum(not one.within for one in shown),
            lines=wanted[:size],
            uncovered=[UncoveredAccounts.of(one) for one in found.uncovered[:100]],
        )

    @strawberry.field(
        description="The accounts behind a figure of the reconciliation, by number; their parts "
        "sum to it, but that each part of a mean is rounded by itself."
    )
    async def reconciled_accounts(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        month: YearMonth,
        measure: Measure,
        currency: str | None = None,
        line: Line | None = None,
        product: Whichever = None,
        branch: Whichever = None,
        first: First = 20,
        after: After = None,
    ) -> list[LedgerPart] | None:
        principal, size, behind = info.context.principal, many(first), place(after)
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        _must_have_ended(policy, month)
        asked = LedgerTotal(
            month=month,
            gl_account="",
            name="",
            measure=measure,
            currency=currency or policy.currency,
            amount_minor=0,
            line=line.value if line else "",
            product=product or "",
            branch=branch or "",
        )
        days = days_come(month, policy.business_date)
        page = (behind[1] if behind else "", size)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await ledger.parts(session, principal.institution, asked, days, page)
        return [LedgerPart.of(one, asked.currency) for one in found]
