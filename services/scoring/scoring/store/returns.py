"""What customers earn on the bank's own money that they bind: kept, and added up over the bank."""

from collections.abc import Iterable, Sequence
from datetime import date

from kit.db import copy_rows
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.line import Line
from scoring.domain.months import Period
from scoring.domain.returns import Key, Return
from scoring.domain.scope import WHOLE_BANK, Scope
from scoring.store.organisation import within
from scoring.store.sql import rows, run

_SUMS = ("days_e6", "years_e6", "net_minor", "economic_minor")
_COLUMNS = ("institution", "customer_id", "month", "line", *_SUMS)
_FORGET = text(
    "delete from customer_return where customer_id = any(cast(:ids as uuid[])) and month >= :since"
)
_BANK = (
    f"select month, line, {', '.join(f'sum({one}) as {one}' for one in _SUMS)} "  # noqa: S608  (fixed columns)
    "from customer_return where institution = :institution and month between :first and :last"
    "{within} group by month, line"
)


async def replace_returns(
    session: AsyncSession,
    institution: str,
    ids: Sequence[CustomerId],
    since: date,
    found: Iterable[tuple[CustomerId, Key, Return]],
) -> None:
    """Keep what each customer earned in each month and line in place of all from `since` on."""
    await run(session, _FORGET, ids=ids, since=since)
    await copy_rows(
        session,
        "customer_return",
        _COLUMNS,
        (
            (
                institution, customer, month, line.value,
                one.days_e6, one.years_e6, one.net_minor, one.economic_minor,
            )
            for customer, (month, line), one in found
        ),
    )  # fmt: skip


async def bank(
    session: AsyncSession, institution: str, period: Period, scope: Scope = WHOLE_BANK
) -> dict[Key, Return]:
    """Return what the scope's customers earned together, by month and line."""
    condition, values = within(scope, "customer_id")
    values |= {"institution": institution, "first": period.first, "last": period.last}
    read = await rows(session, text(_BANK.format(within=condition)), **values)
    return {
        (row.month, Line(row.line)): Return(*(int(getattr(row, one)) for one in _SUMS))
        for row in read
    }
