"""Whose customers a report is about, and whose records its caller may look at."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Whose records a caller may look at; whoever else there is, is as if there were not.

    Everybody's; or those of the customers whom these branches look after now, or any beneath
    them, or whom this manager does; or those of one customer. Nobody's, where nothing is said.
    """

    everybody: bool = False
    branches: AbstractSet[str] = frozenset()
    manager: str | None = None
    customer: str | None = None


EVERYBODY = Within(everybody=True)
NOBODY = Within()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Customers of a branch, with those of every branch beneath it or without; of a manager; all.

    Of them only those `within` the caller's reach. A customer belongs to the branch and the
    manager that look after them now, also for the past.
    """

    branch: str | None = None
    beneath: bool = True
    manager: str | None = None
    within: Within = EVERYBODY


WHOLE_BANK = Scope()
