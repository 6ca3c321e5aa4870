"""Whatever the schemas allow, and what they do not: no service falls over, none tells from inside.

Schemathesis makes the requests, the same ones in every run; $SHEAF_GENERATED says how many for
each operation, and then they are others in each run.
"""

import asyncio
import json
import os

import httpx
import pytest
import schemathesis
from customer.domain.ids import account_id, customer_id
from customer.ingest import kinds as customer_kinds
from graphql import introspection_from_schema, parse_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.json_schema import models_json_schema
from schemathesis import GenerationMode
from schemathesis.graphql import nodes
from scoring.ingest import kinds as scoring_kinds

from tests.callers import bearer
from tests.contracts.asking import SCHEMAS
from tests.gateway.banks import EVERY_SCOPE, Named, connected, stocked
from tests.gateway.test_attacks import LEAKS

MORE = os.environ.get("SHEAF_GENERATED")
GENERATED = settings(
    max_examples=int(MORE or 3),
    derandomize=not MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
BANK = Named(bank="generated", mark="Gen", version=101)
BRINGING = "brought"
"""The institution that generated records are brought for: not the bank that is asked about."""
IDS = [str(customer_id(BANK.bank, BANK.a("0"))), str(account_id(BANK.bank, f"{BANK.a('0')}-1"))]
ENTITIES = [
    f'{{__typename: "{kind}", id: "{one}"}}'
    for kind in ("Customer", "Account", "CustomerGroup", "Offer", "Unknown")
    for one in (*IDS, "00000000-0000-0000-0000-000000000001", "none")
]
SCALARS = {
    "UUID": st.sampled_from(IDS) | st.uuids().map(str) | st.text(),
    "Date": st.dates().map(str) | st.text(),
    "DateTime": st.datetimes().map(lambda one: f"{one.isoformat()}Z") | st.text(),
    "YearMonth": st.dates().map(lambda day: f"{day:%Y-%m}") | st.text(),
    "Decimal": st.decimals().map(str) | st.text(),
    "JSON": st.text(),
}
for name, strategy in SCALARS.items():
    schemathesis.graphql.scalar(name, strategy.map(nodes.String))
schemathesis.graphql.scalar("_Any", st.sampled_from(ENTITIES).map(parse_value))


def operations_of(schema) -> dict:
    return {found.label: found for found in (one.ok() for one in schema.get_all_operations())}


def described(kinds) -> dict:
    """Describe a service's endpoints beside GraphQL as OpenAPI; a record is a body of one line."""
    shapes = {kind: shape for kind, (shape, _) in kinds.items()}
    wanted = [(shape, "validation") for shape in shapes.values()]
    known, more = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    answers = {"responses": {"200": {"description": "Done."}}}
    after = {"name": "after", "in": "query", "schema": {"type": "string"}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    paths = {
        "/feed": {"get": {"parameters": [after, limit]} | answers},
        "/feed/head": {"get": answers},
        "/health/live": {"get": answers},
        "/health/ready": {"get": answers},
    }
    for kind, shape in shapes.items():
        content = {"application/json": {"schema": known[shape, "validation"]}}
        body = {"requestBody": {"content": content, "required": True}}
        paths[f"/ingest/{kind}"] = {"post": body | answers}
    head = {"openapi": "3.1.0", "info": {"title": "Sheaf", "version": "1"}}
    return head | {"paths": paths, "components": {"schemas": more.get("$defs", {})}}


GRAPHQL = {
    name: operations_of(schemathesis.graphql.from_dict(introspection_from_schema(schema)))
    for name, schema in SCHEMAS.items()
}
KINDS = {
    "customer": customer_kinds(None, None),
    "scoring": scoring_kinds(None, None, None),
    "campaign": {},
}
HTTP = {
    name: operations_of(schemathesis.openapi.from_dict(described(kinds)))
    for name, kinds in KINDS.items()
}


@pytest.fixture(scope="module")
def asked(services, databases, callers, tmp_path_factory):
    """A client of the services, which know a small bank."""

    async def stock() -> None:
        async with connected(services, databases, callers) as made:
            await stocked(made, {BANK: 2}, tmp_path_factory.mktemp("generated"))

    asyncio.run(stock())
    with httpx.Client(timeout=30) as client:
        yield client


def told(answer) -> None:
    """Hold an answer to what every answer is held to."""
    assert answer.status_code < 500, answer.text
    assert "INTERNAL" not in answer.text, answer.text
    assert not LEAKS.search(answer.text), answer.text


def every(operations) -> list[tuple[str, str]]:
    return [(service, label) for service, found in operations.items() for label in found]


@pytest.mark.parametrize(("service", "label"), every(GRAPHQL))
def test_every_field_answers_whatever_its_schema_allows(service, label, asked, services, callers):
    @GENERATED
    @given(GRAPHQL[service][label].as_strategy())
    def hold(case) -> None:
        who = callers.principal(service, *EVERY_SCOPE, institution=BANK.bank)
        answer = asked.post(services[service], json={"query": case.body}, headers=bearer(who))
        told(answer)
        assert answer.json().keys() <= {"data", "errors"}

    hold()


@pytest.mark.parametrize(
    ("service", "label", "mode"),
    [
        (*one, mode)
        for one in every(HTTP)
        for mode in GenerationMode
        if mode.is_positive or one[1].startswith("POST")
    ],
)
def test_every_endpoint_answers_whatever_comes(service, label, mode, asked, services, callers):
    operation = HTTP[service][label]
    role = "loader" if label.startswith("POST") else "service"

    @GENERATED
    @given(operation.as_strategy(generation_mode=mode))
    def hold(case) -> None:
        url = services[service].replace("/graphql", case.formatted_path)
        sent = {"params": case.query or None}
        if label.startswith("POST"):
            sent = {"content": json.dumps(case.body, default=str)}
        headers = bearer(callers.credential(role, BRINGING))
        told(asked.request(case.method, url, headers=headers, **sent))

    hold()
