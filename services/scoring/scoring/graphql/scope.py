"""Arguments that say whose customers a report is about."""

from typing import Annotated, TypeAlias

import strawberry

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
