"""What other services' events mean here."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from kit.inbox import Event, Handler
from sqlmodel.ext.asyncio.session import AsyncSession

from campaign.store import projection
from campaign.store.wakes import ring

_HOLDERS = ("owner", "joint")
Keep = Callable[[AsyncSession, Sequence[dict[str, Any]]], Awaitable[None]]


def newest(events: Iterable[Event]) -> list[Event]:
    """Return the newest event of each subject, in a fixed order."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.institution, event.subject)
        if key not in found or found[key].version < event.version:
            found[key] = event
    return [found[key] for key in sorted(found)]


def _fact(event: Event) -> dict[str, Any]:
    return {
        **event.data,
        "institution": event.institution,
        "version": event.version,
        "at": event.at.isoformat(),
    }


def _by(keep: Keep) -> Handler:
    async def handle(session: AsyncSession, events: Sequence[Event]) -> None:
        await projection.alone(session)
        await keep(session, [_fact(event) for event in newest(events)])

    return handle


def _shown_by(keep: Keep) -> Handler:
    """Keep what decides which offers are shown to whom: a customer's fact, or the whole bank's."""
    kept = _by(keep)

    async def handle(session: AsyncSession, events: Sequence[Event]) -> None:
        await kept(session, events)
        await _ring(session, [_fact(event) for event in newest(events)])

    return handle


async def _ring(session: AsyncSession, facts: Sequence[dict[str, Any]]) -> None:
    for institution in sorted({fact["institution"] for fact in facts}):
        mine = [fact for fact in facts if fact["institution"] == institution]
        await ring(
            session, institution, [one["customer_id"] for one in mine if "customer_id" in one]
        )


async def _accounts(session: AsyncSession, events: Sequence[Event]) -> None:
    await projection.alone(session)
    facts = [
        {
            "account_id": event.data["account_id"],
            "institution": event.institution,
            "version": event.version,
            "product_code": event.data["product_code"],
            "line": event.data["line"],
            "open": event.data["closed_on"] is None,
            "holders": sorted(
                {one["customer_id"] for one in event.data["holders"] if one["role"] in _HOLDERS}
            ),
        }
        for event in newest(events)
    ]
    await _ring(session, await projection.accounts(session, facts))


HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "customer": {
        "customer.institution.recorded": _shown_by(projection.institutions),
        "customer.branch.recorded": _shown_by(projection.branches),
        "customer.product.recorded": _by(projection.products),
        "customer.customer.recorded": _shown_by(projection.customers),
        "customer.account.recorded": _accounts,
        "customer.consent.changed": _shown_by(projection.consents),
    },
    "scoring": {
        "scoring.tier.changed": _by(projection.tiers),
        "scoring.contribution.changed": _by(projection.contributions),
    },
}
