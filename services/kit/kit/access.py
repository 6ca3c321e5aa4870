"""Who may ask what of a subgraph: the policy's rows, held to before anything of a service runs.

A row stands for a root field, for an entity that other subgraphs name, or for a field of a type.
It says which scopes its caller needs and how far a caller may reach who asks at all; which records
that caller is then shown is decided where they are read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeAlias

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, GraphQLUnionType

from kit.identity import Principal, Reach
from kit.problem import BadRequest, Forbidden, Problem

Resolver: TypeAlias = Callable[..., Any]
_ROOTS = ("Query.", "Mutation.", "Subscription.")
_ENTITIES, _ENTITY = "_entities", "_Entity"
_FEDERATION = frozenset({_ENTITIES, "_service"})


@dataclass(frozen=True, slots=True)
class Row:
    """Whoever holds one scope of each set and reaches as far as one of `reaches` may ask."""

    scopes: tuple[frozenset[str], ...]
    reaches: frozenset[Reach]

    def admit(self, principal: Principal) -> None:
        """Refuse a caller whom the policy does not let ask."""
        for enough in self.scopes:
            if not enough & principal.scopes:
                principal.must(" or ".join(sorted(enough)))
        if principal.reach not in self.reaches:
            raise Forbidden(
                f"Role '{principal.role}' may not do this: it reaches '{principal.reach}', and "
                f"this is for {' and '.join(sorted(self.reaches))}."
            )


Access: TypeAlias = Mapping[str, Row]
"""Rows by coordinate, such as `Query.thing`, `Thing` or `Thing.part`."""


def read_access(file: Path) -> Access:
    """Return the rows of one service as the policy's compiler wrote them."""
    return {
        coordinate: Row(
            tuple(frozenset(enough) for enough in row["scopes"]),
            frozenset(map(Reach, row["reach"])),
        )
        for coordinate, row in json.loads(file.read_text("utf-8")).items()
    }


def enforce(schema: GraphQLSchema, access: Access) -> None:
    """Hold every row's field and entity to it; refuse a schema that the rows do not fit."""
    entities = {name: access[name] for name in _entities(schema) & access.keys()}
    fields = {
        f"{kind}.{name}": field
        for kind, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not kind.startswith("__")
        for name, field in type_.fields.items()
        if name not in _FEDERATION
    }
    roots = {coordinate for coordinate in fields if coordinate.startswith(_ROOTS)}
    missing = (roots | _entities(schema)) - access.keys()
    if missing:
        raise LookupError(f"nobody said who may ask {', '.join(sorted(missing))}")
    unknown = access.keys() - fields.keys() - entities.keys()
    if unknown:
        raise LookupError(f"there is no {', '.join(sorted(unknown))} to ask")
    for coordinate in access.keys() & fields.keys():
        _hold(fields[coordinate], access[coordinate])
    if schema.query_type and _ENTITIES in schema.query_type.fields:
        named = schema.query_type.fields[_ENTITIES]
        named.resolve = _each_admitted(entities, _resolver(named))


def _entities(schema: GraphQLSchema) -> set[str]:
    """Return the types that other subgraphs may name by a key."""
    union = schema.type_map.get(_ENTITY)
    return {one.name for one in union.types} if isinstance(union, GraphQLUnionType) else set()


def _resolver(field: GraphQLField) -> Resolver:
    if field.resolve is None:
        raise TypeError("strawberry gives every field a resolver")
    return field.resolve


def _hold(field: GraphQLField, row: Row) -> None:
    if field.subscribe is not None:
        field.subscribe = _admitted(row, field.subscribe)
    else:
        field.resolve = _admitted(row, _resolver(field))


def _admitted(row: Row, resolve: Resolver) -> Resolver:
    def admitted(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: ANN401  (GraphQL's own)
        row.admit(info.context.principal)
        return resolve(source, info, **arguments)

    return admitted


def _each_admitted(rows: Access, resolve: Resolver) -> Resolver:
    """Answer for the entities that the caller may ask of, and refuse each of the others alone."""

    def refusal(principal: Principal, representation: Mapping[str, Any]) -> Problem | None:
        row = rows.get(str(representation.get("__typename")))
        if row is None:
            return BadRequest("A representation names no entity of this service.")
        try:
            row.admit(principal)
        except Forbidden as refused:
            return refused
        return None

    async def later(found: Any, refused: list[Problem | None]) -> list[Any]:  # noqa: ANN401
        return _in_place(await found, refused)

    def answered(source: Any, info: Any, *, representations: list[Any]) -> Any:  # noqa: ANN401
        principal = info.context.principal
        refused = [refusal(principal, one) for one in representations]
        asked = [one for one, no in zip(representations, refused, strict=True) if no is None]
        found = resolve(source, info, representations=asked)
        return later(found, refused) if isawaitable(found) else _in_place(found, refused)

    return answered


def _in_place(found: list[Any], refused: list[Problem | None]) -> list[Any]:
    answers = iter(found)
    return [next(answers) if no is None else no for no in refused]
