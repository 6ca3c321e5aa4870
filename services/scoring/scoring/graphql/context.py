"""What a resolver may reach, typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import strawberry
from kit.db import Database
from kit.identity import Principal

from scoring.graphql.loaders import Loaders
from scoring.graphql.reach import Reached
from scoring.graphql.scheme_loaders import SchemeLoaders
from scoring.store.institution import Policies


@dataclass(frozen=True, slots=True)
class Context:
    """Lives for one request."""

    db: Database
    principal: Principal
    reached: Reached
    loaders: Loaders
    schemes: SchemeLoaders
    policies: Policies
    clock: Callable[[], datetime]


Info: TypeAlias = strawberry.Info[Context, None]
