"""A loan's terms, and the movements that follow from them alone."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scoring.domain.line import Line
from scoring.domain.months import clamped, month_of, plus
from scoring.domain.posting import AMOUNT_LIMIT, EARLIEST, AccountKey, Rejection

LONGEST_TERM_MONTHS = 600


class Grade(StrEnum):
    """The five grades of a loan's quality."""

    NORMAL = "normal"
    SPECIAL_MENTION = "special_mention"
    SUBSTANDARD = "substandard"
    DOUBTFUL = "doubtful"
    LOSS = "loss"


class BalanceBasis(StrEnum):
    """Where a loan account's balance comes from."""

    SCHEDULE = "schedule"
    POSTINGS = "postings"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """What was agreed; amounts in minor units, all positive."""

    principal_minor: int
    granted_on: date
    term_months: int
    instalment_minor: int
    grade: Grade
    balance_basis: BalanceBasis
    settlement_account_number: str = ""


def objection(terms: LoanTerms) -> Rejection | None:
    """Return why these cannot be a loan's terms."""
    if not 0 < terms.principal_minor < AMOUNT_LIMIT:
        return Rejection("INVALID", "principal_minor: must be more than 0 and less than 10^15")
    if not 0 <= terms.instalment_minor < AMOUNT_LIMIT:
        return Rejection("INVALID", "instalment_minor: must be from 0 to less than 10^15")
    if not 1 <= terms.term_months <= LONGEST_TERM_MONTHS:
        return Rejection("INVALID", f"term_months: must be from 1 to {LONGEST_TERM_MONTHS}")
    if terms.granted_on < EARLIEST:
        return Rejection("INVALID", "granted_on: must not be before 1900-01-01")
    return None


def mismatch(account: AccountKey) -> Rejection | None:
    """Return why terms cannot belong to `account`."""
    if account.line is Line.LOAN:
        return None
    return Rejection("NOT_A_LOAN", f"account_number: a {account.line} account has no loan terms")


def movements(terms: LoanTerms) -> list[tuple[date, int]]:
    """Return every change of the loan account's balance, oldest first; they sum to exactly 0.

    What is owed is negative: the principal on the day it is granted, then one instalment a month
    on the same day of the month (the month's last day where it is shorter). No instalment takes
    more than is still owed, and the last one takes all that is left.
    """
    moves = [(terms.granted_on, -terms.principal_minor)]
    owed = terms.principal_minor
    first = month_of(terms.granted_on)
    for step in range(1, terms.term_months + 1):
        paid = owed if step == terms.term_months else min(owed, terms.instalment_minor)
        if paid:
            moves.append((clamped(plus(first, step), terms.granted_on.day), paid))
            owed -= paid
    return moves
