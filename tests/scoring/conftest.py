"""The scoring service on its own migrated database, and a bank to fill it with."""

import json
from collections.abc import AsyncIterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
import pytest
import yaml
from kit.db import Database, connect
from kit.inbox import Consumer, Event
from scoring.app import create_app
from scoring.archive.reader import Archive
from scoring.inbox import handlers
from scoring.operations.calm import Calm
from scoring.operations.recalculation import recalculate, spread
from scoring.settings import Settings
from scoring.store.institution import Policies
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tests.callers import Callers, bearer
from tests.scoring.shadow_runs import changed, write

NOW = datetime(2024, 3, 20, 12, tzinfo=UTC)
SCHEMES = Path(__file__).parents[2] / "services/scoring/schemes"
READER = ("contribution:read", "report:read")
OPERATOR = ("operate",)


@pytest.fixture(scope="session")
def example_scheme() -> dict:
    """The example that the repository documents, in force since 2024."""
    document = yaml.safe_load((SCHEMES / "example.yaml").read_text())
    return document | {"effective_from": "2024-01-01"}


@pytest.fixture(scope="session")
def callers(tmp_path_factory) -> Callers:
    return Callers(tmp_path_factory.mktemp("keys"))


def customer_id(number: str, institution: str = "A") -> UUID:
    return uuid5(NAMESPACE_URL, f"{institution}/customer/{number}")


def account_id(number: str, institution: str = "A") -> UUID:
    return uuid5(NAMESPACE_URL, f"{institution}/account/{number}")


def group_id(code: str, institution: str = "A") -> UUID:
    return uuid5(NAMESPACE_URL, f"{institution}/group/{code}")


class Bank:
    """One institution's way into the service: news, records, questions, and the worker's turn."""

    def __init__(self, url, callers, folder, institution="A", posted=0) -> None:
        self.institution = institution
        self.subject = "s1"
        self.claims: dict = {}
        self.callers = callers
        token = folder / "token"
        token.write_text("unused")
        settings = Settings(
            database_url=url,
            **callers.settings,
            token_file=token,
            archive_dir=folder / "archive",
        )
        self.archive = Archive(folder / "archive")
        self.now = NOW
        self.app = create_app(settings, clock=lambda: self.now)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://scoring",
            timeout=60,
        )
        self.db = Database(connect(url, name="test"), {"archive": self.archive})
        self.policies = Policies()
        self.consumer = Consumer(
            "customer", "http://customer", token, self.db, handlers(Calm()), lambda: self.now
        )
        self._cursor = count(1)
        self._posting = count(posted + 1)

    async def close(self) -> None:
        await self.http.aclose()
        await self.db.engine.dispose()

    # news from the customer service

    async def learn(self, *events: Event) -> None:
        """Take events as the consumer would."""
        await self.consumer.take(events, f"e:0:{next(self._cursor)}")

    def news(self, kind, subject, data, version=1) -> Event:
        return Event(
            id=str(uuid4()),
            type=f"customer.{kind}.recorded",
            subject=subject,
            institution=self.institution,
            version=version,
            at=self.now,
            data=data,
        )

    def institution_news(self, as_of="2024-03-20", version=1, currency="CNY", union=None) -> Event:
        data = {
            "code": self.institution, "name": "Bank", "currency": currency,
            "time_zone": "Asia/Shanghai", "as_of": as_of, "union_code": union,
        }  # fmt: skip
        return self.news("institution", self.institution, data, version)

    def branch_news(self, code, parent=None, version=1) -> Event:
        data = {
            "code": code, "name": f"Branch {code}", "parent_code": parent,
            "kind": "outlet" if parent else "head_office",
        }  # fmt: skip
        return self.news("branch", f"{self.institution}/{code}", data, version)

    def customer_news(self, number, version=1, branch="01", manager=None) -> Event:
        data = {
            "customer_id": str(customer_id(number)), "number": number,
            "branch_code": branch, "manager_number": manager,
        }  # fmt: skip
        return self.news("customer", str(customer_id(number)), data, version)

    def account_news(
        self,
        number,
        owner,
        *,
        line="deposit",
        product=None,
        opened_on="2024-01-01",
        closed_on=None,
        currency="CNY",
        joint=(),
        matures_on=None,
        version=1,
    ) -> Event:
        data = {
            "account_id": str(account_id(number)), "number": number,
            "product_code": product or f"{line}_product", "line": line, "currency": currency,
            "branch_code": "01", "opened_on": opened_on, "closed_on": closed_on,
            "owner_id": str(customer_id(owner)),
            "matures_on": matures_on,
            "holders": [
                {"customer_id": str(customer_id(owner)), "role": "owner"},
                *({"customer_id": str(customer_id(one)), "role": "joint"} for one in joint),
            ],
        }  # fmt: skip
        return self.news("account", str(account_id(number)), data, version)

    def group_news(self, code, members, *, kind="household", parent=None, version=1) -> Event:
        """`members` are (customer, since, until)."""
        data = {
            "group_id": str(group_id(code)), "code": code, "kind": kind,
            "parent_id": str(group_id(parent)) if parent else None,
            "members": [
                {"customer_id": str(customer_id(one)), "role": "head", "since": since, "until": until}
                for one, since, until in members
            ],
        }  # fmt: skip
        return self.news("group", str(group_id(code)), data, version)

    # records from the bank

    def headers(self, *scopes) -> dict[str, str]:
        """Ask as a person, with these scopes; the header is good for one request."""
        who = {"institution": self.institution, "sub": self.subject} | self.claims
        return bearer(self.callers.principal("scoring", *scopes, **who))

    def program(self, role="loader") -> dict[str, str]:
        """Ask as a program."""
        return bearer(self.callers.credential(role, self.institution))

    @contextmanager
    def reaching(self, reach, **measure):
        """Ask as somebody who reaches only so far: `reaching("book", staff_number="M1")`."""
        self.claims = {"reach": reach} | measure
        yield
        self.claims = {}

    async def ingest(self, kind, *records) -> dict:
        body = "\n".join(json.dumps(one) for one in records)
        answer = await self.http.post(f"/ingest/{kind}", content=body, headers=self.program())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def posting(self, account, amount, day, **changes) -> dict:
        day = day.isoformat() if isinstance(day, date) else day
        return {
            "id": f"p{next(self._posting)}", "account_number": account,
            "amount_minor": str(amount), "currency": "CNY", "value_date": day,
            "booked_at": f"{day}T10:00:00+08:00", "channel": "system", "kind": "adjustment",
            "purpose": "", "counterparty": "",
        } | changes  # fmt: skip

    async def post(self, *records) -> dict:
        return await self.ingest("postings", *records)

    async def rates(self, product, customer, transfer, since="2024-01-01") -> dict:
        return await self.ingest(
            "rates",
            *(
                {
                    "product_code": product,
                    "rate_kind": kind,
                    "effective_from": since,
                    "rate_ppm": str(rate),
                }
                for kind, rate in (("customer", customer), ("transfer", transfer))
            ),
        )

    # questions

    async def ask(self, document, *, scopes=READER, **variables) -> dict:
        answer = await self.http.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers=self.headers(*scopes),
        )
        return answer.json()

    async def data(self, document, *, scopes=READER, **variables) -> dict:
        body = await self.ask(document, scopes=scopes, **variables)
        assert "errors" not in body, body
        return body["data"]

    async def of_customer(self, number, fields) -> dict | None:
        return await self._entity("Customer", customer_id(number), fields)

    async def of_account(self, number, fields) -> dict | None:
        return await self._entity("Account", account_id(number), fields)

    async def of_group(self, code, fields) -> dict | None:
        return await self._entity("CustomerGroup", group_id(code), fields)

    async def _entity(self, kind, key, fields):
        document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on {kind} {{ {fields} }} }} }}"
        data = await self.data(document, r=[{"__typename": kind, "id": str(key)}])
        return data["_entities"][0]

    # the worker's turn

    async def settle(self) -> int:
        """Work out whoever waits, as the worker does, until nobody does."""
        await spread(self.db)
        done = 0
        while took := await recalculate(self.db, self.policies, at=self.now):
            done += took
        return done

    async def sql(self, statement, **values) -> list:
        async with self.db.read(self.institution) as session:
            connection = await session.connection()
            return (await connection.execute(text(statement), values)).all()

    async def sql_done(self, statement, **values) -> None:
        async with self.db.transaction(self.institution) as session:
            await (await session.connection()).execute(text(statement), values)


async def make_ready(bank, scheme) -> None:
    await bank.ingest("scheme", scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.rates("loan_product", 60_000, 30_000)
    await bank.learn(bank.institution_news(), bank.customer_news("c"), bank.account_news("d", "c"))


async def make_branched(bank, scheme) -> None:
    await make_ready(bank, scheme)
    await bank.learn(
        bank.branch_news("00"), bank.branch_news("01", "00"), bank.branch_news("0101", "01"),
        bank.branch_news("02", "00"),
        bank.customer_news("p", branch="01", manager="M1"),
        bank.customer_news("q", branch="0101", manager="M1"),
        bank.customer_news("r", branch="02"),
        bank.account_news("dp", "p"), bank.account_news("dq", "q"),
        bank.account_news("dr", "r", opened_on="2024-03-21"),
    )  # fmt: skip
    for account, amount in (("d", 3_600_000), ("dp", 7_200_000), ("dq", 36_000_000)):
        await bank.post(bank.posting(account, amount, "2024-01-01"))
    await bank.settle()


async def make_drafted(bank, scheme) -> None:
    await make_ready(bank, scheme)
    await bank.learn(
        *(
            bank.customer_news(number, branch="01", manager=manager)
            for number, manager in (("f", "M1"), ("t", "M1"), ("g", "M2"))
        ),
        *(
            bank.account_news(number, owner)
            for number, owner in (("df", "f"), ("dt", "t"), ("dg", "g"))
        ),
    )
    await bank.post(
        bank.posting("df", -2_000, "2024-02-10", kind="fee", purpose="card", channel="system"),
        bank.posting("dg", -800, "2024-02-10", kind="fee", purpose="card", channel="system"),
        bank.posting("dt", 1_200_000, "2024-01-01", kind="adjustment"),
    )
    await bank.settle()
    await write(bank, changed(scheme))


STAGES = {"branched": (make_branched, 3), "drafted": (make_drafted, 3), "ready": (make_ready, 0)}
"""How a bank comes to be what a test asks for, done once; and how many postings it has then."""


@pytest.fixture
def stage(request) -> str | None:
    """Name the furthest of the stages that the test asks for."""
    values = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return next((one for one in STAGES if one in {*request.fixturenames} - {*values}), None)


@pytest.fixture
async def bank(stage, database, filled, callers, tmp_path, example_scheme) -> AsyncIterator[Bank]:
    make, posted = STAGES.get(stage, (None, 0))

    async def fill(url: str) -> None:
        first = Bank(url, callers, tmp_path)
        await make(first, example_scheme)
        await first.close()

    url = await filled(f"scoring/{stage}", fill) if make else database("scoring")
    opened = Bank(url, callers, tmp_path, posted=posted)
    yield opened
    await opened.close()


@pytest.fixture
async def ready(bank) -> Bank:
    """A bank with a scheme, rates and one customer `c` with a deposit account `d`."""
    return bank


@pytest.fixture
async def branched(ready) -> Bank:
    """Head office 00; 01 beneath it with 0101 beneath that; 02 apart.

    c and p are at 01 (p with manager M1), q at 0101 (M1), r at 02. A deposit earns 1.5 % a year,
    80 days of 360 are over, an account costs 1.00 a month: c 117, p 237, q 1197, r -1.
    """
    return ready


@pytest.fixture
async def drafted(ready) -> Bank:
    """Customers c (nothing but an account), f (a card fee) and t (just under SILVER); a draft."""
    ready.subject = "ann"  # who wrote it
    return ready


@pytest.fixture
def statements():
    """Collect the statements sent while a test's `with` lasts."""

    class Counted(list):
        def __enter__(self):
            event.listen(Engine, "before_cursor_execute", self._note)
            return self

        def __exit__(self, *_):
            event.remove(Engine, "before_cursor_execute", self._note)

        def _note(self, _c, _u, statement, *_):
            self.append(statement)

    return Counted


@pytest.fixture
def transactions():
    """Collect the transactions begun while a test's `with` lasts."""

    @contextmanager
    def counted():
        began: list = []

        def note(connection):
            began.append(connection)

        event.listen(Engine, "begin", note)
        yield began
        event.remove(Engine, "begin", note)

    return counted
