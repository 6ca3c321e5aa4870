"""Three small subgraphs over real HTTP; each remembers its calls and can be put in a bad mood."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import jwt
import strawberry
from strawberry.federation import Schema
from strawberry.types import Info


@dataclass
class Call:
    """One request that a subgraph received."""

    query: str
    variables: dict
    body: dict
    headers: dict[str, str]


@strawberry.type
class Money:
    amount: str
    currency: str


def _subject(info: Info) -> str | None:
    """Say for whom the router asks."""
    token = info.context["headers"].get("authorization", "").removeprefix("Bearer ")
    return jwt.decode(token, options={"verify_signature": False})["sub"] if token else None


def _whole_bank() -> tuple[Schema, Schema, Schema]:
    return _customer(), _scoring(), _campaign()


def _customer() -> Schema:
    @strawberry.federation.type(keys=["id"])
    class Account:
        id: strawberry.ID
        number: str
        product: str

    @strawberry.federation.type(keys=["id"])
    class Customer:
        id: strawberry.ID
        number: str
        name: str
        accounts: list[Account]

    @strawberry.type
    class Query:
        @strawberry.field
        def customer_by_number(self, number: str) -> Customer | None:
            if number == "nobody":
                return None
            accounts = [
                Account(id=strawberry.ID(f"{number}-{i}"), number=f"A{i}", product="SAVINGS")
                for i in range(3)
            ]
            name = f"Customer {number}"
            return Customer(id=strawberry.ID(number), number=number, name=name, accounts=accounts)

        @strawberry.field
        def whoami(self, info: Info) -> str | None:
            time.sleep(0.01)  # long enough for identical calls to overlap
            return _subject(info)

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def give_consent(self, customer_id: strawberry.ID, idempotency_key: str) -> bool | None:  # noqa: ARG002 - as the services take it
            return True

    return Schema(query=Query, mutation=Mutation, federation_version="2.9")


def _scoring() -> Schema:
    def money(amount: int) -> Money:
        return Money(amount=f"{amount}.00", currency="CNY")

    @strawberry.federation.type(keys=["id"])
    class Account:
        id: strawberry.ID

        @strawberry.field
        def balance(self) -> Money | None:
            return money(int(self.id.rsplit("-", 1)[1]))

        @classmethod
        def resolve_reference(cls, id: strawberry.ID) -> "Account":  # noqa: A002 - the key's name
            return cls(id=id)

    @strawberry.federation.type(keys=["id"])
    class Customer:
        id: strawberry.ID
        reader: strawberry.Private[str | None] = None

        @strawberry.field
        def contribution(self, year: int) -> Money | None:
            if year == 1:
                raise _RefusedError
            if year == 2:
                message = f"secret {self.id}"
                raise ValueError(message)
            return money(year)

        @strawberry.field
        def seen_by(self) -> str | None:
            return self.reader

        @classmethod
        def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Customer":  # noqa: A002 - the key's name
            return cls(id=id, reader=_subject(info))

    @strawberry.type
    class Query:
        tiers: list[str] | None = None

    return Schema(query=Query, types=[Customer, Account], federation_version="2.9")


def _campaign() -> Schema:
    @strawberry.federation.type(keys=["id"])
    class Customer:
        id: strawberry.ID

        @strawberry.field
        def offers(self) -> list[str] | None:
            return [f"offer for {self.id}"]

        @classmethod
        def resolve_reference(cls, id: strawberry.ID) -> "Customer":  # noqa: A002 - the key's name
            return cls(id=id)

    @strawberry.type
    class Query:
        campaigns: list[str] | None = None

    return Schema(query=Query, types=[Customer], federation_version="2.9")


class _RefusedError(Exception):
    """A refusal with a code, as the services raise them."""

    extensions = {"code": "SCHEME_MISSING"}  # noqa: RUF012 - graphql-core reads it off the exception

    def __str__(self) -> str:
        return "No contribution scheme covers this year."


@dataclass
class Subgraph:
    """A server thread. `mood`: well, dead (drops the call), slow (3 s) or broken (HTML, 502)."""

    schema: Schema
    mood: str = "well"
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    @property
    def sdl(self) -> str:
        answer = self.schema.execute_sync("{ _service { sdl } }")
        assert answer.data
        return answer.data["_service"]["sdl"]

    @contextmanager
    def running(self) -> Iterator["Subgraph"]:
        subgraph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                variables = body.get("variables") or {}
                subgraph.calls.append(Call(body["query"], variables, body, headers))
                if subgraph.mood == "dead":
                    self.close_connection = True
                    return
                if subgraph.mood == "slow":
                    time.sleep(3)
                if subgraph.mood == "broken":
                    self._answer(502, "text/html", b"<h1>Bad gateway</h1>")
                    return
                result = subgraph.schema.execute_sync(
                    body["query"],
                    variable_values=variables,
                    context_value={"headers": headers},
                    operation_name=body.get("operationName"),
                )
                answer = {"data": result.data}
                if result.errors:
                    answer["errors"] = [error.formatted for error in result.errors]
                self._answer(200, "application/json", json.dumps(answer).encode())

            def _answer(self, status: int, kind: str, content: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        with Server(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}/graphql"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield self
            server.shutdown()
            thread.join()


@contextmanager
def start_bank() -> Iterator[SimpleNamespace]:
    """Run all three."""
    customer, scoring, campaign = _whole_bank()
    with ExitStack() as stack:
        yield SimpleNamespace(
            customer=stack.enter_context(Subgraph(customer).running()),
            scoring=stack.enter_context(Subgraph(scoring).running()),
            campaign=stack.enter_context(Subgraph(campaign).running()),
        )
