"""What a resolver may reach, typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import strawberry
from kit.db import Database
from kit.identity import Principal

from customer.domain.personal import Personal
from customer.domain.reach import Within
from customer.graphql.loaders import Loaders
from customer.operations.showing import Showing


@dataclass(frozen=True, slots=True)
class Context:
    """Lives for one request."""

    db: Database
    principal: Principal
    loaders: Loaders
    within: Within
    showing: Showing
    personal: Personal
    clock: Callable[[], datetime]


Info: TypeAlias = strawberry.Info[Context, None]
