"""Accounts' balances by month, and what was posted, kept for sums over the bank."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit.db import copy_rows
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.line import Line
from scoring.domain.month_end import Deviation, MonthEnd, Order
from scoring.domain.months import Period
from scoring.domain.scope import WHOLE_BANK, Scope, Within
from scoring.store.organisation import ANCESTORS, BENEATH_REACHED, within
from scoring.store.sql import rows

_COLUMNS = (
    "institution",
    "customer_id",
    "month",
    "account_id",
    "line",
    "currency",
    "closing_minor",
    "balance_days",
    "interest_paid_minor",
    "interest_charged_minor",
    "fees_minor",
)


async def add_balances(session: AsyncSession, institution: str, found: Iterable[MonthEnd]) -> None:
    """Keep accounts' balances; none of those months may be kept already."""
    kept = (
        (
            institution,
            one.customer,
            one.month,
            one.account.id,
            one.account.line.value,
            one.account.currency,
            one.closing_minor,
            one.balance_days,
            one.interest_paid_minor,
            one.interest_charged_minor,
            one.fees_minor,
        )
        for one in found
    )
    await copy_rows(session, "account_balance", _COLUMNS, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Which balances are asked for: of which lines, in which currency, of whose customers."""

    lines: Sequence[Line]
    currency: str
    scope: Scope = WHOLE_BANK


_ASKED = (
    "m.institution = :institution and m.currency = :currency and m.line = any(:lines) "
    "and (m.closing_minor <> 0 or m.balance_days <> 0)"
)
_MONTHS = (
    "select month, sum(closing_minor) as closing, sum(balance_days) as days "  # noqa: S608  (fixed parts)
    f"from account_balance m where {_ASKED} and month between :first and :last{{within}} "
    "group by month"
)
_OF_CUSTOMERS = text(
    "select customer_id, sum(closing_minor) as closing, sum(balance_days) as days "  # noqa: S608  (fixed parts)
    f"from account_balance m where {_ASKED} and month = :month "
    "and customer_id = any(cast(:ids as uuid[])) group by customer_id"
)


async def by_month(
    session: AsyncSession, institution: str, asked: Balances, period: Period
) -> Mapping[date, tuple[int, int]]:
    """Return (balance at the end, balance-days) of each month that has any."""
    condition, values = within(asked.scope, "m.customer_id")
    values |= _values(institution, asked) | {"first": period.first, "last": period.last}
    read = await rows(session, text(_MONTHS.format(within=condition)), **values)
    return {row.month: (int(row.closing), int(row.days)) for row in read}


async def of_customers(
    session: AsyncSession, institution: str, asked: Balances, ids: Sequence[UUID], month: date
) -> Mapping[UUID, tuple[int, int]]:
    """Return (balance at the end, balance-days) of the month, of each customer who has any."""
    values = _values(institution, asked) | {"ids": ids, "month": month}
    read = await rows(session, _OF_CUSTOMERS, **values)
    return {row.customer_id: (int(row.closing), int(row.days)) for row in read}


def _values(institution: str, asked: Balances) -> dict[str, object]:
    lines = [line.value for line in asked.lines]
    return {"institution": institution, "currency": asked.currency, "lines": lines}


_LEVELS = {
    "customer": ("cast(m.customer_id as text)", ""),
    "manager": ("coalesce(c.manager, '')", ""),
    "branch": ("coalesce(up.above, c.branch, '')", "left join up on up.code = c.branch"),
}
_SORTS = {
    Order.DEVIATION: "div((closing * :days - days) * 1000000, days)",
    Order.EXCESS: "closing * :days - days",
}
_OVER = (
    f"with recursive {ANCESTORS}, each as (select {{key}} as key, sum(closing_minor) as closing, "  # noqa: S608  (fixed parts)
    "sum(balance_days) as days from account_balance m join customer c on c.id = m.customer_id "
    f"{{join}} where {_ASKED} and m.month = :month{{within}} group by 1), "
    "over_limit as (select key, closing, days, {sort} as sort from each where days > 0{keys} "
    "and (closing * :days - days) * 1000000 > days * :limit_ppm) "
    "select key, closing, days, sort from over_limit "
    "where cast(:after_sort as numeric) is null or sort < :after_sort "
    "or (sort = :after_sort and key > :after_key) order by sort desc, key limit :limit"
)


@dataclass(frozen=True, slots=True)
class Deviating:
    """A customer, manager or branch over the limit, by its key, and its place in the list."""

    key: str
    sort: int
    found: Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of the list of those over the limit is asked for."""

    level: str
    order: Order
    limit_ppm: int
    first: int
    after: tuple[int, str] | None


def _keys(page: Page, within: Within) -> str:
    """Name no branch above those that the caller reaches: it has more than the caller sees."""
    return f" and key in {BENEATH_REACHED}" if page.level == "branch" and within.branches else ""


async def over_limit(  # noqa: PLR0913, PLR0917  (which balances, when, which of them)
    session: AsyncSession, institution: str, asked: Balances, month: date, days: int, page: Page
) -> list[Deviating]:
    """Return those over the limit, most first, then by key; a branch has all beneath it."""
    key, join = _LEVELS[page.level]
    condition, values = within(asked.scope, "m.customer_id")
    sort = _SORTS[page.order]
    statement = _OVER.format(
        key=key, join=join, within=condition, sort=sort, keys=_keys(page, asked.scope.within)
    )
    after_sort, after_key = page.after or (None, "")
    values |= _values(institution, asked) | {
        "month": month,
        "days": days,
        "limit_ppm": page.limit_ppm,
        "after_sort": after_sort,
        "after_key": after_key,
        "limit": page.first,
    }
    read = await rows(session, text(statement), **values)
    return [
        Deviating(row.key, int(row.sort), Deviation(int(row.closing), int(row.days), days))
        for row in read
    ]
