"""The entry points about schemes: reading them, and each step from draft to force."""

from typing import Annotated
from uuid import UUID

import strawberry
from kit.graphql import IdempotencyKeyReused

from scoring.domain import lifecycle
from scoring.domain.months import month_of
from scoring.graphql.context import Info
from scoring.graphql.paging import First, many
from scoring.graphql.scalars import YearMonth
from scoring.graphql.scheme_problems import (
    MonthClosed,
    NotDraft,
    NothingToSimulate,
    NotSimulated,
    SamePerson,
    SchemeConflict,
    SchemeInForce,
    SchemeInvalid,
    SchemeNotFound,
    StaleRevision,
)
from scoring.graphql.schemes import SchemeVersion, SchemeVersions
from scoring.graphql.shadow import ShadowRun
from scoring.operations import schemes, shadow
from scoring.operations.scheme_text import schema_text

ABOVE_ALL = 1_000_001
Key = Annotated[
    str, strawberry.argument(description="Same key, same answer: make a new one for a new wish.")
]
Document = Annotated[str, strawberry.argument(description="The whole scheme, YAML or JSON text.")]
Number = Annotated[int, strawberry.argument(description="The scheme's version.")]
Revision = Annotated[
    int, strawberry.argument(description="The revision that you read; refused if it has changed.")
]
DraftSchemeResult = Annotated[
    SchemeVersion | SchemeInvalid | SchemeConflict | IdempotencyKeyReused,
    strawberry.union("DraftSchemeResult"),
]
EditSchemeResult = Annotated[
    SchemeVersion
    | SchemeInvalid
    | SchemeConflict
    | SchemeNotFound
    | NotDraft
    | StaleRevision
    | IdempotencyKeyReused,
    strawberry.union("EditSchemeResult"),
]
ApproveSchemeResult = Annotated[
    SchemeVersion
    | SchemeNotFound
    | NotDraft
    | StaleRevision
    | NotSimulated
    | SamePerson
    | SchemeConflict
    | SchemeInvalid
    | MonthClosed
    | IdempotencyKeyReused,
    strawberry.union("ApproveSchemeResult"),
]
WithdrawSchemeResult = Annotated[
    SchemeVersion | SchemeNotFound | NotDraft | SchemeInForce | IdempotencyKeyReused,
    strawberry.union("WithdrawSchemeResult"),
]

SimulateSchemeResult = Annotated[
    ShadowRun
    | SchemeNotFound
    | NotDraft
    | StaleRevision
    | SchemeInvalid
    | NothingToSimulate
    | IdempotencyKeyReused,
    strawberry.union("SimulateSchemeResult"),
]


async def _shown(info: Info, *found: lifecycle.Version) -> list[SchemeVersion]:
    """Show versions as they stand in the institution's current month."""
    policy = await info.context.loaders.policy()
    month = month_of(policy.business_date) if policy else None
    taken = await schemes.approved_months(info.context.db, info.context.principal)
    return [SchemeVersion(value=one, business_month=month, approved=taken) for one in found]


@strawberry.type
class SchemeQueries:
    @strawberry.field(description="Scheme versions, highest first. Needs scheme:read.")
    async def schemes(
        self,
        info: Info,
        first: First = 20,
        before: Annotated[
            int, strawberry.argument(description="Only versions lower than this.")
        ] = ABOVE_ALL,
    ) -> SchemeVersions | None:
        context = info.context
        found, more = await schemes.versions(
            context.db, context.principal, first=many(first), before=before
        )
        return SchemeVersions(nodes=await _shown(info, *found), has_next_page=more)

    @strawberry.field(description="One scheme; null if there is none. Needs scheme:read.")
    async def scheme(self, info: Info, version: Number) -> SchemeVersion | None:
        found = await info.context.schemes.by_number.load(version)
        return (await _shown(info, found))[0] if found else None

    @strawberry.field(
        description="The JSON Schema of a scheme's document, as text. Needs scheme:read."
    )
    def scheme_json_schema(self) -> str | None:
        return schema_text()

    @strawberry.field(description="A shadow run; null if there is none. Needs scheme:read.")
    async def shadow_run(self, info: Info, id: UUID) -> ShadowRun | None:  # noqa: A002  (GraphQL's usual name)
        context = info.context
        found = await shadow.found(context.db, context.principal, id)
        policy = await context.loaders.policy()
        return ShadowRun.of(found, policy.currency) if found and policy else None


@strawberry.type
class SchemeMutations:
    @strawberry.mutation(
        description="Write down a new version; it prices nothing yet. Needs scheme:write."
    )
    async def draft_scheme(
        self, info: Info, document: Document, idempotency_key: Key
    ) -> DraftSchemeResult | None:
        context = info.context
        changed = await schemes.draft(
            context.db, context.principal, document, key=idempotency_key, at=context.clock()
        )
        return (await _shown(info, changed))[0]

    @strawberry.mutation(
        description="Give a draft other content; it must be simulated again. Needs scheme:write."
    )
    async def edit_scheme(
        self, info: Info, version: Number, revision: Revision, document: Document,
        idempotency_key: Key,
    ) -> EditSchemeResult | None:  # fmt: skip
        context = info.context
        changed = await schemes.edit(
            context.db,
            context.principal,
            version,
            document,
            revision=revision,
            key=idempotency_key,
            at=context.clock(),
        )
        return (await _shown(info, changed))[0]

    @strawberry.mutation(
        description="Let a draft wait for a shadow run beside what is in force, over months as if "
        "it had been in force then; by default the last twelve. Needs scheme:write."
    )
    async def simulate_scheme(  # noqa: PLR0913, PLR0917  (which draft, over which months)
        self,
        info: Info,
        version: Number,
        revision: Revision,
        idempotency_key: Key,
        from_: Annotated[
            YearMonth | None,
            strawberry.argument(name="from", description="The first month, by default a year ago."),
        ] = None,
        to: Annotated[
            YearMonth | None,
            strawberry.argument(description="The last month, by default the current one."),
        ] = None,
    ) -> SimulateSchemeResult | None:
        context = info.context
        run = await shadow.simulate(
            context.db,
            context.policies,
            context.principal,
            version,
            (from_, to),
            revision=revision,
            key=idempotency_key,
            at=context.clock(),
        )
        policy = await context.loaders.policy()
        return ShadowRun.of(run, policy.currency) if policy else None

    @strawberry.mutation(
        description="Agree to a simulated draft that others wrote (four eyes); it prices its "
        "months from now on. Needs scheme:approve."
    )
    async def approve_scheme(
        self, info: Info, version: Number, revision: Revision, idempotency_key: Key
    ) -> ApproveSchemeResult | None:
        context = info.context
        changed = await schemes.approve(
            context.db,
            context.principal,
            version,
            revision=revision,
            key=idempotency_key,
            at=context.clock(),
        )
        return (await _shown(info, changed))[0]

    @strawberry.mutation(
        description="Take back a draft, which needs scheme:write, or what is approved and has "
        "not begun, which needs scheme:approve."
    )
    async def withdraw_scheme(
        self, info: Info, version: Number, idempotency_key: Key
    ) -> WithdrawSchemeResult | None:
        context = info.context
        changed = await schemes.withdraw(
            context.db, context.principal, version, key=idempotency_key, at=context.clock()
        )
        return (await _shown(info, changed))[0]
