"""What a resolver may reach, typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import strawberry
from kit.db import Database
from kit.identity import Principal

from campaign.graphql.loaders import Loaders


@dataclass(slots=True)
class Context:
    """Lives for one request."""

    db: Database
    principal: Principal
    loaders: Loaders
    clock: Callable[[], datetime]


Info: TypeAlias = strawberry.Info[Context, None]


def uuid_or_none(written: str) -> UUID | None:
    """Return the id that `written` is, or None where it can be nobody's."""
    try:
        return UUID(written)
    except ValueError:
        return None
