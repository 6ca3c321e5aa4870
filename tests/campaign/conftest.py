"""A campaign service on its own database, told of a small bank by events, asked over HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
import pytest
from campaign.app import create_app
from campaign.inbox import HANDLERS
from campaign.settings import Settings
from kit.db import Database, connect
from kit.inbox import Consumer, Event
from sqlalchemy import event as listen
from sqlalchemy import text

from tests.callers import Callers, bearer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_OF = date(2026, 2, 28)
SCOPES = {
    "marketer": ["customer:read", "contribution:read", "campaign:read", "campaign:write"],
    "approver": ["campaign:read", "campaign:approve", "customer:read"],
    "teller": ["customer:read", "offer:read", "offer:respond"],
}


def customer_id(number: str, institution: str = "A") -> UUID:
    return uuid5(NAMESPACE_URL, f"{institution}/customer/{number}")


class Bank:
    """Tells the service what other services would announce."""

    def __init__(self, db: Database, institution: str = "A") -> None:
        self.db = db
        self.institution = institution
        self._consumers = {
            producer: Consumer(
                producer=producer, url="http://none", token_file=None, db=db,
                handlers=handlers, clock=lambda: NOON,
            )
            for producer, handlers in HANDLERS.items()
        }  # fmt: skip

    def event(self, kind: str, subject: object, version: int, at=NOON, /, **data: object) -> Event:
        return Event(
            id=str(uuid4()), type=kind, subject=str(subject), institution=self.institution,
            version=version, at=at, data=data,
        )  # fmt: skip

    async def tell(self, *events: Event) -> None:
        for one in events:
            await self.tell_all([one])

    async def tell_all(self, events: list[Event]) -> None:
        """Give all events, of one producer, as one batch."""
        consumer = self._consumers[events[0].type.partition(".")[0]]
        await consumer.take(events, "1:1:1")
        assert await consumer.parked() == 0

    def recorded(self, version=1, as_of="2026-02-28", currency="CZK") -> Event:
        return self.event(
            "customer.institution.recorded", self.institution, version, code=self.institution,
            name="Bank", currency=currency, time_zone="Europe/Prague", as_of=as_of,
        )  # fmt: skip

    def product(self, code, line="deposit", *, on_offer=True, version=1) -> Event:
        subject = f"{self.institution}/{code}"
        return self.event(
            "customer.product.recorded", subject, version,
            code=code, name=code.title(), line=line, on_offer=on_offer,
        )  # fmt: skip

    def branch(self, code, parent=None, version=1) -> Event:
        return self.event(
            "customer.branch.recorded", f"{self.institution}/{code}", version,
            code=code, name=code, parent_code=parent, kind="branch",
        )  # fmt: skip

    def customer(self, number, version=1, **changes) -> Event:
        facts = {
            "customer_id": str(customer_id(number, self.institution)), "number": number,
            "kind": "individual", "born_on": "1980-05-17", "branch_code": "B1",
            "manager_number": "M1", "since": "2001-01-01",
        } | changes  # fmt: skip
        return self.event("customer.customer.recorded", facts["customer_id"], version, **facts)

    def account(self, number, *holders, product="saver", line="deposit", version=1, closed=None):
        """`holders` are (customer number, role)."""
        account_id = uuid5(NAMESPACE_URL, f"{self.institution}/account/{number}")
        held = [
            {"customer_id": str(customer_id(one, self.institution)), "role": role}
            for one, role in holders
        ]
        owners = [one["customer_id"] for one in held if one["role"] == "owner"]
        return self.event(
            "customer.account.recorded", account_id, version, account_id=str(account_id),
            number=number, product_code=product, line=line, currency="CZK", branch_code="B1",
            opened_on="2020-01-01", closed_on=closed, owner_id=owners[0] if owners else None,
            holders=held,
        )  # fmt: skip

    def consent(self, number, channel="counter", *, given=True, version=1) -> Event:
        customer = customer_id(number, self.institution)
        return self.event(
            "customer.consent.changed", f"{customer}/marketing/{channel}", version,
            customer_id=str(customer), purpose="marketing", channel=channel, given=given,
        )  # fmt: skip

    def tier(self, number, code, rank, version=1, at=NOON) -> Event:
        customer = customer_id(number, self.institution)
        return self.event(
            "scoring.tier.changed", customer, version, at, customer_id=str(customer),
            tier_code=code, tier_rank=rank, since="2026-01-01", previous_code=None, reason={},
        )  # fmt: skip

    def contribution(self, number, minor, version=1) -> Event:
        customer = customer_id(number, self.institution)
        return self.event(
            "scoring.contribution.changed", customer, version, customer_id=str(customer),
            window_months=12, through="2026-02-28", contribution_minor=minor, currency="CZK",
        )  # fmt: skip

    async def opens(self, *numbers: str) -> None:
        """Start with two products, a branch and these customers, who consent at the counter."""
        await self.tell_all(
            [
                self.recorded(), self.product("saver"), self.product("card", "e_banking"),
                self.product("old", on_offer=False), self.branch("B1"),
                *[self.customer(number) for number in numbers],
                *[self.consent(number) for number in numbers],
            ]
        )  # fmt: skip


@pytest.fixture
async def db(database) -> AsyncIterator[Database]:
    engine = connect(database("campaign"), name="test")
    yield Database(engine)
    await engine.dispose()


@pytest.fixture
def bank(db) -> Bank:
    return Bank(db)


@pytest.fixture
def rows(db):
    """Read rows by SQL, as dictionaries."""

    async def read(query: str) -> list[dict]:
        async with db.read("A") as session:
            found = await (await session.connection()).execute(text(query))
            return [dict(row._mapping) for row in found]  # noqa: SLF001  (SQLAlchemy's public name)

    return read


class Clock:
    """The time, as the test sets it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Service:
    """The running app, asked with a role's token."""

    def __init__(self, app, callers: Callers, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.callers = callers
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://campaign"
        )

    def headers(
        self, role: str, subject: str | None = None, institution: str = "A", reach=None
    ) -> dict[str, str]:
        """Ask as a person of this role; the header is good for one request.

        `reach` are the claims that say how far it goes, other than over the institution.
        """
        who = {"sub": subject or role, "role": role, "institution": institution} | (reach or {})
        return bearer(self.callers.principal("campaign", *SCOPES[role], **who))

    async def whole(
        self, query: str, role: str = "marketer", subject=None, institution="A", reach=None,
        **values,
    ):  # fmt: skip
        headers = self.headers(role, subject, institution, reach)
        answer = await self.http.post(
            "/graphql",
            content=json.dumps({"query": query, "variables": values}),
            headers=headers | {"content-type": "application/json"},
        )
        return answer.json()

    async def ask(
        self, query: str, role: str = "marketer", subject=None, institution="A", reach=None,
        **values,
    ):  # fmt: skip
        body = await self.whole(query, role, subject, institution, reach, **values)
        assert "errors" not in body, body["errors"]
        return body["data"]


@asynccontextmanager
async def serving(url: str, folder, clock: Clock) -> AsyncIterator[Service]:
    callers = Callers(folder)
    settings = Settings(database_url=url, token_file=folder / "none", feeds={}, **callers.settings)
    app = create_app(settings, clock=clock)
    async with app.router.lifespan_context(app):
        asked = Service(app, callers, clock)
        async with asked.http:
            yield asked


@pytest.fixture
async def service(db, tmp_path) -> AsyncIterator[Service]:
    url = db.engine.url.render_as_string(hide_password=False)
    async with serving(url, tmp_path, Clock()) as asked:
        yield asked


@pytest.fixture
def statements():
    """Count the statements that any engine runs while a test looks."""
    seen: list[str] = []

    def note(_c, _cursor, sql, *_):
        if not sql.startswith(("select pg_catalog", "show ", "select current_schema")):
            seen.append(sql)

    from sqlalchemy import Engine  # noqa: PLC0415  (kept beside its one use)

    listen.listen(Engine, "before_cursor_execute", note)
    yield seen
    listen.remove(Engine, "before_cursor_execute", note)


CAMPAIGN = """id version status name product channels holdOutPpm authors reason
  stats { members treated heldOut holdersExcluded offered acceptedTreated tookTreated tookHeldOut
          responses { outcome count } split { expectedHeldOut pValue suspicious }
          lift { treatedRate heldOutRate difference low high } }"""
STEP = f"""mutation($id: UUID!, $key: String!) {{ %s(id: $id, idempotencyKey: $key) {{
  __typename ... on Campaign {{ {CAMPAIGN} }} ... on Problem {{ code message }} }} }}"""
DRAFT = f"""mutation($input: CampaignInput!, $key: String!) {{
  draftCampaign(input: $input, idempotencyKey: $key) {{ __typename
    ... on Campaign {{ {CAMPAIGN} }} ... on Problem {{ code message }}
    ... on InvalidAudience {{ faults {{ path reason }} }}
    ... on InvalidCampaign {{ faults {{ path reason }} }} }} }}"""
EVERYONE = {"any": [{"kind": "INDIVIDUAL"}, {"kind": "ENTERPRISE"}]}


class Campaigns:
    """Takes a campaign's steps the way staff would."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def plan(self, **changes) -> dict:
        return {
            "name": "Spring cards", "product": "card", "title": "A card for you",
            "text": "Free for a year.", "channels": ["COUNTER"], "audience": EVERYONE,
            "startsOn": "2026-02-01", "endsOn": "2026-03-31",
        } | changes  # fmt: skip

    async def draft(self, key=None, subject=None, **changes) -> dict:
        data = await self.service.ask(
            DRAFT, subject=subject, input=self.plan(**changes), key=key or uuid4().hex
        )
        return data["draftCampaign"]

    async def step(
        self, verb: str, campaign: dict, role="marketer", subject=None, key=None
    ) -> dict:
        name = f"{verb}Campaign"
        data = await self.service.ask(
            STEP % name, role, subject, id=campaign["id"], key=key or uuid4().hex
        )
        return data[name]

    async def launched(self, **changes) -> dict:
        draft = await self.draft(**changes)
        assert draft["__typename"] == "Campaign", draft
        await self.step("approve", draft, "approver")
        launched = await self.step("launch", draft)
        assert launched["__typename"] == "Campaign", launched
        return launched


@pytest.fixture
def campaigns(service) -> Campaigns:
    return Campaigns(service)


@pytest.fixture
def of():
    """Give the id of a customer by number."""
    return lambda number, institution="A": str(customer_id(number, institution))
