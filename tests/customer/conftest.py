"""The customer service as clients meet it: over HTTP, on its own migrated database."""

import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from customer.app import create_app
from customer.settings import Settings
from kit.db import Database, connect
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tests.customer.records import BRANCHES, INSTITUTION, PRODUCTS, STAFF, a_customer, an_account

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DESK = ("customer:read", "consent:write")
LOADER = ("ingest:write", "customer:read")
SERVICE = ("feed:read",)


def a_master_key(name):
    return {"id": name, "key": base64.b64encode(os.urandom(32)).decode()}


class Issuer:
    """Signs tokens for whoever a test wants to be."""

    def __init__(self, folder) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.jwks = folder / "jwks.json"
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwks.write_text(json.dumps({"keys": [public | {"kid": "one", "alg": "ES256"}]}))
        self.master_keys = folder / "master-keys.json"
        self.master_keys.write_text(json.dumps({"keys": [a_master_key("master-1")]}))

    def token(self, *scopes, institution="A", subject="s1") -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": "https://issuer.example", "aud": "sheaf", "sub": subject, "role": "some",
            "channel": "counter", "institution": institution, "scopes": scopes,
            "iat": now, "exp": now + timedelta(hours=1),
        }  # fmt: skip
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "one"})


@pytest.fixture(scope="session")
def issuer(tmp_path_factory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("keys"))


class Service:
    """One running service, the statements it sends, and callers of every sort."""

    def __init__(self, url, issuer) -> None:
        self.issuer = issuer
        settings = Settings(
            database_url=url,
            master_key_file=issuer.master_keys,
            jwks_file=issuer.jwks,
            issuer="https://issuer.example",
        )
        self.now = NOON
        self.app = create_app(settings, clock=lambda: self.now)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://customer",
        )
        self.db = Database(connect(url, name="test"))

    def headers(self, scopes, institution="A") -> dict[str, str]:
        return {"authorization": f"Bearer {self.issuer.token(*scopes, institution=institution)}"}

    async def ingest(self, kind, *records, institution="A", scopes=LOADER):
        """Send records (dicts, or a line as it is) and give the answer."""
        lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
        return await self.ingest_body(
            kind, "\n".join(lines).encode(), institution=institution, scopes=scopes
        )

    async def ingest_body(self, kind, body, *, institution="A", scopes=LOADER):
        answer = await self.http.post(
            f"/ingest/{kind}", content=body, headers=self.headers(scopes, institution)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(self, document, *, scopes=DESK, institution="A", **variables):
        """Send a document; give the whole GraphQL answer."""
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=self.headers(scopes, institution),
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
        reader = self.headers(SERVICE)
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


@pytest.fixture
async def service(anyio_backend, database, issuer) -> AsyncIterator[Service]:
    made = Service(database("customer"), issuer)
    async with made.app.router.lifespan_context(made.app):
        yield made
    await made.http.aclose()
    await made.db.engine.dispose()


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
    return service


@pytest.fixture
async def bank(organised) -> Service:
    """The organised bank with two customers, an account that both hold, and a loan."""
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
        answer = await organised.ingest(kind, *records)
        assert answer["rejected"] == [], answer
    return organised
