"""Arguments that say whose customers a report is about, and in which view."""

from typing import Annotated, TypeAlias

import strawberry

from scoring.domain.line import View
from scoring.domain.scope import Scope
from scoring.graphql.context import Info

strawberry.enum(
    View,
    name="ContributionView",
    description="Which lines are added up: GROSS all but tax and capital, NET all but capital, "
    "ECONOMIC all.",
)
Branch: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Only customers whom this branch, by its code, looks after now."
    ),
]
Beneath: TypeAlias = Annotated[
    bool,
    strawberry.argument(description="Of a branch: also those of every branch beneath it."),
]
Manager: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Only customers whom this manager, by staff number, looks after now."
    ),
]


def scope_of(info: Info, branch: str | None, manager: str | None, *, beneath: bool) -> Scope:
    """Return whose customers are asked for, of those within the caller's reach."""
    within = info.context.reached.within
    return Scope(branch=branch, beneath=beneath, manager=manager, within=within)
