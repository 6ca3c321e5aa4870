"""Every way to say no where personal data are seen, given out or erased.

Problem
  ReasonMissing, RevealLimit, VerificationMissing, PurposeMissing, AccountsOpen, CustomerErased
"""

import math
from datetime import timedelta
from typing import ClassVar

from kit.problem import Problem


class ReasonMissing(Problem):
    """Nobody said why."""

    code: ClassVar[str] = "REASON_MISSING"

    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(
            f"Say in {shortest} to {longest} characters why the value is needed; it is recorded."
        )


class RevealLimit(Problem):
    """The caller has revealed as much as one may for now."""

    code: ClassVar[str] = "REVEAL_LIMIT"
    status: ClassVar[int] = 429

    def __init__(self, wait: timedelta) -> None:
        minutes = math.ceil(wait / timedelta(minutes=1))
        super().__init__(
            f"You have revealed as many values as you may for now; try again in {minutes} min."
        )


class VerificationMissing(Problem):
    """The caller on the telephone has not proved who they are, or too long ago."""

    code: ClassVar[str] = "VERIFICATION_MISSING"

    def __init__(self) -> None:
        super().__init__(
            "The caller has not proved to be this customer, or too long ago; do so and record it "
            "with recordVerification first."
        )


class PurposeMissing(Problem):
    """Many customers were asked for, and not what for."""

    code: ClassVar[str] = "PURPOSE_MISSING"

    def __init__(self, freely: int) -> None:
        super().__init__(
            f"Beyond the first {freely} customers, say with purpose what the list is for; "
            "it is recorded."
        )


class AccountsOpen(Problem):
    """The customer still holds an account, so the bank has to know who it is."""

    code: ClassVar[str] = "ACCOUNTS_OPEN"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The customer holds {number} open account(s), whose holder the bank must know; close "
            "them first, or erase on the basis UNLAWFUL or LEGAL_ORDER."
        )


class CustomerErased(Problem):
    """Who the customer was has been erased, for good."""

    code: ClassVar[str] = "CUSTOMER_ERASED"

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Customer '{number}' was erased; nothing about it can be told or taken in any more. "
            "Someone who comes back is a new customer with a number of their own."
        )
