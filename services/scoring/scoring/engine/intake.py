"""Which postings of an extract count: the rules by which the service takes them in."""

from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from scoring.domain.posting import (
    AMOUNT_LIMIT,
    CLOCKS_MAY_DIFFER,
    EARLIEST,
    LATEST_AFTER_BOOKING,
)


@dataclass(frozen=True, slots=True)
class Intake:
    """Postings to count, each once, and the ids that stand for more than one posting."""

    admitted: ir.Table
    contradicted: ir.Table


def intake(postings: ir.Table, accounts: ir.Table, *, at: datetime) -> Intake:
    """Drop repeats and what the service would refuse at `at`.

    The service keeps the first posting of an id and refuses others; files have no first, so none
    of them is admitted and the ids are told. A booking's day is taken in UTC.
    """
    possible = postings.distinct().filter(
        lambda t: (t.amount_minor != 0) & (t.amount_minor.abs() < AMOUNT_LIMIT),
        lambda t: t.booked_at <= ibis.literal(at + CLOCKS_MAY_DIFFER),
        lambda t: t.value_date >= ibis.literal(EARLIEST),
        lambda t: (
            t.value_date.epoch_days() <= t.booked_at.date().epoch_days() + LATEST_AFTER_BOOKING.days
        ),
    )
    counted = possible.group_by("id").aggregate(copies=lambda t: t.count())
    contradicted = counted.filter(lambda t: t.copies > 1).select("id")
    admitted = possible.anti_join(contradicted, "id").semi_join(accounts, ["account", "currency"])
    return Intake(admitted, contradicted)
