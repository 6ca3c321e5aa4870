"""Auditors look each service's chain up, their own institution's alone, and leave an entry of it."""

import httpx
import pytest
from campaign.app import create_app as campaign_app
from campaign.settings import Settings as CampaignSettings
from customer.app import create_app as customer_app
from customer.settings import Settings as CustomerSettings
from kit.audit.acts import Act, acting
from kit.audit.reading import Wanted, page
from kit.db import Database, connect
from kit.identity import Principal, Reach
from scoring.app import create_app as scoring_app
from scoring.settings import Settings as ScoringSettings
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from tests.callers import Callers, bearer

pytestmark = pytest.mark.anyio
WHO = "b2b7a1f0-0000-4000-8000-000000000007"
LOOK_UP = """query($search: AuditSearch, $first: Int! = 20, $after: String) {
  found: %sAudit(search: $search, first: $first, after: $after) {
    edges { cursor node { place kind operation subject staffNumber role channel reason fields
      counts { name count } entities(first: 2) entityCount repeated hash } }
    pageInfo { hasNextPage endCursor } } }"""


class Chain:
    """One service with its database, and a way to ask it as an auditor of A."""

    def __init__(self, name, url, callers, folder) -> None:
        self.name, self.callers = name, callers
        told = {"database_url": url, **callers.settings}
        (folder / "feeds").write_text("none")
        more = {"feeds": {}, "token_file": folder / "feeds"}
        if name == "customer":
            settings = CustomerSettings(**told, master_key_file=callers.master_keys)
            app = customer_app(settings)
        elif name == "scoring":
            app = scoring_app(ScoringSettings(**told, **more, archive_dir=folder))
        else:
            app = campaign_app(CampaignSettings(**told, **more))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")
        self.db = Database(connect(url, name="test"))

    async def ask(self, scope="audit:read", institution="A", **variables):
        claims = {"role": "auditor", "channel": "console", "sub": "eve", "institution": institution}
        token = self.callers.principal(self.name, scope, **claims)
        document = {"query": LOOK_UP % self.name, "variables": variables}
        return (await self.http.post("/graphql", json=document, headers=bearer(token))).json()

    async def found(self, **variables):
        answer = await self.ask(**variables)
        assert "errors" not in answer, answer
        return answer["data"]["found"]

    async def act(self, operation, *entities, institution="A", **more):
        principal = Principal(
            "s1",
            "teller",
            "counter",
            institution,
            Reach.INSTITUTION,
            frozenset(),
            staff_number="M1",
        )
        with acting(Act(principal, operation, {*entities}, **more)):
            async with self.db.transaction(institution):
                pass


@pytest.fixture(params=["customer", "scoring", "campaign"])
async def chain(request, anyio_backend, database, tmp_path):
    made = Chain(request.param, database(request.param), Callers(tmp_path), tmp_path)
    yield made
    await made.http.aclose()
    await made.db.engine.dispose()


async def test_an_entry_is_shown_whole_and_looking_it_up_is_on_record_too(chain):
    await chain.act("move", WHO, "e1", "e2", reason="asked by phone", counts={"accepted": 3})
    await chain.act("move", "e9", repeated=True)
    await chain.act("move", WHO, institution="B")
    [edge] = (await chain.found(search={"entity": WHO}))["edges"]
    assert len(edge["node"].pop("hash")) == 64
    assert edge == {
        "cursor": "1",
        "node": {
            "place": "1", "kind": "WRITE", "operation": "move", "subject": "s1", "staffNumber": "M1",
            "role": "teller", "channel": "counter", "reason": "asked by phone", "fields": [],
            "counts": [{"name": "accepted", "count": 3}], "entities": [WHO, "e1"],
            "entityCount": 3, "repeated": False,
        },
    }  # fmt: skip
    [looked] = (await chain.found(search={"subject": "eve"}))["edges"]
    del looked["node"]["hash"]
    assert looked["node"] == {
        "place": "3", "kind": "READ", "operation": f"{chain.name}Audit", "subject": "eve",
        "staffNumber": None, "role": "auditor", "channel": "console", "reason": None,
        "fields": ["AuditEntry"], "counts": [{"name": "entries", "count": 1}], "entities": [WHO],
        "entityCount": 1, "repeated": False,
    }  # fmt: skip
    assert [one["node"]["repeated"] for one in (await chain.found())["edges"]] == [
        False, False, True, False,
    ]  # fmt: skip


async def test_pages_go_back_through_the_chain(chain):
    for number in range(5):
        await chain.act(f"move{number}")
    found = await chain.found(first=3)
    assert [one["node"]["operation"] for one in found["edges"]] == ["move4", "move3", "move2"]
    assert found["pageInfo"] == {"hasNextPage": True, "endCursor": "3"}
    rest = await chain.found(first=3, after="3")
    assert [one["node"]["operation"] for one in rest["edges"]] == ["move1", "move0"]
    assert rest["pageInfo"] == {"hasNextPage": False, "endCursor": "1"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"scope": "customer:read"}, "FORBIDDEN"), ({"first": 0}, "BAD_REQUEST"),
        ({"first": 101}, "BAD_REQUEST"), ({"after": "-1"}, "BAD_REQUEST"),
        ({"after": "9" * 19}, "BAD_REQUEST"), ({"after": "\u0661"}, "BAD_REQUEST"),
        ({"search": {"subject": ""}}, "BAD_REQUEST"), ({"search": {"entity": "x" * 201}}, "BAD_REQUEST"),
        ({"search": {"since": "yesterday"}}, "BAD_REQUEST"),
    ],
)  # fmt: skip
async def test_who_may_not_and_what_cannot_be_asked_is_refused_and_shows_nothing(
    chain, asked, code
):
    await chain.act("move")
    answer = await chain.ask(**asked)
    assert (answer.get("data") or {}).get("found") is None
    assert [one["extensions"]["code"] for one in answer["errors"]] == [code]


async def test_beneath_row_policies_each_way_to_look_uses_its_index(chain, cluster):
    name = chain.db.engine.url.database
    cluster.sql(
        "set sheaf.institution = 'A'; select audit_append('A', array_agg(body)) from (select jsonb_build_object('kind', 'read', "
        "'operation', 'look' || n % 50, 'subject', 's' || n % 40, 'role', 'teller', 'channel', 'c', "
        "'entities', jsonb_build_array('e' || n % 500))::text as body from generate_series(1, 5000) n) made",
        name,
    )
    cluster.sql("analyze audit_entry", name)
    for wanted, index in (
        (Wanted(entity="e7"), "ix_audit_entry_entities"),
        (Wanted(operation="look7"), "ix_audit_entry_institution_operation_seq"),
        (Wanted(subject="s7"), "ix_audit_entry_institution_subject_seq"),
        (Wanted(), "pk_audit_entry"),
    ):
        async with chain.db.read("A") as session:
            with explained(chain.db.engine) as plan:
                await page(session, "A", wanted, before=None, first=20)
        assert any(index in line for line in plan), plan
        assert not any("Seq Scan on audit_entry" in line for line in plan), plan


class explained:  # noqa: N801  (reads as a verb)
    """Collect how the server goes about each statement, in place of what it answers."""

    def __init__(self, engine) -> None:
        self.engine, self.lines = engine.sync_engine, []

    def __enter__(self) -> list[str]:
        event.listen(self.engine, "before_cursor_execute", self._explain, retval=True)
        return self.lines

    def __exit__(self, *_) -> None:
        event.remove(self.engine, "before_cursor_execute", self._explain)

    def _explain(self, _connection, cursor, statement, parameters, _context, _many):
        cursor.execute(f"explain {statement}", parameters)
        self.lines.extend(row[0] for row in cursor.fetchall())
        return statement, parameters


async def test_a_look_is_one_statement_and_its_entry_another(chain):
    sent: list[str] = []

    def before(_c, _cursor, sql, *_):
        sent.append(sql)

    await chain.act("move")
    await chain.found()
    event.listen(Engine, "before_cursor_execute", before)
    try:
        await chain.found(search={"subject": "s1", "entity": "e1"})
    finally:
        event.remove(Engine, "before_cursor_execute", before)
    assert [("audit_append" in one, "with looked" in one) for one in sent] == [
        (False, True), (True, False),
    ]  # fmt: skip


async def test_an_instant_without_an_offset_is_utc(chain):
    await chain.act("move")
    async with chain.db.read("A") as session:
        at = await (await session.connection()).scalar(text("select at from audit_entry"))
    naive = at.strftime("%Y-%m-%dT%H:%M:%S.%f")
    assert len((await chain.found(search={"since": naive}))["edges"]) == 1
    assert (await chain.found(search={"until": naive}))["edges"] == []
