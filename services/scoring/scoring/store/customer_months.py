"""What each customer contributes in each month, by line and view: kept for sums over the bank."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kit.db import copy_rows
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.line import Line, View
from scoring.domain.months import Period
from scoring.domain.scope import WHOLE_BANK, Scope
from scoring.store.organisation import within
from scoring.store.sql import rows

Sum = tuple[CustomerId, date, object, str, int]
_LINES = tuple(line.value for line in Line)
_VIEWS = {view.value: frozenset(line.value for line in view.lines) for view in View}
_COLUMNS = ("institution", "customer_id", "month", *_VIEWS, *_LINES)


async def add_months(session: AsyncSession, institution: str, sums: Iterable[Sum]) -> None:
    """Keep the customers' months that `sums` make; none of them may be kept already."""
    months: dict[tuple[CustomerId, date], dict[str, int]] = {}
    for customer, month, _, line, amount in sums:
        lines = months.setdefault((customer, month), dict.fromkeys(_LINES, 0))
        lines[line] += amount
    await copy_rows(
        session,
        "customer_month",
        _COLUMNS,
        (
            (
                institution,
                *key,
                *(sum(lines[one] for one in view) for view in _VIEWS.values()),
                *lines.values(),
            )
            for key, lines in months.items()
        ),
    )


_BANK = (
    f"select month, {', '.join(f'sum({line}) as {line}' for line in _LINES)} "  # noqa: S608  (fixed columns)
    "from customer_month where institution = :institution and month between :first and :last"
    "{within} group by month"
)
_EACH = (
    "select customer_id, cast(sum({column}) as bigint) as amount from customer_month "
    "where institution = :institution and month between :first and :last{within} "
    "group by customer_id"
)
_TOP = (
    "select customer_id, amount, sum(amount) over () as total "  # noqa: S608  (fixed parts)
    f"from ({_EACH}) as each order by amount desc, customer_id limit :limit"
)
_ALL = (
    "select array_agg(amount order by amount desc) as amounts, "  # noqa: S608  (fixed parts)
    "(select count(*) from customer where institution = :institution{whom}) as customers "
    f"from ({_EACH}) as each"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which contribution is asked for: of whom, over which months, in which view or line."""

    period: Period
    scope: Scope = WHOLE_BANK
    view: View = View.GROSS
    line: Line | None = None

    @property
    def column(self) -> str:
        """Name the column that holds it."""
        return self.line.value if self.line else self.view.value


async def bank(
    session: AsyncSession, institution: str, period: Period, scope: Scope = WHOLE_BANK
) -> dict[tuple[date, Line], int]:
    """Return the scope's contribution by month and line, where there is any."""
    condition, values = within(scope, "customer_id")
    statement = text(_BANK.format(within=condition))
    values |= {"institution": institution, "first": period.first, "last": period.last}
    return {
        (row.month, line): amount
        for row in await rows(session, statement, **values)
        for line in Line
        if (amount := int(getattr(row, line.value)))
    }


@dataclass(frozen=True, slots=True)
class Ranked:
    """A customer and its contribution, beside that of the whole scope."""

    customer_id: CustomerId
    amount_minor: int
    whole_minor: int


async def top(session: AsyncSession, institution: str, asked: Question, limit: int) -> list[Ranked]:
    """Return the customers that contribute most, best first, then by id."""
    condition, values = within(asked.scope, "customer_id")
    statement = text(_TOP.format(column=asked.column, within=condition))
    values |= {
        "institution": institution,
        "first": asked.period.first,
        "last": asked.period.last,
        "limit": limit,
    }
    read = await rows(session, statement, **values)
    return [Ranked(CustomerId(r.customer_id), r.amount, int(r.total)) for r in read]


async def contributions(session: AsyncSession, institution: str, asked: Question) -> list[int]:
    """Return one contribution per known customer of the scope; those without any count 0."""
    condition, values = within(asked.scope, "customer_id")
    whom, _ = within(asked.scope, "id")
    statement = text(_ALL.format(column=asked.column, within=condition, whom=whom))
    values |= {
        "institution": institution,
        "first": asked.period.first,
        "last": asked.period.last,
    }
    [row] = await rows(session, statement, **values)
    found: list[int] = row.amounts or []
    return found + [0] * (row.customers - len(found))
