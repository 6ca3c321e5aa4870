"""The lines of business that contribution is told apart by."""

from enum import StrEnum


class Line(StrEnum):
    """Where contribution comes from: the six business lines, and what serving them costs."""

    DEPOSIT = "deposit"
    LOAN = "loan"
    SETTLEMENT = "settlement"
    INTERMEDIARY = "intermediary"
    E_BANKING = "e_banking"
    INTERNATIONAL = "international"
    COST_TO_SERVE = "cost_to_serve"
