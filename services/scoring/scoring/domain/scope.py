"""Whose customers a report over the bank is about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Customers of a branch, with those of every branch beneath it or without; of a manager; all.

    A customer belongs to the branch and the manager that look after them now, also for the past.
    """

    branch: str | None = None
    beneath: bool = True
    manager: str | None = None


WHOLE_BANK = Scope()
