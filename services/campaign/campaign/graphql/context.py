"""What a resolver may reach, typed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import strawberry
from kit.db import Database
from kit.identity import Principal

from campaign.graphql.loaders import Loaders
from campaign.store.wakes import Bell


@dataclass(slots=True)
class Context:
    """Lives for one request."""

    db: Database
    principal: Principal
    loaders: Loaders
    clock: Callable[[], datetime]
    bell: Bell


Info: TypeAlias = strawberry.Info[Context, None]
