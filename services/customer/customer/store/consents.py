"""Consents as they are written."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from customer.domain.consent import Consent, ConsentKey
from customer.domain.taking import Known
from customer.store.bulk import among, columns, execute, upsert
from customer.store.values import consent
from customer.tables import METADATA

_CONSENT = METADATA.tables["consent"]


async def consents(
    session: AsyncSession, institution: str, customer_ids: Collection[UUID]
) -> dict[ConsentKey, Known[Consent]]:
    """Return every consent of these customers; who writes them has locked the customers."""
    query = select(_CONSENT).where(
        among(_CONSENT.c.customer_id, customer_ids), _CONSENT.c.institution == institution
    )
    found = [Known(consent(row), row.version) for row in await execute(session, query)]
    return {one.value.key: one for one in found}


async def save_consents(
    session: AsyncSession, institution: str, told: Mapping[ConsentKey, Known[Consent]]
) -> None:
    """Write consents as they now are."""
    own = {"institution": institution}
    rows = [columns(one.value) | own | {"version": one.version} for _, one in sorted(told.items())]
    await upsert(session, _CONSENT, rows)
