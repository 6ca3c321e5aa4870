"""Nothing is done or shown beside the audit: told from the three schemas, so that no new one is forgotten."""

from types import SimpleNamespace

import pytest
from customer.graphql.schema import PERSONS
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type
from kit.audit.acts import _acting
from kit.problem import Forbidden

from tests.contracts.asking import SCHEMAS, SERVED, asking

pytestmark = pytest.mark.anyio
MUTATIONS = [
    (service, name) for service, schema in SCHEMAS.items() for name in schema.mutation_type.fields
]
IMPERSONAL = {
    "CustomerConnection", "CustomerEdge", "Institution", "InstitutionCounts", "PageInfo", "Query",
    "_Service",
}  # fmt: skip
"""What a query may reach without passing by a person, and nothing of a person is in it."""
RECORDED = {"AuditConnection", "AuditCount", "AuditEdge", "AuditEntry"}
"""What is on record; that it was looked up is taken down where it is (tests/contracts/test_audit_lookup.py)."""
WITHIN = {
    "Branch", "Card", "Consent", "Contacts", "GroupMemberConnection", "GroupMemberEdge",
    "Identifier", "Manager", "PageInfo",
}  # fmt: skip
"""What is reached by a field of a person alone, which is taken down."""
ANSWERS = {
    "AccountsOpen", "ConsentAlreadyGiven", "ConsentNotGiven", "CustomerErased", "CustomerExport",
    "CustomerNotFound", "ErasedCustomer", "IdempotencyKeyReused", "Mutation", "PersonalData",
    "ReasonMissing", "RevealLimit", "RevealedValue", "Verification", "VerificationMissing",
}  # fmt: skip
"""What mutations answer; each is an act on record."""


def reached(schema, *kinds, until=()) -> set[str]:
    """Return the object types that are reached from these, none of `until` and nothing behind it."""
    found, waiting = set(), [schema.type_map[one] for one in kinds]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, GraphQLUnionType):
            waiting += kind.types
        elif isinstance(kind, GraphQLInterfaceType):
            waiting += schema.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType) and kind.name not in {*found, *until}:
            found.add(kind.name)
            waiting += [get_named_type(field.type) for field in kind.fields.values()]
    return found


def test_every_type_of_the_customer_schema_is_a_person_s_or_known_to_be_nobody_s():
    schema = SCHEMAS["customer"]
    assert reached(schema, "Query", until=PERSONS) == IMPERSONAL | RECORDED
    assert reached(schema, "Mutation", until=PERSONS) == ANSWERS
    behind = set()
    for one in PERSONS:
        behind |= reached(schema, one, until={*PERSONS} - {one}) - {one}
    assert behind == WITHIN
    everything = {
        name
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }
    assert everything == IMPERSONAL | RECORDED | WITHIN | ANSWERS | {*PERSONS}


class Asked:
    """A caller who may do nothing, and who notices what is going on when that is found out."""

    institution, subject, role, channel, staff_number = "A", "s1", "teller", "counter", None
    scopes = frozenset()

    def __init__(self) -> None:
        self.during = []

    def must(self, _scope) -> None:
        act = _acting.get()
        self.during.append(act.operation if act else None)
        raise Forbidden("not this one")


@pytest.mark.parametrize(("service", "name"), MUTATIONS)
async def test_a_mutation_is_an_act_of_its_name_before_it_does_anything(service, name):
    document, values = asking(SCHEMAS[service], "Mutation", name)
    caller = Asked()
    answer = await SERVED[service].execute(
        document,
        variable_values=values,
        context_value=SimpleNamespace(principal=caller),
    )
    assert caller.during == [name], answer.errors
    [error] = answer.errors
    assert error.extensions["code"] == "FORBIDDEN"


def test_no_schema_is_left_out():
    assert {service for service, _ in MUTATIONS} == {*SCHEMAS}
    assert len(MUTATIONS) >= 20
