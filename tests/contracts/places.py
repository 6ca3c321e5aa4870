"""A service as a contract's test has it: what can be wished for, who may, and what it leaves behind."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

import httpx
from kit.db import Database
from sqlalchemy import text

import gateway
from tests.callers import Callers, bearer
from tests.contracts.mutations import KEY, document

Wish: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
"""Makes arguments of a call that can succeed; each time for something else."""
ROLES = json.loads(gateway.roles().read_text())
ALL = frozenset(scope for role in ROLES.values() for scope in role["scopes"])
AUTHOR = "author"
"""Who does what has to be done before; the wish itself is another's."""
TABLES = text(
    "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
    "and relname not in ('alembic_version', 'audit_entry') order by relname"
)


@dataclass(frozen=True)
class Left:
    """What is in the database: rows by table, a digest of them all, and the audit's entries."""

    rows: Counter[str]
    digest: str
    audit: list[dict[str, Any]]

    def since(self, before: "Left") -> dict[str, int]:
        """Give by how many rows each table has grown."""
        grown = self.rows.copy()
        grown.subtract(before.rows)
        return {table: number for table, number in grown.items() if number}

    def acts(self, before: "Left", name: str) -> list[bool]:
        """Say of each act of this name since then whether it was a repeated one."""
        new = self.audit[len(before.audit) :]
        return [
            one.get("repeated", False)
            for one in new
            if (one["kind"], one["operation"]) == ("write", name)
        ]


@dataclass(frozen=True)
class Place:
    """A running service with a bank in it."""

    name: str
    http: httpx.AsyncClient
    callers: Callers
    db: Database
    wishes: dict[str, Wish] = field(default_factory=dict)

    async def ask(self, query: str, variables: dict[str, Any], *, by: str = AUTHOR) -> Any:
        """Send a document as somebody who may do everything; give the whole answer."""
        body = {"query": query, "variables": variables}
        headers = bearer(self.callers.principal(self.name, *ALL, sub=by))
        return (await self.http.post("/graphql", json=body, headers=headers)).json()

    async def call(self, name: str, given: dict[str, Any], *, key: str, by: str) -> Any:
        """Call a mutation; give what it answers, or the code that it is refused with."""
        answer = await self.ask(document(self.name, name, given), given | {KEY: key}, by=by)
        if "errors" in answer:
            [error] = answer["errors"]
            return {"__typename": error["extensions"]["code"], "message": error["message"]}
        return answer["data"]["it"]

    async def done(self, name: str, given: dict[str, Any], *, by: str = AUTHOR) -> Any:
        """Have something done that must succeed."""
        answer = await self.call(name, given, key=uuid4().hex, by=by)
        assert granted(answer), answer
        return answer

    async def left(self) -> Left:
        """Look at everything of the institution, in two statements."""
        async with self.db.read("A") as session:
            connection = await session.connection()
            tables = list((await connection.execute(TABLES)).scalars())
            each = (
                f"select '{one}' as name, count(*) as rows, "
                f"md5(coalesce(string_agg(t::text, '' order by t::text), '')) as digest from {one} t"
                for one in tables
            )
            found = (await connection.execute(text(" union all ".join(each)))).all()
            written = text("select body from audit_entry order by seq")
            audit = [json.loads(one) for one in (await connection.execute(written)).scalars()]
        rows = Counter({one.name: one.rows for one in found})
        return Left(rows, " ".join(one.digest for one in found), audit)


def granted(answer: dict[str, Any]) -> bool:
    """Say whether an answer is neither a coded error nor a `Problem`."""
    return "message" not in answer
