"""What can be wished for of the scoring service, as often as one is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from tests.callers import Callers
from tests.contracts.places import Place
from tests.scoring.conftest import SCHEMES, Bank, customer_id
from tests.scoring.shadow_runs import changed, go_through


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Place]:
    bank = Bank(url, Callers(folder), folder)
    example = yaml.safe_load((SCHEMES / "example.yaml").read_text())
    example |= {"effective_from": "2024-01-01"}
    await bank.ingest("scheme", example)
    people, versions = count(1), count(2)
    await bank.learn(bank.institution_news())
    place = Place("scoring", bank.http, bank.callers, bank.db)

    def content(number: int, **more: Any) -> str:
        month = f"{2024 + (number + 2) // 12}-{(number + 2) % 12 + 1:02}-01"
        document = changed(example, version=number, effective_from=month, **more)
        return yaml.safe_dump(document, sort_keys=False)

    async def draft() -> dict[str, Any]:
        return {"document": content(next(versions))}

    async def drafted() -> dict[str, Any]:
        number = next(versions)
        await place.done("draftScheme", {"document": content(number)})
        return {"version": number, "revision": 1}

    async def edit() -> dict[str, Any]:
        given = await drafted()
        return given | {"document": content(given["version"], name="Better")}

    async def simulate() -> dict[str, Any]:
        return await drafted() | {"from": "2024-03", "to": "2024-03"}

    async def approve() -> dict[str, Any]:
        given = await simulate()
        await place.done("simulateScheme", given)
        await go_through(bank)
        return {name: given[name] for name in ("version", "revision")}

    async def withdraw() -> dict[str, Any]:
        return {"version": (await drafted())["version"]}

    async def somebody() -> str:
        number = f"c{next(people)}"
        await bank.learn(bank.customer_news(number))
        return str(customer_id(number))

    async def override() -> dict[str, Any]:
        tier = {"customerId": await somebody(), "code": "SILVER", "reason": "opens a branch"}
        return {"tier": tier | {"until": "2024-12-01"}}

    async def revoke() -> dict[str, Any]:
        given = await override()
        await place.done("overrideTier", given)
        return {"customerId": given["tier"]["customerId"], "reason": "moved away"}

    async def recompute() -> dict[str, Any]:
        return {}

    place.wishes.update(
        draftScheme=draft, editScheme=edit, simulateScheme=simulate, approveScheme=approve,
        withdrawScheme=withdraw, overrideTier=override, revokeTierOverride=revoke,
        recompute=recompute,
    )  # fmt: skip
    await somebody()
    yield place
    await bank.close()
