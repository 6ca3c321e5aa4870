"""The customer service as clients meet it: over HTTP, on its own migrated database."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from customer.app import create_app
from customer.settings import Settings
from kit.db import Database, connect
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tests.callers import Callers, bearer
from tests.customer.records import BRANCHES, INSTITUTION, PRODUCTS, STAFF, a_customer, an_account

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DESK = ("customer:read", "consent:write")


@pytest.fixture(scope="session")
def callers(tmp_path_factory) -> Callers:
    return Callers(tmp_path_factory.mktemp("keys"))


class Service:
    """One running service, the statements it sends, and callers of every sort."""

    def __init__(self, url, callers) -> None:
        self.callers = callers
        settings = Settings(
            database_url=url, master_key_file=callers.master_keys, **callers.settings
        )
        self.now = NOON
        self.app = create_app(settings, clock=lambda: self.now)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://customer",
        )
        self.db = Database(connect(url, name="test"))

    def headers(self, scopes, institution="A", **who) -> dict[str, str]:
        """Ask as a person, with these scopes; the header is good for one request."""
        return bearer(self.callers.principal("customer", *scopes, institution=institution, **who))

    def program(self, role="loader", institution="A") -> dict[str, str]:
        """Ask as a program."""
        return bearer(self.callers.credential(role, institution))

    async def ingest(self, kind, *records, institution="A"):
        """Send records (dicts, or a line as it is) and give the answer."""
        lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
        return await self.ingest_body(kind, "\n".join(lines).encode(), institution=institution)

    async def ingest_body(self, kind, body, *, institution="A"):
        answer = await self.http.post(
            f"/ingest/{kind}", content=body, headers=self.program(institution=institution)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(self, document, *, scopes=DESK, institution="A", who=None, **variables):
        """Send a document, as `who` by claims beside the usual; give the whole GraphQL answer."""
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=self.headers(scopes, institution, **who or {}),
        )
        return answer.json()

    async def data(self, document, **rest):
        """Send a document that must succeed; give its data."""
        answer = await self.ask(document, **rest)
        assert "errors" not in answer, answer
        return answer["data"]

    async def events(self, kind=None):
        """Read the whole feed as another service would, from its beginning to its head.

        A transaction elsewhere in the cluster can hold the newest events back for a moment.
        """
        reader = self.program("service")
        head = (await self.http.get("/feed/head", headers=reader)).json()["cursor"]
        found, after = [], ""
        while after != head:
            answer = await self.http.get(
                "/feed", params={"after": after, "wait": 10}, headers=reader
            )
            after = answer.headers["Feed-Next"]
            found += [one for one in answer.json() if kind in {None, one["type"]}]
        return found

    async def rows(self, query, institution="A") -> list[tuple]:
        async with self.db.read(institution) as session:
            return [tuple(row) for row in await (await session.connection()).execute(text(query))]

    async def change(self, statement, institution="A") -> None:
        async with self.db.transaction(institution) as session:
            await (await session.connection()).execute(text(statement))


async def organise(service) -> None:
    for kind, records in (
        ("institutions", [INSTITUTION]),
        ("products", PRODUCTS),
        ("branches", BRANCHES),
        ("staff", STAFF),
    ):
        answer = await service.ingest(kind, *records)
        assert answer == {
            "accepted": len(records), "unchanged": 0, "parked": 0, "rejected": [],
        }  # fmt: skip


async def fill(service) -> None:
    await organise(service)
    for kind, records in (
        ("customers", [a_customer(), a_customer(number="2", name="李四", phone="", id_type="",
                                                id_number="", email="", manager_number="")]),
        ("accounts", [an_account(), an_account(number="200", product_code="L1")]),
        ("account_holders", [
            {"account_number": "100", "customer_number": "1", "role": "owner"},
            {"account_number": "100", "customer_number": "2", "role": "joint"},
            {"account_number": "200", "customer_number": "2", "role": "owner"},
            {"account_number": "200", "customer_number": "1", "role": "authorised"},
        ]),
        ("cards", [{"reference": "C-1", "account_number": "100", "customer_number": "1",
                    "kind": "debit", "issued_on": "2002-01-01"}]),
    ):  # fmt: skip
        answer = await service.ingest(kind, *records)
        assert answer["rejected"] == [], answer


STAGES = {"bank": fill, "organised": organise}
"""How a service comes to be what a test asks for, done once."""


@asynccontextmanager
async def serving(url, callers, *, work=True) -> AsyncIterator[Service]:
    made = Service(url, callers)
    async with AsyncExitStack() as stack:
        if work:
            await stack.enter_async_context(made.app.router.lifespan_context(made.app))
        yield made
    await made.http.aclose()
    await made.db.engine.dispose()


@pytest.fixture
async def service(request, anyio_backend, database, filled, callers) -> AsyncIterator[Service]:
    """Serve a new database, or one that was filled; that one without work in the background.

    It would look after the keys of whom it finds at its start, and a new database has nobody.
    """
    stage = next((one for one in STAGES if one in request.fixturenames), None)

    async def once(url: str) -> None:
        async with serving(url, callers) as first:
            await STAGES[stage](first)

    url = await filled(f"customer/{stage}", once) if stage else database("customer")
    async with serving(url, callers, work=stage is None) as made:
        yield made


@pytest.fixture
def statements():
    """Collect what is sent to any database from here on."""
    sent: list[str] = []

    def before(_c, _cursor, sql, *_):
        sent.append(sql)

    event.listen(Engine, "before_cursor_execute", before)
    yield sent
    event.remove(Engine, "before_cursor_execute", before)


@pytest.fixture
async def organised(service) -> Service:
    """A service that knows the institution, its products, branches and staff."""
    return service


@pytest.fixture
async def bank(organised) -> Service:
    """The organised bank with two customers, an account that both hold, and a loan."""
    return organised
