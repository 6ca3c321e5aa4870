"""A database with nothing but kit's own tables and one tally that handlers add to."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from kit.db import Database, connect, service_metadata
from kit.idempotency import idempotency_table
from kit.inbox import inbox_tables
from kit.outbox import outbox_table
from sqlalchemy import BigInteger, Column, String, Table, text

METADATA = service_metadata()
outbox_table(METADATA)
inbox_tables(METADATA)
idempotency_table(METADATA)
Table(
    "tally",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("total", BigInteger, nullable=False),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def url(cluster) -> AsyncIterator[str]:
    name = f"kit_{uuid4().hex}"
    cluster.sql(f'CREATE DATABASE "{name}"')
    yield cluster.url(name)
    cluster.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def db(url) -> AsyncIterator[Database]:
    engine = connect(url, name="test")
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield Database(engine)
    await engine.dispose()


@pytest.fixture
def tally(db):
    """Read the tally: what all handled events added up to."""

    async def read() -> dict[str, int]:
        async with db.read("A") as session:
            rows = await (await session.connection()).execute(text("select * from tally"))
            return {row.subject: row.total for row in rows}

    return read


class Issuer:
    """Signs tokens as a real issuer would, and also as it never should."""

    def __init__(self, folder) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.jwks = folder / "jwks.json"
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwks.write_text(json.dumps({"keys": [public | {"kid": "one", "alg": "ES256"}]}))

    def token(self, *, key=None, algorithm="ES256", kid="one", **claims) -> str:
        now = datetime.now(UTC)
        body = {
            "iss": "https://issuer.example", "aud": "sheaf", "sub": "s1", "role": "teller",
            "channel": "counter", "institution": "A", "scopes": ["feed:read", "ingest:write"],
            "iat": now, "exp": now + timedelta(hours=1),
        } | claims  # fmt: skip
        body = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(body, key or self.key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def issuer(tmp_path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def verifier(issuer):
    from kit.identity import Verifier  # noqa: PLC0415  (kept beside its one use)

    return Verifier(issuer.jwks, issuer="https://issuer.example", audience="sheaf")
