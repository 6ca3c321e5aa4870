"""Whose records a caller may see; whoever lies beyond is as if they did not exist."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol


class Caller(Protocol):
    """What is known of who asks: how far they reach, and what that is measured by."""

    @property
    def institution(self) -> str: ...
    @property
    def reach(self) -> str: ...
    @property
    def branch_codes(self) -> AbstractSet[str]: ...
    @property
    def staff_number(self) -> str | None: ...
    @property
    def customer_number(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The institution's customers who fit one of these; where none is said, nobody does.

    `branch_codes`: kept by one of these branches, or by one that stands below it at any depth.
    `manager_number`: cared for by this member of staff (管户). `customer_number`: the one customer.
    """

    institution: str
    everybody: bool = False
    branch_codes: frozenset[str] = frozenset()
    manager_number: str | None = None
    customer_number: str | None = None

    @classmethod
    def whole(cls, institution: str) -> "Within":
        """Return everybody of an institution."""
        return cls(institution=institution, everybody=True)

    @classmethod
    def of(cls, caller: Caller) -> "Within":
        """Return whom the caller reaches; by a reach that is not for persons, nobody."""
        institution = caller.institution
        match caller.reach:
            case "institution":
                return cls.whole(institution)
            case "branches":
                return cls(institution=institution, branch_codes=frozenset(caller.branch_codes))
            case "book":
                return cls(institution=institution, manager_number=caller.staff_number)
            case "self":
                return cls(institution=institution, customer_number=caller.customer_number)
            case _:
                return cls(institution=institution)
