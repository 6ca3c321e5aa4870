"""Every document is of use to somebody at its channel, and nobody has a seat without a document."""

import json

import pytest
from gateway.policy import read
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, get_named_type, parse

import gateway
from tests.contracts.asking import SCHEMAS

POLICY = read()
TRUSTED = json.loads(gateway.manifest().read_text()).values()
OUTSIDE = {name: role for name, role in POLICY.roles.items() if not role.development}
ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


def rows_of(text: str) -> set[tuple[str, str]]:
    """Return the policy's rows that a document needs, by service."""
    document = parse(text)
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    found = set()

    def walk(node, kind, service) -> None:
        for selected in node.selection_set.selections if node.selection_set else ():
            if isinstance(selected, FieldNode):
                if not selected.name.value.startswith("__"):
                    follow(selected, kind, service)
                continue
            spread = isinstance(selected, FragmentSpreadNode)
            inside = fragments[selected.name.value] if spread else selected
            said = inside.type_condition
            walk(inside, said.name.value if said else kind, service)

    def follow(node, kind, service) -> None:
        name = node.name.value
        owners = [
            one
            for one, schema in SCHEMAS.items()
            if kind in schema.type_map and name in schema.type_map[kind].fields
        ]
        owner = service if service in owners else owners[0]
        wanted = [f"{kind}.{name}"]
        if kind not in ROOTS.values() and owner != service:
            wanted.append(kind)  # the gateway names it to another service
        found.update((owner, one) for one in wanted if one in POLICY.access[owner])
        walk(node, get_named_type(SCHEMAS[owner].type_map[kind].fields[name].type).name, owner)

    for operation in document.definitions:
        if not isinstance(operation, FragmentDefinitionNode):
            walk(operation, ROOTS[operation.operation.value], None)
    return found


NEEDED = {one["text"]: rows_of(one["text"]) for one in TRUSTED}


def runs(role: str, document: dict) -> bool:
    return all(POLICY.admits(role, *row) for row in NEEDED[document["text"]])


def test_rows_are_found_through_fragments_and_from_service_to_service():
    text = """query Q { customerByNumber(number: "1") { ...Told household { code } } }
fragment Told on Customer { id tier { code } accounts { id number balance { amount } } offers(channel: PHONE) { id } }"""
    assert rows_of(text) == {
        ("customer", "Query.customerByNumber"), ("customer", "Customer.household"),
        ("scoring", "Customer"), ("scoring", "Customer.tier"), ("scoring", "Account"),
        ("campaign", "Customer"), ("campaign", "Customer.offers"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "channel"),
    [
        pytest.param(one, channel, id=f"{channel}-{one['operation']}")
        for one in TRUSTED
        for channel in one["channels"]
    ],
)
def test_every_document_can_be_run_whole_by_somebody_at_its_channel(document, channel):
    assert NEEDED[document["text"]]
    assert [
        name for name, role in OUTSIDE.items() if channel in role.channels and runs(name, document)
    ]


def test_every_role_can_run_something_at_each_of_its_channels():
    idle = {
        (name, channel)
        for name, role in OUTSIDE.items()
        for channel in role.channels
        if not any(channel in one["channels"] and runs(name, one) for one in TRUSTED)
    }
    assert not idle


def test_who_banks_can_run_every_document_of_the_channels_that_are_theirs():
    theirs = OUTSIDE["customer"].channels
    closed = [
        one["operation"]
        for one in TRUSTED
        if {*theirs} & {*one["channels"]} and not runs("customer", one)
    ]
    assert closed == []
