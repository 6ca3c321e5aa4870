"""How each refusal about schemes looks to a client."""

from typing import Any, Self

import strawberry
from kit.graphql import REUSED, Handler, Problem, answer
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from scoring.domain import problems as domain
from scoring.domain.reading import Finding


@strawberry.type(description="One thing that is wrong with a scheme's document.")
class SchemeFinding:
    path: str = strawberry.field(
        description="Where, as `fees.2.share_ppm`; `line 3` of a text that is not YAML."
    )
    reason: str = strawberry.field(description="For people; may change.")

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(path=finding.path, reason=finding.reason)


@strawberry.type(description="The document is wrong; nothing was stored.")
class SchemeInvalid(Problem):
    findings: list[SchemeFinding] = strawberry.field(
        description="Everything that is wrong, at most 50, in the order of the document."
    )


@strawberry.type(description="Your institution has no scheme of this version.")
class SchemeNotFound(Problem): ...


@strawberry.type(description="The version, or the month that it begins with, is taken.")
class SchemeConflict(Problem): ...


@strawberry.type(description="The draft has changed since you read it.")
class StaleRevision(Problem): ...


@strawberry.type(description="The version is approved or withdrawn, and no longer changes.")
class NotDraft(Problem): ...


@strawberry.type(description="No shadow run has finished on exactly this content.")
class NotSimulated(Problem): ...


@strawberry.type(description="Whoever wrote any revision of a scheme cannot approve it.")
class SamePerson(Problem): ...


@strawberry.type(description="The scheme would begin with a month that is over.")
class MonthClosed(Problem): ...


@strawberry.type(description="The scheme prices months already, and cannot be taken back.")
class SchemeInForce(Problem): ...


@strawberry.type(description="Nothing is known of your institution yet; load its data first.")
class NothingToSimulate(Problem): ...


class _Invalid:
    """Turns a refused document into a union member that lists the findings."""

    exception_type = domain.SchemeInvalid
    error_type = SchemeInvalid

    def handle(
        self, exception: domain.SchemeInvalid, *, field: StrawberryField, info: Info[Any, Any]
    ) -> SchemeInvalid:
        del field, info
        findings = [SchemeFinding.of(one) for one in exception.findings]
        return SchemeInvalid(code=exception.code, message=str(exception), findings=findings)


HANDLERS: list[Handler] = [
    REUSED,
    _Invalid(),
    answer(domain.SchemeNotFound, SchemeNotFound),
    answer(domain.SchemeConflict, SchemeConflict),
    answer(domain.StaleRevision, StaleRevision),
    answer(domain.NotDraft, NotDraft),
    answer(domain.NotSimulated, NotSimulated),
    answer(domain.SamePerson, SamePerson),
    answer(domain.MonthClosed, MonthClosed),
    answer(domain.SchemeInForce, SchemeInForce),
    answer(domain.NothingToSimulate, NothingToSimulate),
]
