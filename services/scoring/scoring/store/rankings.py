"""All customers ranked at the end of a month: who measured most stands first, equals by id.

The database ranks, so that a bank of any size fits. Whoever changes a month on which a ranking
rests leaves a row in `tier_ranking_due`; rows are only added and taken away, so nobody who ranks
and nobody who works customers out waits for the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.ladder import Ladder, Metric
from scoring.domain.line import View
from scoring.domain.measures import Place
from scoring.domain.months import between, days_in, last_day, plus
from scoring.domain.policy import Policy
from scoring.domain.scheme import JointHolders
from scoring.store.sql import rows, run

_NOTE = text(
    "insert into tier_ranking_due (institution, month) "
    "select :institution, m from unnest(cast(:months as date[])) as m"
)
_DUE = text(
    "select institution, min(month) as month from tier_ranking_due d "
    "where not exists (select 1 from recalculation r where r.institution = d.institution) "
    "and not exists (select 1 from institution i where i.code = d.institution "
    "and i.recalculate_from is not null) group by institution order by institution limit 1"
)
_TAKE = text(
    "with due as materialized (select id from tier_ranking_due where institution = :institution "
    "and month = :month for update skip locked) "
    "delete from tier_ranking_due d using due where d.id = due.id returning d.id"
)
_CONTRIBUTED = {
    view: f"select customer_id, sum({view}) as amount from customer_month "  # noqa: S608  (a fixed column)
    "where institution = :institution and month between :first and :month group by customer_id"
    for view in View
}
_KEPT = (
    "select customer_id, sign(sum(balance_days)) * "
    "div(2 * abs(sum(balance_days)) + :days, 2 * :days) as amount from customer_balance "
    "where institution = :institution and month between :first and :month "
    "and line = any(cast(:lines as text[])) group by customer_id"
)
_BY_MONTHS = {
    metric: f"select customer_id, sign(sum({column})) * "  # noqa: S608  (fixed names)
    f"div(2 * abs(sum({column})) + :months, 2 * :months) as amount from {table} "
    "where institution = :institution and month between :first and :month group by customer_id"
    for metric, table, column in (
        (Metric.POINTS, "customer_points", "points"),
        (Metric.INDEX, "customer_index", "score"),
    )
}
_OPEN = "a.opened_on <= :last_day and (a.closed_on is null or a.closed_on >= :month)"
_RANK = """
with measured as materialized ({measured}),
ranked as materialized (
  select c.id, coalesce(m.amount, 0) as amount,
    row_number() over (order by coalesce(m.amount, 0) desc, c.id) as position,
    count(*) over () as customers
  from customer c left join measured m on m.customer_id = c.id
  where c.institution = :institution
    and (exists (select 1 from account a where a.owner_id = c.id
        and a.institution = c.institution and {open})
      or :shared and exists (select 1 from account a where a.joint @> array[c.id]
        and a.institution = c.institution and {open}))
    and not exists (select 1 from not_computed n where n.customer_id = c.id
      and n.from_month <= :month)
),
placed as materialized (
  select id, amount, position, customers, (cast(:codes as text[]))[width_bucket(
    1000000 - (position - 1) * 1000000 / customers, cast(:at_least as bigint[]))] as code
  from ranked
),
moved as (
  select p.id from placed p left join tier_place t on t.institution = :institution
    and t.month = :month and t.customer_id = p.id
  where t.code is distinct from p.code or t.amount_minor is distinct from p.amount
),
kept as (
  insert into tier_place (institution, month, customer_id, position, customers, amount_minor, code)
  select :institution, :month, id, position, customers, amount, code from placed
  on conflict (institution, month, customer_id) do update set position = excluded.position,
    customers = excluded.customers, amount_minor = excluded.amount_minor, code = excluded.code
  where (tier_place.position, tier_place.customers, tier_place.amount_minor, tier_place.code)
    is distinct from (excluded.position, excluded.customers, excluded.amount_minor, excluded.code)
),
gone as (
  delete from tier_place t where t.institution = :institution and t.month = :month
    and not exists (select 1 from placed p where p.id = t.customer_id) returning t.customer_id
)
insert into recalculation (institution, customer_id, from_month, soon)
select :institution, q.id, :since, false
from (select id from moved union select customer_id from gone) q order by q.id
on conflict (customer_id) do update set from_month = excluded.from_month
where excluded.from_month < recalculation.from_month
"""
_CUTS = text(
    "with cut as (select code, min(amount_minor) as least, count(*) as customers from tier_place "
    "where institution = :institution and month = :month group by code) "
    "insert into tier_ranking as r (institution, month, customers, cuts) "
    "select :institution, :month, coalesce(sum(customers), 0), "
    "coalesce(jsonb_object_agg(code, least), '{}') from cut on conflict (institution, month) "
    "do update set customers = excluded.customers, cuts = excluded.cuts "
    "where (r.customers, r.cuts) is distinct from (excluded.customers, excluded.cuts) "
    "returning customers"
)
_NEWCOMERS = text(
    "insert into recalculation (institution, customer_id, from_month, soon) "
    "select distinct institution, customer_id, cast(:since as date), false from tier_period "
    "where institution = :institution and since > :month and since <= :next "
    "and reason ->> 'move' = 'entry' order by customer_id on conflict (customer_id) do nothing"
)


@dataclass(frozen=True, slots=True)
class DueRanking:
    """A month of an institution at whose end all must be ranked."""

    institution: str
    month: date


async def note(session: AsyncSession, institution: str, months: Sequence[date]) -> None:
    """Let all be ranked again at the end of these months."""
    if months:
        await run(session, _NOTE, institution=institution, months=months)


async def waiting(session: AsyncSession) -> DueRanking | None:
    """Return the earliest due month of an institution in which nobody waits to be worked out."""
    found = await rows(session, _DUE)
    return DueRanking(found[0].institution, found[0].month) if found else None


async def take(session: AsyncSession, due: DueRanking) -> bool:
    """Take a due month; False where another process did so first."""
    return bool(await rows(session, _TAKE, institution=due.institution, month=due.month))


async def rank(
    session: AsyncSession, policy: Policy, ladder: Ladder, month: date, *, following: date
) -> None:
    """Rank all at the end of the month; let those wait whose step or amount is another.

    Where the least amount of a step is another, those wait too who came since, through the month
    `following`: the step that they began on rests on it.
    """
    values = {"institution": policy.institution, "month": month}
    since = policy.business_date.replace(day=1)
    window = between(max(plus(month, 1 - ladder.window_months), policy.priced_from or month), month)
    steps = {
        "codes": [step.code for step in ladder.steps],
        "at_least": [step.at_least_minor for step in ladder.steps],
    }
    scheme = policy.scheme(month)
    measured, more = _measured(ladder, window)
    await run(
        session,
        text(_RANK.format(measured=measured, open=_OPEN)),
        first=window[0],
        last_day=last_day(month),
        since=since,
        shared=scheme is not None and scheme.joint_holders is not JointHolders.OWNER,
        **values,
        **steps,
        **more,
    )
    if await rows(session, _CUTS, **values):
        await run(session, _NEWCOMERS, since=since, next=following, **values)


def _measured(ladder: Ladder, window: Sequence[date]) -> tuple[str, dict[str, object]]:
    measure = ladder.measure
    if measure.metric is Metric.CONTRIBUTION:
        return _CONTRIBUTED[measure.view], {}
    if measure.metric in _BY_MONTHS:
        return _BY_MONTHS[measure.metric], {"months": len(window)}
    days = sum(measure.month_days or days_in(month) for month in window)
    return _KEPT, {"days": days, "lines": sorted(measure.lines)}


_PLACES = text(
    "select customer_id, month, position, customers, amount_minor, code from tier_place "
    "where customer_id = any(cast(:ids as uuid[])) and institution = :institution"
)
_LATEST = text(
    "select cuts from tier_ranking where institution = :institution and month <= :month "
    "order by month desc limit 1"
)
_RANKINGS = text("select month, cuts from tier_ranking where institution = :institution")


async def places(
    session: AsyncSession, policy: Policy, ids: Sequence[CustomerId]
) -> dict[CustomerId, dict[date, Place]]:
    """Return each customer's places at the end of the months at which all are ranked."""
    found: dict[CustomerId, dict[date, Place]] = {one: {} for one in ids}
    for row in await rows(session, _PLACES, institution=policy.institution, ids=ids):
        if policy.ranks(row.month):
            place = Place(row.position, row.customers, int(row.amount_minor), row.code)
            found[CustomerId(row.customer_id)][row.month] = place
    return found


async def cuts(session: AsyncSession, policy: Policy) -> dict[date, Mapping[str, int]]:
    """Return the least amount on each step at the end of the months at which all are ranked."""
    read = await rows(session, _RANKINGS, institution=policy.institution)
    return {row.month: row.cuts for row in read if policy.ranks(row.month)}


async def latest_cuts(session: AsyncSession, institution: str, month: date) -> Mapping[str, int]:
    """Return the least amount on each step when all were ranked last; none before that."""
    read = await rows(session, _LATEST, institution=institution, month=month)
    return read[0].cuts if read else {}
