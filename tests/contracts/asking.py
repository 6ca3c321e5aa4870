"""A document for any field that the three schemas have, with values for what it must be given."""

from pathlib import Path

import campaign.graphql.schema
import customer.graphql.schema
import scoring.graphql.schema
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    build_schema,
    get_named_type,
    is_required_argument,
)

SERVED = {
    "customer": customer.graphql.schema.schema,
    "scoring": scoring.graphql.schema.SCHEMA,
    "campaign": campaign.graphql.schema.SCHEMA,
}
HOME = Path(__file__).parents[2] / "services"
SCHEMAS = {
    name: build_schema(
        (HOME / name / "schema.graphql").read_text(), assume_valid=True, assume_valid_sdl=True
    )
    for name in SERVED
}
SAMPLES = {
    "UUID": "00000000-0000-0000-0000-000000000001", "Date": "2026-03-01", "Decimal": "1",
    "YearMonth": "2026-03", "DateTime": "2026-03-01T12:00:00Z", "Int": 1, "Float": 1.0, "Boolean": True, "JSON": {},
}  # fmt: skip


def asking(schema, kind, name) -> tuple[str, dict]:
    """Give a document that asks a root field for as little as it can, and its variables."""
    field = schema.type_map[kind].fields[name]
    values = given(field.args)
    declared = ", ".join(f"${one}: {field.args[one].type}" for one in values)
    passed = ", ".join(f"{one}: ${one}" for one in values)
    inner = get_named_type(field.type)
    shown = "{ __typename }" if hasattr(inner, "fields") or hasattr(inner, "types") else ""
    head = f"{kind.lower()}({declared})" if values else kind.lower()
    return f"{head} {{ {name}{f'({passed})' if passed else ''} {shown} }}", values


def sample(kind):
    """Give a value that an argument of this type takes."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return one_of(kind) if kind.is_one_of else given(kind.fields)
    return SAMPLES.get(kind.name, "x")


def one_of(kind) -> dict:
    """Give one field that holds no more of its own kind."""
    name, field = next(
        (name, one) for name, one in kind.fields.items() if get_named_type(one.type) is not kind
    )
    return {name: sample(field.type)}


def given(arguments) -> dict:
    """Give a value for each argument that must be there."""
    return {name: sample(one.type) for name, one in arguments.items() if is_required_argument(one)}
