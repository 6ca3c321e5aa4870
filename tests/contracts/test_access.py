"""Who is let in where: every role at every root field, entity and field with a row, as `access.yaml` has it.

That file is written by people and says the same as the policy a second time, role by role: a change
of the policy shows in it as a change of who may do what.
"""

import json
from inspect import isawaitable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from gateway.policy import read
from kit.audit.scribe import Scribe
from kit.identity import Principal, Reach
from kit.problem import Forbidden

import gateway
from tests.contracts.asking import SCHEMAS, SERVED, asking

pytestmark = pytest.mark.anyio
POLICY = read()
SAID = yaml.safe_load(Path(__file__).with_name("access.yaml").read_text())
ROLES = json.loads(gateway.roles().read_text())
ROOTS = ("Query", "Mutation", "Subscription")
FEDERATION = {"_entities", "_service"}
NOBODY = "00000000-0000-0000-0000-000000000001"
ENTITIES = "query($them: [_Any!]!) { _entities(representations: $them) { __typename } }"


def must_be_said(schema) -> set[str]:
    """Return what the committed schema lets anybody ask for or name."""
    roots = {
        f"{kind}.{name}"
        for kind in ROOTS
        if kind in schema.type_map
        for name in schema.type_map[kind].fields
        if name not in FEDERATION
    }
    return roots | {one.name for one in schema.type_map["_Entity"].types}


def test_nothing_can_be_asked_for_of_which_nobody_said_who_may():
    for service, schema in SCHEMAS.items():
        assert must_be_said(schema) <= SAID[service].keys(), service


def test_it_is_said_of_every_row_of_the_policy_and_of_nothing_else():
    assert {service: [*rows] for service, rows in SAID.items()} == {
        service: [*rows] for service, rows in POLICY.access.items()
    }


def test_each_role_may_do_what_the_policy_gives_it_and_nothing_else():
    given_to = {
        service: {
            coordinate: [role for role in ROLES if POLICY.admits(role, service, coordinate)]
            for coordinate in rows
        }
        for service, rows in SAID.items()
    }
    assert given_to == SAID


class Untouched:
    """What a request reaches beside its caller: nothing is there, and asking for it is noticed."""

    def __init__(self, principal) -> None:
        self.principal, self.touched = principal, []

    def __getattr__(self, name):
        if not name.startswith("__"):
            self.touched.append(name)
        raise AttributeError(name)


def asked_by(role) -> Untouched:
    said = ROLES[role]
    principal = Principal(
        "s1", role, said["channels"][0], "A", Reach(said["reach"]), frozenset(said["scopes"]),
        frozenset({"B1"}), "M1", "C1",
    )  # fmt: skip
    Scribe(None).begin(principal)
    return Untouched(principal)


async def refused(service, coordinate, context) -> bool:
    """Ask; say whether that was refused, and nothing else told."""
    kind, _, name = coordinate.partition(".")
    if name and kind not in ROOTS:
        return await field_refused(service, kind, name, context)
    document, values = ENTITIES, {"them": [{"__typename": kind, "id": NOBODY}]}
    if name:
        document, values = asking(SCHEMAS[service], kind, name)
    if kind == "Subscription":
        stream = await SERVED[service].subscribe(document, values, context_value=context)
        answer = await anext(stream)
    else:
        answer = await SERVED[service].execute(document, values, context_value=context)
    codes = [(error.extensions or {}).get("code") for error in answer.errors or []]
    assert "BAD_REQUEST" not in codes, answer.errors
    return codes == ["FORBIDDEN"]


async def field_refused(service, kind, name, context) -> bool:
    """Resolve a field of something that is not there: only a refusal keeps from noticing that."""
    field = SERVED[service]._schema.type_map[kind].fields[name]  # noqa: SLF001  (what is executed)
    try:
        found = field.resolve(SimpleNamespace(id=NOBODY), SimpleNamespace(context=context))
        if isawaitable(found):
            await found
    except Forbidden:
        return True
    except Exception:  # noqa: BLE001  (whatever is missing, the caller was let in)
        return False
    return False


@pytest.mark.parametrize(
    ("service", "coordinate"),
    [(service, coordinate) for service, rows in SAID.items() for coordinate in rows],
)
async def test_who_is_not_let_in_is_refused_before_anything_is_looked_at(service, coordinate):
    for role in ROLES:
        context = asked_by(role)
        may = role in SAID[service][coordinate]
        assert await refused(service, coordinate, context) is not may, role
        assert may or context.touched == [], role
