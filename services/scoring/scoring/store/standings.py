"""Where customers stand among all of the bank in a month, as last worked out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.index import LIVE_ONLY, Source, Standing
from scoring.store.sql import rows

COLUMNS = [one for one in Source if one not in LIVE_ONLY]
_OWN = text(
    f"select customer_id, {', '.join(COLUMNS)} from customer_month "  # noqa: S608  (fixed columns)
    "where institution = :institution and month = :month "
    "and customer_id = any(cast(:ids as uuid[]))"
)
_COUNT = text("select count(*) as customers from customer where institution = :institution")
_SPREAD = (
    "select '{column}' as source, width_bucket({column}, cast(:{column} as bigint[])) as place, "
    "count(*) as customers, min({column}) as least, max({column}) as most from customer_month "
    "where institution = :institution and month = :month group by 2"
)


async def standings(
    session: AsyncSession,
    institution: str,
    month: date,
    ids: Sequence[CustomerId],
    sources: Iterable[Source],
) -> dict[CustomerId, dict[Source, Standing]]:
    """Return each customer's places by what is measured: three statements, however many ask.

    Each source is one pass over the bank's month. Who has no row measured 0.
    """
    wanted = sorted(set(sources))
    if not wanted:
        return {}
    key = {"institution": institution, "month": month}
    own = {CustomerId(row.customer_id): row for row in await rows(session, _OWN, ids=ids, **key)}
    [count] = await rows(session, _COUNT, institution=institution)
    values = {
        source: {one: int(getattr(own[one], source)) if one in own else 0 for one in ids}
        for source in wanted
    }
    cuts = {
        source: sorted({cut for value in of.values() for cut in (value, value + 1)})
        for source, of in values.items()
    }
    statement = text(" union all ".join(_SPREAD.format(column=source) for source in wanted))
    spread: dict[Source, list[tuple[int, int, int, int]]] = {source: [] for source in wanted}
    for row in await rows(session, statement, **key, **{str(s): cuts[s] for s in wanted}):
        spread[Source(row.source)].append((row.place, row.customers, row.least, row.most))
    by_source = {
        source: places(values[source], cuts[source], spread[source], count.customers)
        for source in wanted
    }
    return {one: {source: by_source[source][one] for source in wanted} for one in ids}


def places(
    values: Mapping[CustomerId, int],
    cuts: Sequence[int],
    spread: Sequence[tuple[int, int, int, int]],
    customers: int,
) -> dict[CustomerId, Standing]:
    """Make places of (cuts reached, customers, least, most); customers without a row lie at 0.

    `cuts` are all values asked for and what is just above each, ascending.
    """
    idle = customers - sum(found for _, found, _, _ in spread)
    ends = [one for _, _, least, most in spread for one in (least, most)]
    if idle or not ends:
        ends.append(0)

    def below(value: int) -> int:
        place = cuts.index(value)
        lower = sum(found for bucket, found, _, _ in spread if bucket <= place)
        return lower + (idle if value > 0 else 0)

    found = {}
    for one, value in values.items():
        lower = below(value)
        equal = below(value + 1) - lower
        found[one] = Standing(value, lower, equal, customers, min(ends), max(ends))
    return found
