"""What two periods brought, by line and product, of customers who stayed, came and went."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.bridge import BALANCE_LINES, Slice
from scoring.domain.line import Line
from scoring.domain.months import Period
from scoring.domain.scope import Scope
from scoring.store.organisation import within
from scoring.store.sql import rows

_BEFORE = "month between :before_first and :before_last"
_AFTER = "month between :after_first and :after_last"
_ASKED = f"institution = :institution and ({_BEFORE} or {_AFTER}){{within}}"
_THERE = (
    f"there as (select customer_id, bool_or({_BEFORE}) as was, bool_or({_AFTER}) as is_now "  # noqa: S608  (fixed parts)
    f"from customer_month where {_ASKED} group by customer_id)"
)
_SLICES = (
    f"with {_THERE}, parts as ("  # noqa: S608  (fixed parts)
    "select customer_id, account_id, line, "
    f"sum(amount_minor) filter (where {_BEFORE}) as before, "
    f"sum(amount_minor) filter (where {_AFTER}) as after, "
    f"count(*) filter (where {_BEFORE} and not line = any(:balance_lines)) as volume_before, "
    f"count(*) filter (where {_AFTER} and not line = any(:balance_lines)) as volume_after "
    f"from contribution where {_ASKED} group by customer_id, account_id, line "
    "union all select customer_id, account_id, line, 0, 0, "
    f"sum(balance_days) filter (where {_BEFORE}), sum(balance_days) filter (where {_AFTER}) "
    f"from account_balance where {_ASKED} and line = any(:balance_lines) "
    "group by customer_id, account_id, line) "
    "select p.line, a.product, a.currency, "
    "coalesce(t.was = t.is_now, true) as stayed, sum(p.before) as before, sum(p.after) as after, "
    "sum(p.volume_before) as volume_before, sum(p.volume_after) as volume_after "
    "from parts p join account a on a.id = p.account_id "
    "left join there t on t.customer_id = p.customer_id group by 1, 2, 3, 4"
)
_MOVED = (
    f"with {_THERE} select count(*) filter (where not was) as gained, "  # noqa: S608  (fixed parts)
    "count(*) filter (where not is_now) as lost, count(*) filter (where was and is_now) as stayed "
    "from there"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many customers came, went and stayed."""

    gained: int
    lost: int
    stayed: int


async def slices(
    session: AsyncSession, institution: str, before: Period, after: Period, scope: Scope
) -> tuple[list[Slice], Moved]:
    """Return what the periods brought, and how many customers moved between them."""
    condition, values = within(scope, "customer_id")
    values |= {
        "institution": institution,
        "before_first": before.first,
        "before_last": before.last,
        "after_first": after.first,
        "after_last": after.last,
    }
    [moved] = await rows(session, text(_MOVED.format(within=condition)), **values)
    lines = [line.value for line in BALANCE_LINES]
    statement = text(_SLICES.format(within=condition))
    read = await rows(session, statement, balance_lines=lines, **values)
    found = [
        Slice(
            line=Line(row.line),
            product=row.product,
            currency=row.currency,
            stayed=row.stayed,
            before=int(row.before or 0),
            after=int(row.after or 0),
            volume_before=int(row.volume_before or 0),
            volume_after=int(row.volume_after or 0),
        )
        for row in read
    ]
    return found, Moved(moved.gained, moved.lost, moved.stayed)
