"""Two banks on the same real services: everything that a document can name, for either of them."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import campaign.inbox
import httpx
import scoring.inbox
import yaml
from kit.db import Database, connect
from kit.inbox import Consumer
from scoring.operations.calm import Calm
from sqlalchemy import text

import gateway
from tests.callers import Callers, bearer
from tests.campaign.conftest import EVERYONE, NOON
from tests.customer.records import INSTITUTION, a_customer, an_account
from tests.scoring.conftest import SCHEMES
from tests.scoring.shadow_runs import changed

EVERY_SCOPE = json.loads(gateway.roles().read_text())["developer"]["scopes"]
CHANNELS = ("counter", "outlet", "phone", "self_service", "online", "mobile")
SETTLE_SECONDS = 60
CAMPAIGN = """mutation($input: CampaignInput!, $key: String!) {
  it: draftCampaign(input: $input, idempotencyKey: $key) { ... on Campaign { id } } }"""
STEP = """mutation($id: UUID!, $key: String!) {
  it: %s(id: $id, idempotencyKey: $key) { ... on Campaign { id status } } }"""
SCHEME = """mutation($document: String!, $key: String!) {
  it: draftScheme(document: $document, idempotencyKey: $key) { ... on SchemeVersion { version } } }"""
SIMULATE = """mutation($version: Int!, $key: String!) { it: simulateScheme(
  version: $version, revision: 1, from: "2026-02", to: "2026-03", idempotencyKey: $key)
  { ... on ShadowRun { id } } }"""
RUN = "query($id: UUID!) { it: shadowRun(id: $id) { state customers(first: 1) { pageInfo { endCursor } } } }"
OFFERS = """query($keys: [_Any!]!) { it: _entities(representations: $keys) { ... on Customer {
  offers(channel: COUNTER) { id } } } }"""
CUSTOMER = "query($number: String!) { it: customerByNumber(number: $number) { id name } }"


@dataclass
class Services:
    """The three services as somebody asks them without a gateway."""

    urls: dict[str, str]
    databases: dict[str, Database]
    callers: Callers

    def ask(self, service: str, bank: str, query: str, *, by: str = "writer", **given: Any) -> Any:
        told = self.callers.principal(service, *EVERY_SCOPE, institution=bank, sub=by)
        body = {"query": query, "variables": given}
        if "$key:" in query:
            body["variables"]["key"] = uuid4().hex
        answer = httpx.post(self.urls[service], json=body, headers=bearer(told), timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]["it"]

    def load(self, service: str, bank: str, kind: str, *records: dict) -> None:
        url = self.urls[service].removesuffix("/graphql")
        headers = bearer(self.callers.credential(institution=bank))
        content = "\n".join(json.dumps(one) for one in records)
        answer = httpx.post(f"{url}/ingest/{kind}", content=content, headers=headers, timeout=30)
        assert answer.json()["accepted"] == len(records), (kind, answer.text)

    async def carry(self, producer: str, consumer: str, token: Path) -> None:
        """Let one service take everything that another announced, as its own consumer would."""
        known = {
            "scoring": {"customer": scoring.inbox.handlers(Calm())},
            "campaign": campaign.inbox.HANDLERS,
        }
        token.write_text(self.callers.credential("service", ""))
        url = self.urls[producer].removesuffix("/graphql")
        taking, db = known[consumer][producer], self.databases[consumer]
        following = Consumer(producer, url, token, db, taking, lambda: NOON)
        task = asyncio.create_task(following.run())
        while not following.caught_up:
            assert not task.done()
            await asyncio.sleep(0.02)
        task.cancel()
        assert await following.parked() == 0

    def settled(self) -> None:
        """Wait until scoring has worked everybody out."""
        url = self.urls["scoring"].replace("/graphql", "/health/ready")
        until = time.monotonic() + SETTLE_SECONDS
        while httpx.get(url).json()["pending"]:
            assert time.monotonic() < until, "scoring does not settle"
            time.sleep(0.05)

    async def left(self, bank: str) -> dict[str, str]:
        """Give a digest of each table of each service as the bank sees it, its audit included."""
        found = {}
        for service, db in self.databases.items():
            async with db.read(bank) as session:
                connection = await session.connection()
                names = await connection.execute(text(_TABLES))
                each = [_DIGEST.format(one) for one in names.scalars()]
                rows = await connection.execute(text(" union all ".join(each)))
                found |= {f"{service}.{one.name}": one.digest for one in rows}
        return found


_TABLES = (
    "select relname from pg_class where relkind = 'r' and relname <> 'alembic_version' "
    "and relnamespace = 'public'::regnamespace"
)
_DIGEST = (
    "select '{0}' as name, md5(coalesce(string_agg(t::text, '' order by t::text), '')) as digest "
    'from "{0}" t'
)


@dataclass(frozen=True, kw_only=True)
class Named:
    """What documents can name of one bank, or of none; `mark` is part of every name."""

    bank: str
    mark: str
    version: int
    customer: str = field(default_factory=lambda: str(uuid4()))
    offer: str = field(default_factory=lambda: str(uuid4()))
    campaign: str = field(default_factory=lambda: str(uuid4()))
    run: str = field(default_factory=lambda: str(uuid4()))
    after: str = ""

    def a(self, word: str) -> str:
        """Give the bank's own word for something: a number, a code, a name."""
        return f"{self.mark}{word}"

    @property
    def page(self) -> str:
        """Give the cursor of its campaign, as if nothing were newer."""
        return urlsafe_b64encode(f"2099-01-01T00:00:00+00:00|{self.campaign}".encode()).decode()

    def plan(self, **changes: Any) -> dict[str, Any]:
        return {
            "name": self.a("Spring"), "product": self.a("Card"), "title": self.a("Title"),
            "text": self.a("Text"), "channels": [one.upper() for one in CHANNELS],
            "audience": EVERYONE, "holdOutPpm": 0, "startsOn": "2026-03-01", "endsOn": "2026-12-31",
        } | changes  # fmt: skip

    def scheme(self, version: int, since: str) -> str:
        """Write a scheme whose steps are the bank's own."""
        example = yaml.safe_load((SCHEMES / "example.yaml").read_text())
        document = changed(example, version=version, effective_from=since, name=self.a("Scheme"))
        for step in document["tiers"]["ladder"]:
            step |= {"code": self.a(step["code"]), "name": self.a(step["name"])}
        return yaml.safe_dump(document, sort_keys=False)


def records_of(bank: Named, customers: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give the master data: customers alike but for their bank, each with an account."""
    a, numbers = bank.a, [bank.a(str(number)) for number in range(customers)]
    day = f"2026-03-{9 + customers:02}"
    return [
        ("institutions", [INSTITUTION | {"code": bank.bank, "name": a("Bank"), "as_of": day, "union_code": bank.bank}]),
        ("products", [
            {"code": a("Saver"), "name": a("Saver"), "line": "deposit", "on_offer": "true"},
            {"code": a("Card"), "name": a("Card"), "line": "e_banking", "on_offer": "true"},
        ]),
        ("branches", [
            {"code": a("H"), "name": a("Head office"), "parent_code": "", "kind": "head_office"},
            {"code": a("B"), "name": a("Branch"), "parent_code": a("H"), "kind": "branch"},
        ]),
        ("staff", [{"number": a("M"), "name": a("Liu"), "branch_code": a("B"), "role": "customer_manager"}]),
        ("customers", [
            a_customer(number=one, name=a("Zhang"), branch_code=a("B"), manager_number=a("M"),
                       address=a("Lifu"), id_type="", id_number="", email="")
            for one in numbers
        ]),
        ("accounts", [
            an_account(number=f"{one}-1", product_code=a("Saver"), branch_code=a("B"))
            for one in numbers
        ]),
        ("account_holders", [
            {"account_number": f"{one}-1", "customer_number": one, "role": "owner"}
            for one in numbers
        ]),
        ("cards", [
            {"reference": a("C"), "account_number": f"{numbers[0]}-1",
             "customer_number": numbers[0], "kind": "debit", "issued_on": "2002-01-01"}
        ]),
        ("consents", [
            {"customer_number": one, "purpose": "marketing", "channel": channel,
             "given_on": "2026-03-01"}
            for one in numbers for channel in CHANNELS
        ]),
    ]  # fmt: skip


def booked_of(bank: Named, customers: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give what scoring is brought: prices, postings, the general ledger."""
    a = bank.a
    return [
        ("rates", [
            {"product_code": a("Saver"), "rate_kind": kind, "effective_from": "2024-01-01",
             "rate_ppm": rate}
            for kind, rate in (("customer", "5000"), ("transfer", "20000"))
        ]),
        ("postings", [
            {"id": a(f"p{number}"), "account_number": f"{a(str(number))}-1",
             "amount_minor": str(customers * 1_000_000), "currency": "CNY",
             "value_date": "2026-02-01", "booked_at": "2026-02-01T10:00:00+08:00",
             "channel": "counter", "kind": "adjustment", "purpose": "", "counterparty": ""}
            for number in range(customers)
        ]),
        ("general_ledger", [
            {"gl_account": a("2011"), "name": a("Deposits"), "month": "2026-02-01",
             "measure": "deposit_balance", "currency": "CNY", "amount_minor": "1", "line": "deposit",
             "product_code": a("Saver"), "branch_code": ""}
        ]),
    ]  # fmt: skip


@asynccontextmanager
async def connected(
    urls: dict[str, str], databases: dict[str, str], callers: Callers
) -> AsyncIterator[Services]:
    """Reach the services, and their databases too."""
    found = {name: Database(connect(url, name="test")) for name, url in databases.items()}
    try:
        yield Services(urls, found, callers)
    finally:
        for db in found.values():
            await db.engine.dispose()


async def stocked(services: Services, banks: dict[Named, int], folder: Path) -> None:
    """Bring the master data and the postings of banks, each of so many customers."""
    for bank, customers in banks.items():
        for kind, records in records_of(bank, customers):
            services.load("customer", bank.bank, kind, *records)
        scheme = yaml.safe_load(bank.scheme(bank.version, "2024-01-01"))
        services.load("scoring", bank.bank, "scheme", scheme)
    await services.carry("customer", "scoring", folder / "feeds.token")
    await services.carry("customer", "campaign", folder / "feeds.token")
    for bank, customers in banks.items():
        for kind, records in booked_of(bank, customers):
            services.load("scoring", bank.bank, kind, *records)


async def opened(services: Services, banks: dict[Named, int], folder: Path) -> list[Named]:
    """Open banks, each with a campaign launched and its next scheme simulated."""
    await stocked(services, banks, folder)
    services.settled()
    await services.carry("scoring", "campaign", folder / "feeds.token")
    return [approached(services, bank) for bank in banks]


def approached(services: Services, bank: Named) -> Named:
    """Launch the bank's campaign and simulate its next scheme; give what they are known by."""
    code, version = bank.bank, bank.version + 1
    campaign_id = services.ask("campaign", code, CAMPAIGN, input=bank.plan())["id"]
    services.ask("campaign", code, STEP % "approveCampaign", by="approver", id=campaign_id)
    services.ask("campaign", code, STEP % "launchCampaign", id=campaign_id)
    customer = services.ask("customer", code, CUSTOMER, number=bank.a("0"))["id"]
    keys = [{"__typename": "Customer", "id": customer}]
    offers = services.ask("campaign", code, OFFERS, keys=keys)[0]["offers"]
    services.ask("scoring", code, SCHEME, document=bank.scheme(version, "2026-05-01"))
    run = services.ask("scoring", code, SIMULATE, version=version)["id"]
    while (seen := services.ask("scoring", code, RUN, id=run))["state"] != "FINISHED":
        time.sleep(0.05)
    return replace(
        bank, customer=customer, offer=offers[0]["id"], campaign=campaign_id, run=run,
        after=seen["customers"]["pageInfo"]["endCursor"] or "",
    )  # fmt: skip
