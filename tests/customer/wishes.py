"""What can be wished for of the customer service, as often as one is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from customer.domain.ids import customer_id

from tests.callers import Callers
from tests.contracts.places import Place
from tests.customer.conftest import Service
from tests.customer.records import BRANCHES, INSTITUTION, PRODUCTS, STAFF, a_customer


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Place]:
    service = Service(url, Callers(folder))
    numbers = count(1)
    async with service.app.router.lifespan_context(service.app):
        for kind, records in (
            ("institutions", [INSTITUTION]), ("products", PRODUCTS),
            ("branches", BRANCHES), ("staff", STAFF),
        ):  # fmt: skip
            await service.ingest(kind, *records)
        place = Place("customer", service.http, service.callers, service.db)

        async def somebody(**more: Any) -> dict[str, Any]:
            number = str(next(numbers))
            answer = await service.ingest(
                "customers", a_customer(number=number, id_number="", id_type="")
            )
            assert answer["accepted"] == 1, answer
            return {"customerId": str(customer_id("A", number))} | more

        async def withdraws() -> dict[str, Any]:
            given = await somebody(channel="PHONE")
            await place.done("giveConsent", given)
            return given

        place.wishes.update(
            revealField=lambda: somebody(field="PHONE", reason="called back"),
            recordVerification=lambda: somebody(method="QUESTIONS"),
            exportCustomer=lambda: somebody(reason="asked at the counter"),
            eraseCustomer=lambda: somebody(basis="PURPOSE_ENDED"),
            giveConsent=lambda: somebody(channel="PHONE"),
            withdrawConsent=withdraws,
        )
        yield place
    await service.http.aclose()
    await service.db.engine.dispose()
