"""Watches a schema's resolvers: what each mutation does, what each field shows of whom."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from enum import Enum
from inspect import isawaitable
from typing import Any, TypeAlias
from uuid import UUID

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from kit.audit.acts import Act, acting
from kit.audit.scribe import notes
from kit.secrets import refuse

Resolver: TypeAlias = Callable[..., Any]
_KEY = "id"
"""What other services know too; to be shown it alone is to be shown nothing of a person."""


def watch(schema: GraphQLSchema, persons: Mapping[str, str]) -> None:
    """Let every mutation be an act, and every field of `persons` be taken down.

    `persons` are types that tell of somebody, each with the attribute that says by id of whom.
    """
    for name, field in _fields(schema, "Mutation").items():
        field.resolve = _act(name, _resolver(field))
    for kind in ("Query", "Subscription"):
        for name, field in _fields(schema, kind).items():
            field.resolve = _asked(name, _resolver(field))
    for kind, attribute in persons.items():
        for name, field in _fields(schema, kind).items():
            if name != _KEY:
                field.resolve = _shown(f"{kind}.{name}", attribute, _resolver(field))


def _fields(schema: GraphQLSchema, kind: str) -> dict[str, GraphQLField]:
    found = schema.type_map.get(kind)
    return found.fields if isinstance(found, GraphQLObjectType) else {}


def _resolver(field: GraphQLField) -> Resolver:
    if field.resolve is None:
        raise TypeError("strawberry gives every field a resolver")
    return field.resolve


def _act(name: str, resolve: Resolver) -> Callable[..., Awaitable[Any]]:
    async def acted(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: ANN401  (GraphQL's own)
        told = dict(_told(arguments))
        entities = {str(one) for one in told.values() if isinstance(one, UUID)}
        why = _text(told.get("reason")) or _text(told.get("basis"))
        refuse("The reason", why or "")
        taken = notes()
        if taken is not None:
            taken.operations.add(name)
        act = Act(info.context.principal, name, entities, _named(told), reason=why)
        with acting(act):
            found = resolve(source, info, **arguments)
            return await found if isawaitable(found) else found

    return acted


def _asked(name: str, resolve: Resolver) -> Resolver:
    def asked(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: ANN401  (GraphQL's own)
        taken = notes()
        if taken is not None:
            taken.operations.add(name)
            taken.reason = taken.reason or _text(arguments.get("purpose"))
        return resolve(source, info, **arguments)

    return asked


def _shown(field: str, attribute: str, resolve: Resolver) -> Resolver:
    def shown(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: ANN401  (GraphQL's own)
        taken = notes()
        if taken is None:
            raise RuntimeError(f"{field} is shown, and nobody takes it down")
        taken.entities.add(str(getattr(source, attribute)))
        taken.fields.add(field)
        return resolve(source, info, **arguments)

    return shown


def _told(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what a mutation is told, by name; what an input object holds too."""
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _told(value)
        else:
            yield name, value


def _named(arguments: Mapping[str, Any]) -> set[str]:
    """Return the field that a mutation is about, where it takes one of a list."""
    named = arguments.get("field")
    return {str(named.value)} if isinstance(named, Enum) else set()


def _text(value: object) -> str | None:
    said = value.value if isinstance(value, Enum) else value
    return str(said) if said is not None else None
