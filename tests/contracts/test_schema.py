"""What clients may rely on: committed schemas are true, and the supergraph holds every field."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, parse, validate
from graphql.language import print_ast

ROOT = Path(__file__).parents[2]
SERVICES = ["customer", "scoring", "campaign"]
TRUSTED = json.loads((ROOT / "gateway/documents.json").read_text()).values()
EXPECTED = {
    "Query": {
        "customer", "customerByNumber", "customers", "customerGroup", "institution", "bankContribution", "topCustomers",
        "tiers", "concentration", "productsOnOffer", "previewAudience", "campaigns", "campaign",
    },
    "Mutation": {
        "giveConsent", "withdrawConsent", "recompute", "draftCampaign", "approveCampaign",
        "launchCampaign", "stopCampaign", "recordResponse",
    },
    "Customer": {
        "id", "number", "name", "kind", "branch", "manager", "accounts", "authorisedAccounts", "cards",
        "consents", "household", "group", "contribution", "tier", "tierHistory", "offers",
    },
    "CustomerGroup": {"id", "code", "kind", "name", "parent", "groups", "members", "contribution"},
    "Account": {
        "id", "number", "product", "line", "openedOn", "closedOn", "currency", "balance",
        "averageDailyBalance", "dailyBalances", "contribution", "loan",
    },
}  # fmt: skip
OF_OTHERS = {
    "Customer": ["contribution", "tier", "tierHistory", "offers"],
    "CustomerGroup": ["contribution"],
    "Account": ["balance", "averageDailyBalance", "dailyBalances", "contribution", "loan"],
}


@pytest.fixture(scope="module")
def supergraph():
    document = parse((ROOT / "gateway/supergraph.graphql").read_text())
    return build_schema(print_ast(document), assume_valid=True, assume_valid_sdl=True)


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_schema_is_what_the_service_serves(service):
    printed = subprocess.run(
        [sys.executable, "-m", service, "sdl"], capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / f"services/{service}/schema.graphql").read_text() == printed


@pytest.mark.parametrize("name", EXPECTED)
def test_the_supergraph_holds_every_field_that_clients_ask_for(supergraph, name):
    found = supergraph.get_type(name)
    assert isinstance(found, GraphQLObjectType)
    assert EXPECTED[name] <= set(found.fields)


@pytest.mark.parametrize(
    ("name", "field"), [(n, f) for n, fields in OF_OTHERS.items() for f in fields]
)
def test_what_another_service_adds_may_be_missing_from_an_answer(supergraph, name, field):
    assert not str(supergraph.get_type(name).fields[field].type).endswith("!")


@pytest.mark.parametrize("trusted", TRUSTED, ids=lambda each: each["operation"])
def test_every_trusted_document_is_valid(supergraph, trusted):
    assert validate(supergraph, parse(trusted["text"])) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_and_argument_of_a_mutation_is_described_and_takes_a_key(service):
    schema = build_schema(
        (ROOT / f"services/{service}/schema.graphql").read_text(),
        assume_valid=True,
        assume_valid_sdl=True,
    )
    for name, field in schema.mutation_type.fields.items():
        keyed = "idempotencyKey" in field.args or any(
            "idempotencyKey" in getattr(argument.type, "of_type", argument.type).fields
            for argument in field.args.values()
            if hasattr(getattr(argument.type, "of_type", argument.type), "fields")
        )
        assert keyed, name
        assert field.description, name
