"""A small service on kit: intake, refusals, masking, limits, and one trace from request to event."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import httpx
import pytest
import strawberry
from kit import outbox, telemetry
from kit.access import Row
from kit.audit.scribe import Scribe
from kit.graphql import Endpoint, Problem, Schema, answer
from kit.identity import Principal, Reach
from kit.inbox import Event
from kit.intake import Answer, Record, Rejected, intake
from kit.problem import Problem as Refusal
from kit.server import service
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from sqlalchemy import text

from tests.callers import bearer
from tests.kit.conftest import NOON
from tests.kit.counted import Counted, consumer

pytestmark = pytest.mark.anyio
REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class OutOfStock(Refusal):
    code = "OUT_OF_STOCK"


@strawberry.type(description="None left.")
class NoneLeft(Problem): ...


@strawberry.type
class Sold:
    amount: int


@dataclass
class Context:
    db: Any
    principal: Principal


Info = strawberry.Info[Context, None]


@strawberry.type
class Query:
    @strawberry.field
    def bug(self) -> int:
        raise ValueError("Zhang San 13812345678")

    @strawberry.field
    def refused(self) -> int:
        raise OutOfStock("None left.")

    @strawberry.field
    def day(self, on: date) -> date:
        return on

    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.principal.subject


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def sell(
        self, info: Info, amount: int
    ) -> Annotated[Sold | NoneLeft, strawberry.union("SellResult")]:
        if amount > 10:
            raise OutOfStock("None left.")
        async with info.context.db.transaction("A") as session:
            await outbox.record(session, [Counted("a", amount)], at=NOON)
        return Sold(amount=amount)


ANYBODY = Row((), frozenset(Reach))
ACCESS = dict.fromkeys(
    ("Query.bug", "Query.refused", "Query.day", "Query.who", "Mutation.sell"), ANYBODY
)
SCHEMA = Schema(Query, Mutation, types=[], access=ACCESS, handlers=[answer(OutOfStock, NoneLeft)])


class Line(Record):
    name: str
    amount: int


async def take(principal: Principal, lines: Sequence[tuple[int, Line]]) -> Answer:
    refused = [Rejected(n, "TOO_MUCH", "at most 10") for n, line in lines if line.amount > 10]
    return Answer(accepted=len(lines) - len(refused), rejected=refused)


@pytest.fixture
async def client(db, verifier, principals, callers):
    app = service("shop", db)
    app.include_router(intake(verifier, {"lines": (Line, take)}))
    app.mount("/graphql", Endpoint(SCHEMA, principals, Scribe(db), lambda who: Context(db, who)))

    async def identified(request: httpx.Request) -> None:
        if "authorization" not in request.headers:
            program = request.url.path.startswith("/ingest")
            token = callers.credential() if program else callers.principal("shop")
            request.headers.update(bearer(token))

    transport, hooks = httpx.ASGITransport(app), {"request": [identified]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://s", event_hooks=hooks
    ) as asks:
        yield asks


async def ask(client, query, **kwargs):
    return await client.post("/graphql/", json={"query": query}, **kwargs)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"query": "query ($on: Date!) { day(on: $on) }", "variables": {"on": "1994-02-30"}},
            "Variable '$on' has a value that is none of its type.",
        ),
        ({"query": '{ day(on: "1994-02-30") }'}, 'cannot represent a Date: "1994-02-30"'),
    ],
)
async def test_an_impossible_date_is_the_callers_fault_and_no_variable_is_quoted(
    client, body, says
):
    answered = (await client.post("/graphql/", json=body)).json()
    assert answered["data"] is None
    assert [one["extensions"] for one in answered["errors"]] == [{"code": "BAD_REQUEST"}]
    assert says in answered["errors"][0]["message"]
    assert ("1994" in answered["errors"][0]["message"]) == ("variables" not in body)


async def test_a_caller_of_no_institution_neither_sends_nor_sees_anything(client, callers):
    program = bearer(callers.credential(institution=""))
    sent = await client.post("/ingest/lines", content='{"name":"a","amount":1}', headers=program)
    person = bearer(callers.principal("shop", institution=""))
    asked = await ask(client, "{ who }", headers=person)
    assert (sent.status_code, sent.json()["code"]) == (403, "FORBIDDEN")
    assert (asked.status_code, asked.json()["errors"][0]["extensions"]) == (
        403,
        {"code": "FORBIDDEN"},
    )


async def test_bad_lines_are_answered_by_number_and_good_ones_go_in(client):
    body = '{"name":"a","amount":"1"}\nnot json\n{"name":"a","amount":"x"}\n\n{"name":"b","amount":11}\n{"name":"c","amount":1,"cvv":"123"}'
    answered = (await client.post("/ingest/lines", content=body)).json()
    assert answered["accepted"] == 1
    assert [(r["line"], r["code"]) for r in answered["rejected"]] == [
        (2, "MALFORMED"), (3, "INVALID"), (5, "TOO_MUCH"), (6, "INVALID"),
    ]  # fmt: skip
    assert "cvv" in answered["rejected"][3]["reason"]
    assert "123" not in answered["rejected"][3]["reason"]


async def test_an_unknown_kind_and_a_huge_body_are_refused_whole(client):
    unknown = await client.post("/ingest/things", content="{}")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "BAD_REQUEST")
    huge = await client.post("/ingest/lines", content=b"\n" * 20_001)
    assert (huge.status_code, huge.json()["code"]) == (413, "TOO_LARGE")


async def test_a_bug_shows_only_a_trace_id_and_the_log_quotes_nobody(client, caplog):
    with caplog.at_level(logging.ERROR):
        body = (await ask(client, "{ bug }")).json()
    [error] = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["traceId"] in error["message"]
    assert int(error["extensions"]["traceId"], 16) > 0
    assert "Zhang" not in str(body)
    assert "ValueError" in caplog.text
    assert "Zhang" not in caplog.text


async def test_a_refusal_keeps_its_code_in_a_union_and_outside_one(client):
    outside = (await ask(client, "{ refused }")).json()
    assert outside["errors"][0]["extensions"] == {"code": "OUT_OF_STOCK"}
    inside = (
        await ask(client, "mutation { sell(amount: 11) { ... on Problem { code message } } }")
    ).json()
    assert inside == {"data": {"sell": {"code": "OUT_OF_STOCK", "message": "None left."}}}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic YTpi"])
async def test_nobody_asks_without_a_token(client, header):
    answered = await ask(client, "{ who }", headers={"authorization": header})
    assert answered.status_code == 401
    assert answered.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_program_s_and_a_client_s_own_token_ask_nothing(client, callers):
    own = callers.issuer.sign(
        {"iss": "https://issuer.example", "aud": "sheaf", "sub": "s1", "role": "teller",
         "channel": "counter", "institution": "A", "jti": "1", "scopes": []}, seconds=60,
    )  # fmt: skip
    for token in (own, callers.credential(), callers.credential("service")):
        answered = await ask(client, "{ who }", headers=bearer(token))
        assert answered.status_code == 401
        assert answered.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_principal_asks_once_and_sends_nothing(client, callers):
    once = bearer(callers.principal("shop", "ingest:write"))
    sent = await client.post("/ingest/lines", content='{"name":"a","amount":1}', headers=once)
    assert (sent.status_code, sent.json()["code"]) == (401, "UNAUTHENTICATED")
    first = await ask(client, "{ who }", headers=once)
    assert first.json() == {"data": {"who": "s1"}}
    again = await ask(client, "{ who }", headers=once)
    assert again.status_code == 401
    assert "used before" in again.json()["errors"][0]["message"]


async def test_headers_that_claim_an_identity_change_nothing(client, callers):
    claimed = {"x-subject": "boss", "x-institution": "B", "x-forwarded-user": "boss"}
    headers = bearer(callers.principal("shop", sub="anna")) | claimed
    assert (await ask(client, "{ who }", headers=headers)).json() == {"data": {"who": "anna"}}
    assert (
        await ask(client, "{ who }", headers=claimed | {"authorization": ""})
    ).status_code == 401


async def test_deep_and_aliased_documents_are_refused(client):
    aliases = "{" + " ".join(f"a{n}: who" for n in range(60)) + "}"
    assert "alias" in (await ask(client, aliases)).json()["errors"][0]["message"].lower()


async def test_ready_says_so_only_with_a_migrated_database(client, db):
    before = await client.get("/health/ready")
    assert (before.status_code, before.json()["status"]) == (503, "not ready")
    async with db.transaction("A") as session:
        await (await session.connection()).execute(
            text("create table alembic_version (version_num text)")
        )
    assert (await client.get("/health/ready")).status_code == 200
    assert (await client.get("/health/live")).json() == {"status": "live"}


@pytest.fixture(scope="module", autouse=True)
def traced():
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        telemetry.start("shop")


@asynccontextmanager
async def spans():
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    found: list = []
    yield found
    found.extend(exporter.get_finished_spans())


async def test_one_request_is_one_trace_from_the_callers_span_to_the_event_consumers_sql(
    client, db, tmp_path
):
    async with spans() as found:
        await ask(
            client,
            "mutation { sell(amount: 3) { ... on Sold { amount } } }",
            headers={"traceparent": REMOTE},
        )
        async with db.read("A") as session:
            events, reached = await outbox.page(session, outbox.Cursor("e", 0, 0))
        one = consumer(db, "http://unused", tmp_path / "t")
        body = events[0]
        event = Event(
            body["id"],
            body["type"],
            body["subject"],
            "A",
            1,
            NOON,
            body["data"],
            body["traceparent"],
        )
        await one.take([event], str(reached))
    ours = [s for s in found if f"{s.context.trace_id:032x}" == REMOTE.split("-")[1]]
    named = {s.name: s for s in ours}
    request, operation = named["POST /graphql/"], named["graphql operation"]
    insert = next(
        s for s in ours if s.name == "INSERT" and s.parent.span_id == operation.context.span_id
    )
    consume = named["consume counted"]
    assert f"{request.parent.span_id:016x}" == REMOTE.split("-")[2]
    assert operation.parent.span_id == request.context.span_id
    assert consume.parent.span_id == operation.context.span_id
    assert any(s.name == "INSERT" and s.parent.span_id == consume.context.span_id for s in ours)
    assert insert.attributes == {"db.system.name": "postgresql"}
    assert operation.attributes == {"graphql.operation.type": "mutation"}


async def test_a_statement_that_fails_still_ends_its_span(db):
    telemetry.trace_sql(db.engine)
    async with spans() as found:
        with pytest.raises(Exception, match="nowhere"):
            async with db.read("A") as session:
                await (await session.connection()).execute(text("select * from nowhere"))
    failed = [s for s in found if s.name == "SELECT" and not s.status.is_ok]
    assert len(failed) == 1
    assert "nowhere" not in str(failed[0].attributes)


async def test_a_statement_has_a_span_only_while_somebody_collects(db, monkeypatch):
    class Ids(RandomIdGenerator):
        given = 0

        def generate_span_id(self):
            self.given += 1
            return super().generate_span_id()

    ids, exporter = Ids(), InMemorySpanExporter()
    provider = telemetry.Provider(id_generator=ids)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    telemetry.trace_sql(db.engine)
    async with db.read("A") as session:
        connection = await session.connection()
        with telemetry.span("request"):
            await connection.execute(text("select 1"))
            assert int(telemetry.trace_id(), 16) > 0
        assert ids.given == 1  # the request's own
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        await connection.execute(text("select 2"))
    assert [one.name for one in exporter.get_finished_spans()] == ["SELECT"]


async def test_an_error_ends_its_span_as_failed_and_says_nothing_of_itself():
    async def broken(_scope, _receive, _send):
        raise ValueError("Zhang San 13812345678")

    async with spans() as found:
        with pytest.raises(ValueError, match="Zhang San"), telemetry.span("consume"):
            raise ValueError("Zhang San 13812345678")
        with pytest.raises(ValueError, match="Zhang San"):
            scope = {"type": "http", "method": "GET", "path": "/x", "headers": []}
            await telemetry.Traced(broken)(scope, None, None)
    told = [(s.name, s.status.is_ok, s.status.description, s.events) for s in found]
    assert told == [("consume", False, None, ()), ("GET /x", False, None, ())]


async def test_work_that_swallows_being_cancelled_is_told_again_when_the_service_ends(db):
    begun, told = asyncio.Event(), []

    async def stubborn() -> None:
        begun.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.append("to end")
                if len(told) == 2:
                    raise

    app = service("shop", db, work=[stubborn])
    async with asyncio.timeout(10), app.router.lifespan_context(app):
        await begun.wait()
    assert told == ["to end"] * 2
