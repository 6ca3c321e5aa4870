"""What every subgraph does the same way: refusals, masking, caches, limits, one trace span."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    SchemaExtension,
    ValidationCache,
)
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import SSETransport
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL
from strawberry.types import ExecutionContext, Info
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from kit import problem
from kit.access import Access, enforce
from kit.audit.scribe import Scribe
from kit.audit.watching import watch
from kit.identity import Principal, Principals
from kit.telemetry import span, trace_id, where

log = logging.getLogger(__name__)
Handler: TypeAlias = strawberry.ExceptionHandler[Any, Any]
_CALLERS_FAULTS = (
    StrawberryInputCoercionError,
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
_RULES = [*QueryDepthLimiter(16).validation_rules, *MaxAliasesLimiter(40).validation_rules]


@strawberry.interface(description="A refusal the client can act on.")
class Problem:
    """Shared by every subgraph, so a client handles all refusals alike."""

    code: str = strawberry.field(description="Stable: match on it.")
    message: str = strawberry.field(description="For people; may change.")


def answer(refusal: type[problem.Problem], shape: type[Problem]) -> Handler:
    """Turn `refusal` into the union member `shape`, wherever a field allows it."""

    class Answer:
        exception_type = refusal
        error_type = shape

        def handle(
            self, exception: problem.Problem, *, field: StrawberryField, info: Info
        ) -> Problem:
            del field, info
            return shape(code=exception.code, message=str(exception))

    return Answer()


@strawberry.federation.type(
    shareable=True, description="This idempotencyKey came before with other parameters."
)
class IdempotencyKeyReused(Problem):
    """Every subgraph's mutations may answer it; shareable, or they would not compose."""


REUSED = answer(problem.IdempotencyKeyReused, IdempotencyKeyReused)


@strawberry.federation.type(shareable=True, description="Whether a list goes on, and where.")
class PageInfo:
    """Every subgraph's connections have it; shareable, or they would not compose."""

    has_next_page: bool = strawberry.field(description="Whether there are more.")
    has_previous_page: bool = strawberry.field(description="Whether this page began at a cursor.")
    start_cursor: str | None = strawberry.field(description="The first item's place.")
    end_cursor: str | None = strawberry.field(description="Ask for what comes `after` it.")


_QUOTING = re.compile(r"Variable '\$(\w+)' (?:got|has) invalid value")


def _unquoted(message: str) -> str:
    """Leave the value out of what is said of a variable: it may be a person's."""
    found = _QUOTING.match(message)
    return f"Variable '${found[1]}' has a value that is none of its type." if found else message


def _shown(error: GraphQLError) -> GraphQLError:
    """Return what the caller may see of `error`: a refusal, a syntax error, or a trace id.

    The gateway masks what has no code, so a value that is no value of its type must have one.
    """
    cause = error.original_error
    if any(isinstance(one, _CALLERS_FAULTS) for one in (error, cause)):
        extensions = {"code": "BAD_REQUEST"}
        message = _unquoted(error.message)
        return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)
    if isinstance(cause, problem.Problem):
        extensions = {"code": cause.code}
        return GraphQLError(str(cause), error.nodes, path=error.path, extensions=extensions)
    if cause is None or isinstance(cause, GraphQLError):
        quoting = _QUOTING.match(error.message)
        return GraphQLError(_unquoted(error.message), error.nodes) if quoting else error
    message = f"Something went wrong; quote trace {trace_id()}."
    extensions = {"code": "INTERNAL", "traceId": trace_id()}
    return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)


class _Operation(SchemaExtension):
    """One span per operation; only what `_shown` lets through leaves the service."""

    def on_operation(self) -> Iterator[None]:
        with span("graphql operation") as opened:
            yield
            opened.set_attribute("graphql.operation.type", _kind(self.execution_context))
            self._mask(self.execution_context.result)

    def on_stream_result(self, result: Any) -> Iterator[None]:  # noqa: ANN401  (any kind of result)
        """Mask each answer of a stream before it leaves; `on_operation` ends after the last."""
        self._mask(result)
        yield

    def _mask(self, result: Any) -> None:  # noqa: ANN401  (as above)
        if getattr(result, "errors", None):
            invalid = self.execution_context.graphql_document is None or result.data is None
            shown = [_shown(error) for error in result.errors]
            result.errors = shown[:1] if invalid else shown


def _kind(context: ExecutionContext) -> str:
    try:
        return context.operation_type.value.lower()
    except (RuntimeError, AttributeError):
        return "unknown"


class Schema(strawberry.federation.Schema):
    """A subgraph's schema: caches on, limits built once, errors logged without their values."""

    def __init__(  # noqa: PLR0913  (what a subgraph is made of, all named)
        self,
        query: type,
        mutation: type,
        subscription: type | None = None,
        *,
        types: Iterable[type],
        access: Access,
        handlers: Iterable[Handler],
        scalars: Mapping[object, ScalarDefinition] = MappingProxyType({}),
        persons: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`access` says who may ask what; what types of `persons` show is taken down."""
        self.streams = subscription is not None
        super().__init__(
            query=query,
            mutation=mutation,
            subscription=subscription,
            types=types,
            config=StrawberryConfig(scalar_map=scalars),
            exception_handlers=handlers,
            federation_version="2.9",
            extensions=[
                _Operation,
                lambda: MaxTokensLimiter(3000),
                lambda: AddValidationRules(_RULES),
                ParserCache,
                ValidationCache,
            ],
        )
        enforce(self._schema, access)
        watch(self._schema, persons)  # around it: an act is known before it is refused

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log the place of a bug and its trace, never its message: that may quote a person."""
        del execution_context
        for error in errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, (problem.Problem, GraphQLError)):
                log.error("trace %s: %s", trace_id(), where(cause))


class _Events(SSETransport):
    """Server-sent events for subscriptions alone, each line ended as the router splits them."""

    def allowed_operation_types(self, allowed: set[OperationType]) -> Iterable[OperationType]:
        """Answer queries and mutations as JSON only."""
        return allowed & {OperationType.SUBSCRIPTION}

    def encode_event(self, event: str, data: str | None = None) -> str:
        """End lines by LF: the router knows no other end of an event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """End lines by LF too."""
        return super().encode_comment(comment).replace("\r\n", "\n")


class Endpoint(GraphQL[Any, None]):
    """`/graphql` of a subgraph: only for the gateway's callers, each with a context of its own."""

    stream_transport_classes_by_protocol = MappingProxyType({GRAPHQL_SSE_PROTOCOL: _Events})

    def __init__(
        self,
        schema: Schema,
        principals: Principals,
        scribe: Scribe,
        context: Callable[[Principal], Any],
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_SSE_PROTOCOL,) if schema.streams else (),
        )
        self._principals = principals
        self._scribe = scribe
        self._context = context

    def decode_json(self, data: str | bytes) -> object:
        """Read a body; whatever is not a map (or a batch, which is refused later) is refused."""
        try:
            found: object = json.loads(data)
        except (ValueError, RecursionError):
            raise problem.BadRequest("The body is not JSON in UTF-8.") from None
        if not isinstance(found, (dict, list)):
            raise problem.BadRequest("The body must be a map with a 'query'.")
        return found

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> object:
        """Return the request's context, built around who is asking."""
        del response
        principal = self._principals.of(request)
        principal.must_belong()
        self._scribe.begin(principal)
        return self._context(principal)

    async def process_result(self, request: Request, result: Any) -> GraphQLHTTPResponse:  # noqa: ANN401  (either kind of result)
        """Let an answer leave once what it shows of people is on record."""
        await self._scribe.settle()
        return await super().process_result(request, result)

    async def run(self, request: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Answer, or refuse the whole request as a GraphQL response with a status."""
        try:
            return await super().run(request, *args, **kwargs)
        except problem.Problem as refusal:
            body = {"message": str(refusal), "extensions": {"code": refusal.code}}
            return JSONResponse({"errors": [body]}, status_code=refusal.status)
