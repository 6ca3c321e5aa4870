"""Mutations as the schemas have them: documents to call them with, and other values for arguments."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from tests.contracts.asking import SCHEMAS

KEY = "idempotencyKey"
MUTATIONS = [
    (service, name) for service in SCHEMAS for name in SCHEMAS[service].mutation_type.fields
]


def field_of(service: str, name: str) -> GraphQLField:
    return SCHEMAS[service].mutation_type.fields[name]


def document(service: str, name: str, given: Mapping[str, Any]) -> str:
    """Write a document that calls a mutation with the arguments given, and shows all it answers."""
    field = field_of(service, name)
    names = [one for one in field.args if one in {*given, KEY}]
    declared = ", ".join(f"${one}: {field.args[one].type}" for one in names)
    passed = ", ".join(f"{one}: ${one}" for one in names)
    shown = _shown(get_named_type(field.type), 2)
    return f"mutation({declared}) {{ it: {name}({passed}) {shown} }}"


def _shown(kind: Any, depth: int) -> str:
    if isinstance(kind, GraphQLUnionType):
        members = (f"... on {one.name} {_shown(one, depth)}" for one in kind.types)
        return f"{{ __typename {' '.join(members)} }}"
    return f"{{ {' '.join(['__typename', *_fields(kind, depth)])} }}"


def _fields(kind: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if any(is_required_argument(one) for one in field.args.values()):
            continue
        if is_leaf_type(inner):
            yield name
        elif depth > 1 and isinstance(inner, GraphQLObjectType):
            yield f"{name} {_shown(inner, depth - 1)}"


def varied(service: str, name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, dict]]:
    """Give the arguments again and again, each time with one of them, the key apart, another one."""
    for argument, described in field_of(service, name).args.items():
        if argument != KEY:
            for place, value in _others(described.type, given.get(argument)):
                yield f"{argument}{place}", {**given, argument: value}


def _others(kind: Any, value: Any) -> Iterator[tuple[str, Any]]:
    kind, inner = get_nullable_type(kind), get_named_type(kind)
    if isinstance(inner, GraphQLInputObjectType) and not inner.is_one_of and value is not None:
        for name, field in inner.fields.items():
            if name in value or is_required_input_field(field):
                for place, other in _others(field.type, value.get(name)):
                    yield f".{name}{place}", {**value, name: other}
    elif is_list_type(kind) or isinstance(inner, GraphQLInputObjectType):
        return  # a second wish says what else it could be
    elif isinstance(inner, GraphQLEnumType) and len(inner.values) == 1:
        return
    else:
        yield "", _other(inner, value)


def _other(kind: Any, value: Any) -> Any:
    if isinstance(kind, GraphQLEnumType):
        return next(one for one in kind.values if one != value)
    if kind.name == "Int":
        return (value or 0) + 1
    if kind.name == "UUID":
        return str(uuid4())
    if kind.name == "Date":
        return date.fromisoformat(value).replace(year=int(value[:4]) + 1).isoformat()
    if kind.name == "YearMonth":
        return "2024-02" if value != "2024-02" else "2024-03"
    return f"{value or ''} too"
