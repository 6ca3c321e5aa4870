"""Rows are held to before a resolver runs, and a schema that they do not fit is not built."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Self

import pytest
import strawberry
from kit.access import Row, read_access
from kit.graphql import Schema
from kit.identity import Principal, Reach

pytestmark = pytest.mark.anyio
EVERYBODY = frozenset(Reach)


def row(*scopes, reaches=EVERYBODY) -> Row:
    return Row(tuple(frozenset({one}) for one in scopes), frozenset(reaches))


@dataclass
class Context:
    principal: Principal
    ran: list[str] = field(default_factory=list)


Info = strawberry.Info[Context, None]


@strawberry.federation.type(keys=["id"])
class Book:
    id: strawberry.ID

    @strawberry.field
    def price(self, info: Info) -> int | None:
        info.context.ran.append("price")
        return 7

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self:  # noqa: A002  (the key's name)
        info.context.ran.append(f"book {id}")
        return cls(id=id)


@strawberry.federation.type(keys=["id"])
class Shelf:
    id: strawberry.ID

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self:  # noqa: A002  (the key's name)
        info.context.ran.append(f"shelf {id}")
        return cls(id=id)


@strawberry.type
class Query:
    @strawberry.field
    async def book(self, info: Info) -> Book | None:
        info.context.ran.append("book")
        return Book(id=strawberry.ID("1"))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def burn(self, info: Info) -> int | None:
        info.context.ran.append("burn")
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def pages(self, info: Info) -> AsyncGenerator[int | None]:
        info.context.ran.append("pages")
        yield 1


ROWS = {
    "Query.book": row("read"),
    "Book": row("read"),
    "Book.price": row("price", reaches={Reach.INSTITUTION}),
    "Shelf": row("tidy"),
    "Mutation.burn": row("read", "burn"),
    "Subscription.pages": Row((frozenset({"read", "leaf"}),), EVERYBODY),
}


def schema(**changes) -> Schema:
    rows = {name: one for name, one in (ROWS | changes).items() if one is not None}
    return Schema(
        Query, Mutation, Subscription, types=[Book, Shelf], access=rows, handlers=[]
    )  # fmt: skip


SCHEMA = schema()
ENTITIES = "query($them: [_Any!]!) { _entities(representations: $them) { __typename ... on Book { price } } }"


def a_caller(*scopes, reach=Reach.INSTITUTION) -> Context:
    return Context(Principal("s1", "clerk", "counter", "A", reach, frozenset(scopes)))


async def asked(context, document, **variables):
    return await SCHEMA.execute(document, variable_values=variables, context_value=context)


def refusals(answer) -> list:
    return [(error.path, error.extensions["code"], error.message) for error in answer.errors or []]


async def test_who_holds_what_the_rows_ask_for_is_answered():
    context = a_caller("read", "price", "burn")
    answer = await asked(context, "{ book { price } }")
    assert (answer.data, answer.errors) == ({"book": {"price": 7}}, None)
    assert (await asked(context, "mutation { burn }")).data == {"burn": 1}
    assert context.ran == ["book", "price", "burn"]


@pytest.mark.parametrize(
    ("scopes", "document", "needed"),
    [
        ([], "{ book { id } }", "read"),
        (["burn"], "mutation { burn }", "read"),
        (["read"], "mutation { burn }", "burn"),
    ],
)
async def test_without_a_scope_of_its_row_nothing_of_it_runs(scopes, document, needed):
    context = a_caller(*scopes)
    answer = await asked(context, document)
    [(_, code, message)] = refusals(answer)
    assert code == "FORBIDDEN"
    assert message == (
        f"Role 'clerk' may not do this: it needs the scope '{needed}'. "
        "Ask with a token whose role has it."
    )
    assert context.ran == []


async def test_a_field_refused_takes_nothing_with_it_that_its_caller_may_see():
    context = a_caller("read")
    answer = await asked(context, "{ book { id price } }")
    assert answer.data == {"book": {"id": "1", "price": None}}
    assert [(path, code) for path, code, _ in refusals(answer)] == [
        (["book", "price"], "FORBIDDEN")
    ]
    assert context.ran == ["book"]


async def test_a_reach_that_a_row_does_not_list_is_refused_whatever_the_scopes():
    context = a_caller("read", "price", reach=Reach.BOOK)
    answer = await asked(context, "{ book { id price } }")
    assert refusals(answer) == [
        (
            ["book", "price"],
            "FORBIDDEN",
            "Role 'clerk' may not do this: it reaches 'book', and this is for institution.",
        )
    ]
    assert context.ran == ["book"]


async def test_entities_are_refused_one_by_one_in_their_places():
    context = a_caller("read", "price")
    them = [
        {"__typename": "Shelf", "id": "1"}, {"__typename": "Book", "id": "2"},
        {"__typename": "Nothing", "id": "3"}, {"__typename": "Book", "id": "4"}, {"id": "5"},
    ]  # fmt: skip
    answer = await asked(context, ENTITIES, them=them)
    book = {"__typename": "Book", "price": 7}
    assert answer.data == {"_entities": [None, book, None, book, None]}
    assert sorted((path, code) for path, code, _ in refusals(answer)) == [
        (["_entities", 0], "FORBIDDEN"),
        (["_entities", 2], "BAD_REQUEST"),
        (["_entities", 4], "BAD_REQUEST"),
    ]
    assert sorted(context.ran) == ["book 2", "book 4", "price", "price"]


@pytest.mark.parametrize(("scope", "seen"), [("read", 1), ("leaf", 1), ("other", None)])
async def test_a_stream_begins_for_who_holds_any_of_the_scopes_that_are_enough(scope, seen):
    context = a_caller(scope)
    stream = await SCHEMA.subscribe("subscription { pages }", context_value=context)
    told = [one async for one in stream]
    if seen:
        assert [one.data for one in told] == [{"pages": 1}]
        return
    [refused] = told
    [(_, code, message)] = refusals(refused)
    assert code == "FORBIDDEN"
    assert "it needs the scope 'leaf or read'" in message
    assert context.ran == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Query.book": None}, "nobody said who may ask Query.book"),
        ({"Subscription.pages": None, "Mutation.burn": None}, "Mutation.burn, Subscription.pages"),
        ({"Shelf": None}, "nobody said who may ask Shelf"),
        ({"Book.weight": row("read")}, "there is no Book.weight to ask"),
        ({"Query": row("read")}, "there is no Query to ask"),
        ({"Lamp": row("read")}, "there is no Lamp to ask"),
    ],
)
def test_a_schema_that_the_rows_do_not_fit_is_not_built(changes, said):
    with pytest.raises(LookupError, match=said):
        schema(**changes)


def test_rows_are_read_as_they_are_compiled(tmp_path):
    file = tmp_path / "access.json"
    file.write_text('{"Query.book": {"scopes": [["a", "b"], ["c"]], "reach": ["book", "self"]}}')
    assert read_access(file) == {
        "Query.book": Row(
            (frozenset({"a", "b"}), frozenset({"c"})), frozenset({Reach.BOOK, Reach.SELF})
        )
    }
