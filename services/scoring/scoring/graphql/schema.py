"""The entry points of the scoring subgraph."""

from pathlib import Path
from uuid import UUID

import strawberry
from kit.access import read_access
from kit.graphql import Schema

from scoring.domain.as_of import NOW
from scoring.domain.line import View
from scoring.domain.months import month_of
from scoring.graphql.audit import AuditQuery
from scoring.graphql.bridge import BridgeQuery
from scoring.graphql.concentration import ConcentrationQuery, OnlyLine
from scoring.graphql.context import Info
from scoring.graphql.cross_holding import CrossHoldingQuery
from scoring.graphql.deviation import DeviationQuery
from scoring.graphql.entities import Account, Customer
from scoring.graphql.groups import CustomerGroup
from scoring.graphql.paging import First, many
from scoring.graphql.reconciliation import ReconciliationQuery
from scoring.graphql.reports import (
    BankContribution,
    NotComputed,
    RankedCustomer,
    TierStep,
)
from scoring.graphql.scalars import SCALARS, AsOfArgument, From, To, moment, period
from scoring.graphql.scheme_entries import SchemeMutations, SchemeQueries
from scoring.graphql.scheme_problems import HANDLERS
from scoring.graphql.scope import Beneath, Branch, Manager, scope_of
from scoring.graphql.tier_entries import HANDLERS as TIER_HANDLERS
from scoring.graphql.tier_entries import TierMutations, TierQueries
from scoring.graphql.unions import UnionQuery
from scoring.operations import bank_sums, recalculation
from scoring.store import customer_months, reports, scores
from scoring.store.customer_months import Question

NOBODY = UUID(int=0)


@strawberry.type
class Query(
    TierQueries,
    AuditQuery,
    BridgeQuery,
    ConcentrationQuery,
    CrossHoldingQuery,
    DeviationQuery,
    ReconciliationQuery,
    SchemeQueries,
    UnionQuery,
):
    @strawberry.field(
        description="What the bank's customers contribute, or those of a branch or a manager. As "
        "of a past moment it is worked out now, and refused as TOO_MANY_CUSTOMERS for more than "
        f"{bank_sums.MOST_CUSTOMER_MONTHS} customers x months."
    )
    async def bank_contribution(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        from_: From,
        to: To,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        as_of: AsOfArgument = None,
    ) -> BankContribution | None:
        context, months, then = info.context, period(from_, to), moment(as_of)
        scope = scope_of(info, branch, manager, beneath=beneath)
        policy = await context.loaders.at(then).policy()
        if policy is None:
            return None
        if then == NOW:
            sums = await bank_sums.kept(context.db, policy.institution, months, scope)
        else:
            sums = await bank_sums.as_of_then(context.db, policy, months, scope, then)
        return BankContribution.of(sums, months, policy)

    @strawberry.field(description="The customers who contribute most, best first.")
    async def top_customers(  # noqa: PLR0913, PLR0917  (what may be asked for)
        self,
        info: Info,
        from_: From,
        to: To,
        first: First = 20,
        branch: Branch = None,
        beneath: Beneath = True,  # noqa: FBT002  (an argument of the graph)
        manager: Manager = None,
        view: View = View.GROSS,
        line: OnlyLine = None,
    ) -> list[RankedCustomer] | None:
        principal, months, size = info.context.principal, period(from_, to), many(first)
        scope = scope_of(info, branch, manager, beneath=beneath)
        asked = Question(period=months, scope=scope, view=view, line=line)
        policy = await info.context.loaders.policy()
        if policy is None:
            return None
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await customer_months.top(session, principal.institution, asked, size)
        return [RankedCustomer.of(n, one, policy.currency) for n, one in enumerate(found, 1)]

    @strawberry.field(description="The ladder in force, lowest first, and who stands on it.")
    async def tiers(self, info: Info) -> list[TierStep] | None:
        principal = info.context.principal
        policy = await info.context.loaders.policy()
        scheme = policy.scheme(month_of(policy.business_date)) if policy else None
        if policy is None or scheme is None:
            return None
        async with info.context.db.read(info.context.principal.institution) as session:
            held = await reports.tier_counts(
                session, principal.institution, info.context.reached.within
            )
        return [
            TierStep.of(step, held, policy.currency, scheme.ladder.unit)
            for step in scheme.ladder.steps
        ]

    @strawberry.field(description="Customers who cannot be worked out, by id, and why.")
    async def not_computed(
        self, info: Info, first: First = 20, after: UUID = NOBODY
    ) -> list[NotComputed] | None:
        principal, size = info.context.principal, many(first)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await scores.not_computed(
                session, principal.institution, info.context.reached.within, after, size
            )
        return [NotComputed.of(one) for one in found]


@strawberry.type(description="What a recomputation was asked for.")
class Recompute:
    customers: int = strawberry.field(description="How many customers now wait.")


@strawberry.type
class Mutation(SchemeMutations, TierMutations):
    @strawberry.mutation(
        description="Work every customer out again, from the first month on. Changes nothing "
        "that was right. The same idempotencyKey has one effect and one answer."
    )
    async def recompute(self, info: Info, idempotency_key: str) -> Recompute | None:
        context = info.context
        customers = await recalculation.recompute(
            context.db, context.principal, idempotency_key, at=context.clock()
        )
        return Recompute(customers=customers)


SCHEMA = Schema(
    Query,
    Mutation,
    types=[Customer, Account, CustomerGroup],
    access=read_access(Path(__file__).parents[1] / "access.json"),
    handlers=[*HANDLERS, *TIER_HANDLERS],
    scalars=SCALARS,
)
