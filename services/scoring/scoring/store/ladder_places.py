"""Where customers stand on the ladder now, for those who are near another tier."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from scoring.domain.account import CustomerId
from scoring.domain.near import Band, LadderPlace
from scoring.domain.scope import Within
from scoring.store.organisation import reached_by
from scoring.store.sql import records, rows, run

_KEEP = text(
    "with given as (select * from jsonb_to_recordset(cast(:records as jsonb)) "
    "as r(customer_id uuid, rank int, amount_minor numeric)), gone as (delete from ladder_place p "
    "where p.customer_id = any(cast(:ids as uuid[])) "
    "and not exists (select 1 from given g where g.customer_id = p.customer_id)) "
    "insert into ladder_place (institution, customer_id, rank, amount_minor) "
    "select cast(:institution as text), customer_id, rank, amount_minor from given "
    "order by customer_id on conflict (customer_id) do update set rank = excluded.rank, "
    "amount_minor = excluded.amount_minor where (ladder_place.rank, ladder_place.amount_minor) "
    "is distinct from (excluded.rank, excluded.amount_minor)"
)
_NEAR = (
    "select n.customer_id, n.rank, n.amount_minor, b.threshold from "
    "jsonb_to_recordset(cast(:bands as jsonb)) "
    "as b(rank int, low numeric, high numeric, threshold numeric) cross join lateral ("
    "select p.customer_id, p.rank, p.amount_minor from ladder_place p "
    "where p.institution = :institution and p.rank = b.rank and p.amount_minor >= b.low "
    "and p.amount_minor < b.high and (p.rank, p.amount_minor, p.customer_id) > "
    "(:rank, cast(:amount as numeric), cast(:id as uuid)){within} "
    "order by p.amount_minor, p.customer_id limit :limit) n "
    "order by n.rank, n.amount_minor, n.customer_id limit :limit"
)


@dataclass(frozen=True, slots=True)
class Near:
    """A customer near a threshold."""

    customer_id: CustomerId
    rank: int
    amount_minor: int
    threshold: int


Place = tuple[int, int, UUID]
FIRST: Place = (0, 0, UUID(int=0))


async def replace_places(
    session: AsyncSession, institution: str, places: Mapping[CustomerId, LadderPlace | None]
) -> None:
    """Keep where these customers stand; None where they do not."""
    kept = records({"customer_id": one} | asdict(place) for one, place in places.items() if place)
    await run(session, _KEEP, institution=institution, ids=list(places), records=kept)


async def near(  # noqa: PLR0913, PLR0917  (of whom, where, which page)
    session: AsyncSession,
    institution: str,
    within: Within,
    bands: Sequence[Band],
    after: Place,
    limit: int,
) -> list[Near]:
    """Return those within reach inside the bands, by step, measure and id, beyond `after`."""
    condition, values = reached_by(within, "p.customer_id")
    read = await rows(
        session,
        text(_NEAR.format(within=condition)),
        institution=institution,
        bands=records(asdict(band) for band in bands),
        rank=after[0],
        amount=after[1],
        id=after[2],
        limit=limit,
        **values,
    )
    return [
        Near(CustomerId(r.customer_id), r.rank, int(r.amount_minor), int(r.threshold)) for r in read
    ]
