"""Shadow runs as clients see them: what a draft would change, for whom, and why."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry
from kit.graphql import PageInfo
from kit.problem import BadRequest

from scoring.domain import shadow as domain
from scoring.domain import shadow_side
from scoring.domain.line import Line, View
from scoring.domain.shadow import Movement
from scoring.graphql.context import Info
from scoring.graphql.contribution import ECONOMIC, GROSS, NET
from scoring.graphql.entities import Customer
from scoring.graphql.paging import After, First, cursor, many, place
from scoring.graphql.scalars import Money, YearMonth
from scoring.store import shadow_results
from scoring.store.shadow_results import ChangedCustomer, ManagerSum, Wanted
from scoring.store.shadow_runs import Phase, Run, RunState

strawberry.enum(
    RunState,
    name="ShadowRunState",
    description="ABANDONED is a run whose draft was edited, approved or withdrawn meanwhile; "
    "FAILED one that could not go on.",
)
strawberry.enum(
    Phase,
    name="ShadowRunPhase",
    description="RANKING goes through everyone to rank them under the draft, where its ladder "
    "does; COMPARING goes through everyone and tells what would change.",
)
strawberry.enum(
    Movement,
    name="TierMovement",
    description="Where a customer's tier would go; OTHER is another tier of the same rank.",
)
Pair = tuple[int, int]
MOST_MANAGERS = 1_000_000


@strawberry.type(description="An amount in force, under the draft, and the difference.")
class ShadowAmount:
    before: Money
    after: Money
    change: Money

    @classmethod
    def of(cls, pair: Pair, currency: str) -> Self:
        before, after = pair
        return cls(
            before=Money.of(before, currency),
            after=Money.of(after, currency),
            change=Money.of(after - before, currency),
        )


@strawberry.type(description="Pay by points; null where no scheme of the months pays by points.")
class ShadowPay:
    before: Money | None
    after: Money | None

    @classmethod
    def of(cls, pair: tuple[int | None, int | None], currency: str) -> Self:
        before, after = (None if one is None else Money.of(one, currency) for one in pair)
        return cls(before=before, after=after)


@strawberry.type(description="Points on both sides.")
class ShadowPoints:
    before: str = strawberry.field(description="A whole number.")
    after: str = strawberry.field(description="A whole number.")

    @classmethod
    def of(cls, pair: Pair) -> Self:
        return cls(before=str(pair[0]), after=str(pair[1]))


@strawberry.type(description="One line on both sides.")
class ShadowLine:
    line: Line
    amount: ShadowAmount


@strawberry.type(description="How many hold a tier on both sides.")
class ShadowTierCount:
    code: str
    before: int
    after: int


@strawberry.type(description="A tier at the end of the months, and what gave it.")
class ShadowTier:
    code: str
    name: str
    rank: int = strawberry.field(description="1 is the lowest of its ladder.")
    since: date = strawberry.field(description="The first day that it is held without a break.")
    rule: str = strawberry.field(description="What was measured.")
    value: Money | None = strawberry.field(description="What it came to when the tier began.")
    threshold: Money | None = strawberry.field(description="What the tier needs at least.")

    @classmethod
    def of(cls, held: shadow_side.Standing, currency: str) -> Self:
        return cls(
            code=held.code,
            name=held.name,
            rank=held.rank,
            since=held.since,
            rule=held.rule,
            value=None if held.value is None else Money.of(held.value, currency),
            threshold=None if held.threshold is None else Money.of(held.threshold, currency),
        )


@strawberry.type(description="An input of a rule that the draft changes.")
class ShadowInput:
    name: str
    unit: str
    before: str = strawberry.field(description="Empty where the rule has no such input.")
    after: str = strawberry.field(description="Empty where the rule has no such input.")


@strawberry.type(description="What a rule gives on both sides, over all accounts and months.")
class ShadowRule:
    line: Line
    rule: str = strawberry.field(description="Stable name of the rule.")
    entry: str = strawberry.field(description="Tells entries of one rule apart; or empty.")
    amount: ShadowAmount
    inputs: list[ShadowInput] = strawberry.field(
        description=f"Inputs that differ, at most {domain.MOST_INPUTS} different ones."
    )

    @classmethod
    def of(cls, found: domain.RuleChange, currency: str) -> Self:
        return cls(
            line=found.line,
            rule=found.rule,
            entry=found.entry,
            amount=ShadowAmount.of((found.before_minor, found.after_minor), currency),
            inputs=[
                ShadowInput(
                    name=one.name, unit=one.unit, before=str(one.before), after=str(one.after)
                )
                for one in found.inputs
            ],
        )


def _view(lines: Mapping[Line, Pair], view: View, currency: str) -> ShadowAmount:
    pairs = [lines[line] for line in view.lines]
    both = sum(before for before, _ in pairs), sum(after for _, after in pairs)
    return ShadowAmount.of(both, currency)


def _lines(lines: Mapping[Line, Pair], currency: str) -> list[ShadowLine]:
    return [ShadowLine(line=line, amount=ShadowAmount.of(lines[line], currency)) for line in Line]


@strawberry.type(description="A customer whose lines, tier, points or pay would change, and why.")
class ShadowCustomer:
    customer: Customer | None
    branch: str | None = strawberry.field(description="Who looks after the customer now.")
    manager: str | None = strawberry.field(description="Who looks after the customer now.")
    gross: ShadowAmount = strawberry.field(description=GROSS)
    net: ShadowAmount = strawberry.field(description=NET)
    economic: ShadowAmount = strawberry.field(description=ECONOMIC)
    lines: list[ShadowLine] = strawberry.field(description="Every line.")
    tier_before: ShadowTier | None = strawberry.field(description="Null before the first account.")
    tier_after: ShadowTier | None
    movement: Movement
    points: ShadowPoints
    pay: ShadowPay
    failure_before: str | None = strawberry.field(
        description="Code and what is missing, where a month cannot be priced in force; amounts "
        "are those of the months that both sides can price."
    )
    failure_after: str | None = strawberry.field(description="The same under the draft.")
    rules: list[ShadowRule] = strawberry.field(description="The rules that give other amounts.")

    @classmethod
    def of(cls, found: ChangedCustomer, currency: str) -> Self:
        before, after = (ShadowTier.of(one, currency) if one else None for one in found.tiers)
        return cls(
            customer=Customer(id=found.customer_id),
            branch=found.branch,
            manager=found.manager,
            gross=_view(found.lines, View.GROSS, currency),
            net=_view(found.lines, View.NET, currency),
            economic=_view(found.lines, View.ECONOMIC, currency),
            lines=_lines(found.lines, currency),
            tier_before=before,
            tier_after=after,
            movement=found.movement,
            points=ShadowPoints.of(found.points),
            pay=ShadowPay.of(found.pay_minor, currency),
            failure_before=found.failures[0],
            failure_after=found.failures[1],
            rules=[ShadowRule.of(one, currency) for one in found.changes],
        )


@strawberry.type(description="Sums over customers: all, or those whom one manager looks after.")
class ShadowSum:
    manager: str | None = strawberry.field(description="Staff number; null for none, or for all.")
    customers: int
    changed: int = strawberry.field(description="How many of them would change.")
    gross: ShadowAmount = strawberry.field(description=GROSS)
    net: ShadowAmount = strawberry.field(description=NET)
    economic: ShadowAmount = strawberry.field(description=ECONOMIC)
    lines: list[ShadowLine] = strawberry.field(description="Every line.")
    tiers: list[ShadowTierCount] = strawberry.field(description="Every tier that anyone holds.")
    points: ShadowPoints
    pay: ShadowPay

    @classmethod
    def of(cls, found: ManagerSum, currency: str) -> Self:
        return cls(
            manager=found.manager or None,
            customers=found.customers,
            changed=found.changed,
            gross=_view(found.lines, View.GROSS, currency),
            net=_view(found.lines, View.NET, currency),
            economic=_view(found.lines, View.ECONOMIC, currency),
            lines=_lines(found.lines, currency),
            tiers=[
                ShadowTierCount(code=code, before=pair[0], after=pair[1])
                for code, pair in sorted(found.tiers.items())
            ],
            points=ShadowPoints.of(found.points),
            pay=ShadowPay.of(found.pay_minor, currency),
        )


@strawberry.type(description="Customers that would change, the largest change of any view first.")
class ShadowCustomers:
    nodes: list[ShadowCustomer]
    page_info: PageInfo


@strawberry.type(description="Managers with customers that would change, the largest first.")
class ShadowManagers:
    nodes: list[ShadowSum]
    page_info: PageInfo


@strawberry.type(
    description="A draft beside what is in force, over some months as if it had been in force "
    "then. Nothing but the run itself is stored."
)
class ShadowRun:
    value: strawberry.Private[Run]
    currency: strawberry.Private[str]

    id: UUID
    version: int
    revision: int
    state: RunState
    phase: Phase
    from_: YearMonth = strawberry.field(name="from", description="The first month.")
    to: YearMonth = strawberry.field(description="The last month.")
    business_date: date = strawberry.field(description="The current month counts through it.")
    requested_by: str
    recorded_at: datetime = strawberry.field(description="When the run was asked for.")
    finished_at: datetime | None
    done: int = strawberry.field(description="Customers that its phase has gone through.")
    total: int = strawberry.field(description="Customers that there are.")
    changed: int = strawberry.field(description="Customers that would change.")
    tiers_up: int
    tiers_down: int
    not_computed_before: int = strawberry.field(
        description="Customers with a month that cannot be priced as it is."
    )
    not_computed_after: int = strawberry.field(
        description="Customers with a month that cannot be priced under the draft."
    )
    failure: str | None = strawberry.field(
        description="Why it FAILED, as a code: INTERNAL is a bug. Null otherwise."
    )
    trace_id: str | None = strawberry.field(
        description="What to quote where it stopped; null while it goes on."
    )

    @classmethod
    def of(cls, run: Run, currency: str) -> Self:
        return cls(
            value=run,
            currency=currency,
            id=run.id,
            version=run.version,
            revision=run.revision,
            state=run.state,
            phase=run.phase,
            from_=YearMonth(run.period.first),
            to=YearMonth(run.period.last),
            business_date=run.business_date,
            requested_by=run.requested_by,
            recorded_at=run.recorded_at,
            finished_at=run.finished_at,
            done=run.done,
            total=run.total,
            changed=run.changed,
            tiers_up=run.up,
            tiers_down=run.down,
            not_computed_before=run.fails_before,
            not_computed_after=run.fails_after,
            failure=run.failure,
            trace_id=run.trace_id,
        )

    @strawberry.field(description="Sums over everyone that the run has gone through.")
    async def whole(self, info: Info) -> ShadowSum | None:
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await shadow_results.whole(session, self.value.institution, self.value.id)
        return ShadowSum.of(found, self.currency)

    @strawberry.field(description="Who would change, the largest change of any view first.")
    async def customers(  # noqa: PLR0913, PLR0917  (a page and what narrows it)
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        manager: Annotated[
            str | None, strawberry.argument(description="Staff number; empty for nobody's.")
        ] = None,
        branch: Annotated[str | None, strawberry.argument(description="Its code.")] = None,
        movement: Movement | None = None,
    ) -> ShadowCustomers | None:
        count, start = many(first), _customer_place(after)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await shadow_results.customers(
                session,
                self.value.institution,
                self.value.id,
                Wanted(manager=manager, branch=branch, movement=movement),
                start,
                count + 1,
            )
        shown = found[:count]
        ends = [cursor(one.size_minor, str(one.customer_id)) for one in shown]
        return ShadowCustomers(
            nodes=[ShadowCustomer.of(one, self.currency) for one in shown],
            page_info=_page(ends, more=len(found) > count, began=after is not None),
        )

    @strawberry.field(description="Managers by the change of their customers' sums.")
    async def managers(
        self, info: Info, first: First = 20, after: After = None
    ) -> ShadowManagers | None:
        count, start = many(first), _manager_place(after)
        async with info.context.db.read(info.context.principal.institution) as session:
            found = await shadow_results.managers(
                session, self.value.institution, self.value.id, start, count + 1
            )
        shown = found[:count]
        ends = [cursor(start + number, "") for number, _ in enumerate(shown, 1)]
        return ShadowManagers(
            nodes=[ShadowSum.of(one, self.currency) for one in shown],
            page_info=_page(ends, more=len(found) > count, began=after is not None),
        )


def _customer_place(after: str | None) -> tuple[int, UUID] | None:
    found = place(after)
    try:
        return (found[0], UUID(found[1])) if found else None
    except ValueError:
        raise BadRequest("'after' must be the cursor of an entry.") from None


def _manager_place(after: str | None) -> int:
    found = place(after)
    if found and (found[1] or not 0 <= found[0] < MOST_MANAGERS):
        raise BadRequest("'after' must be the cursor of an entry.")
    return found[0] if found else 0


def _page(ends: list[str], *, more: bool, began: bool) -> PageInfo:
    return PageInfo(
        has_next_page=more,
        has_previous_page=began,
        start_cursor=ends[0] if ends else None,
        end_cursor=ends[-1] if ends else None,
    )
