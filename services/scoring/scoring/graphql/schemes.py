"""Scheme versions as clients see them: content, state, what was done, and what differs."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from scoring.domain import lifecycle
from scoring.domain.difference import Difference, differences
from scoring.domain.lifecycle import Act, State
from scoring.graphql.context import Info
from scoring.graphql.scalars import YearMonth
from scoring.graphql.scheme_loaders import RUNS, STEPS
from scoring.graphql.shadow import ShadowRun

strawberry.enum(
    State,
    name="SchemeState",
    description="DRAFT, SIMULATED once a shadow run has finished on exactly this content, "
    "APPROVED by a second person, IN_FORCE from its first month on; or WITHDRAWN.",
)
strawberry.enum(
    Act,
    name="SchemeAct",
    description="What was done; LOADED is a bank's first scheme, in force without approval.",
)


@strawberry.type(description="What was done to a scheme version.")
class SchemeStep:
    number: int = strawberry.field(description="Counts from 1 within the version.")
    act: Act
    revision: int = strawberry.field(description="The revision that it was done to, or made.")
    by: str = strawberry.field(description="Who did it, as their token names them.")
    recorded_at: datetime = strawberry.field(description="When it was stored.")

    @classmethod
    def of(cls, step: lifecycle.Step) -> Self:
        return cls(
            number=step.number,
            act=step.act,
            revision=step.revision,
            by=step.by,
            recorded_at=step.recorded_at,
        )


@strawberry.type(description="One place where two schemes say different things.")
class SchemeDifference:
    path: str = strawberry.field(description="As `fees.2.share_ppm`.")
    before: str | None = strawberry.field(description="In the other one; null if nothing.")
    after: str | None = strawberry.field(description="In this one; null if nothing.")

    @classmethod
    def of(cls, found: Difference) -> Self:
        return cls(path=found.path, before=_shown(found.before), after=_shown(found.after))


def _shown(value: str | int | bool | None) -> str | None:  # noqa: FBT001  (a value of a document)
    return value if value is None or isinstance(value, str) else json.dumps(value)


@strawberry.type(description="One version of the bank's policy of what business is worth.")
class SchemeVersion:
    value: strawberry.Private[lifecycle.Version]
    business_month: strawberry.Private[date | None]
    approved: strawberry.Private[Sequence[date]]

    @strawberry.field(description="Unique within the institution.")
    def version(self) -> int:
        return self.value.number

    @strawberry.field(description="For people.")
    def name(self) -> str:
        return self.value.content.name

    @strawberry.field(description="Where it stands.")
    def state(self) -> State:
        return self.value.state_in(self.business_month)

    @strawberry.field(description="Counts the contents that it has had, from 1.")
    def revision(self) -> int:
        return self.value.revision

    @strawberry.field(description="The first month that it prices, once approved.")
    def effective_from(self) -> YearMonth:
        return YearMonth(self.value.content.effective_from)

    @strawberry.field(
        description="The first month that the next approved scheme prices instead; "
        "null while there is none, or this one is not approved."
    )
    def until(self) -> YearMonth | None:
        if self.value.state is not State.APPROVED:
            return None
        since = self.value.content.effective_from
        later = [month for month in self.approved if month > since]
        return YearMonth(min(later)) if later else None

    @strawberry.field(description="The document as it was written, YAML or JSON text.")
    def document(self) -> str:
        return self.value.content.text

    @strawberry.field(description="The document as JSON text, its names in alphabetical order.")
    def json(self) -> str:
        return json.dumps(self.value.content.document, sort_keys=True, ensure_ascii=False)

    @strawberry.field(description="Who wrote the first revision.")
    def author(self) -> str:
        return self.value.writers[0]

    @strawberry.field(description="Everyone who wrote any revision; none of them may approve it.")
    def writers(self) -> list[str]:
        return list(self.value.writers)

    @strawberry.field(description="Who approved it; null if nobody, as for a first scheme.")
    def approver(self) -> str | None:
        return self.value.approver

    @strawberry.field(description=f"The last {STEPS} things that were done to it, newest first.")
    async def history(self, info: Info) -> list[SchemeStep] | None:
        found = await info.context.schemes.steps_by_version.load(self.value.number)
        return [SchemeStep.of(step) for step in found]

    @strawberry.field(description=f"The last {RUNS} shadow runs of it, newest first.")
    async def shadow_runs(self, info: Info) -> list[ShadowRun] | None:
        policy = await info.context.loaders.policy()
        found = await info.context.schemes.runs_by_version.load(self.value.number)
        return [ShadowRun.of(one, policy.currency) for one in found] if policy else None

    @strawberry.field(
        description="Every place whose value differs from another version's, by path; "
        "null if there is no such version."
    )
    async def diff(
        self,
        info: Info,
        against: Annotated[int, strawberry.argument(description="The other version.")],
    ) -> list[SchemeDifference] | None:
        other = await info.context.schemes.by_number.load(against)
        if other is None:
            return None
        found = differences(other.content.document, self.value.content.document)
        return [SchemeDifference.of(one) for one in found]


@strawberry.type(description="Scheme versions, highest first.")
class SchemeVersions:
    nodes: list[SchemeVersion]
    has_next_page: bool = strawberry.field(
        description="Whether there are more; ask for those before the last version shown."
    )
