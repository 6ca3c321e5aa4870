"""What a caller's reach means here."""

from kit.identity import Principal, Reach

from scoring.domain.scope import EVERYBODY, NOBODY, Within


def within_reach(who: Principal) -> Within:
    """Return whose records the caller may look at; a union (省联社) sees sums, nobody's records."""
    match who.reach:
        case Reach.INSTITUTION:
            return EVERYBODY
        case Reach.BRANCHES:
            return Within(branches=who.branch_codes)
        case Reach.BOOK:
            return Within(manager=who.staff_number)
        case Reach.SELF:
            return Within(customer=who.customer_number)
        case Reach.UNION:
            return NOBODY
