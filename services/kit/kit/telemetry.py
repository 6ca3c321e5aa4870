"""Traces: one request is one trace, through SQL and on to whoever consumes its events.

Spans carry names, statement kinds, counts and codes from a fixed list and nothing that a
person typed: no argument, no variable, no document text, no SQL value.
"""

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

W3C = TraceContextTextMapPropagator()
tracer = trace.get_tracer("kit")
_QUIET = ("/health", "/feed")
_DOORS = ("graphql", "ingest")
_WHERE_PATHS_ARE_THE_CALLERS = frozenset({400, 401, 403, 404, 405})


class Provider(TracerProvider):
    """Knows whether anybody collects its spans."""

    collects = False

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        super().add_span_processor(span_processor)
        self.collects = True


def start(service: str) -> None:
    """Give every request a trace id; send spans to `OTEL_EXPORTER_OTLP_ENDPOINT` if it is set."""
    provider = Provider(resource=Resource.create({"service.name": service}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415  (a client for HTTP of its own: not where nobody collects)
            trace_exporter,
        )

        provider.add_span_processor(BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def traceparent() -> str | None:
    """Return the current span as a W3C header value, to ride in an event's row."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str:
    """Return the current trace's id as an operator would search for it."""
    return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)


def parent(header: str | None) -> Context | None:
    """Return the remote context that `header` names, if it names one."""
    return W3C.extract({"traceparent": header}) if header else None


def where(error: BaseException) -> str:
    """Return an error's type and place for a log, never its message: that may quote a person."""
    calls = traceback.extract_tb(error.__traceback__)
    frames = [f for f in calls if "/sqlalchemy/" not in f.filename][-8:]
    return " < ".join(
        [type(error).__name__, *(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))]
    )


@contextmanager
def span(name: str, header: str | None = None, **attributes: str | int) -> Iterator[Span]:
    """Open a span under the current one, or under the remote one that `header` names."""
    kind = SpanKind.CONSUMER if header else SpanKind.INTERNAL
    with _current(name, header, kind, attributes) as opened:
        yield opened


@contextmanager
def _current(
    name: str, header: str | None, kind: SpanKind, attributes: Mapping[str, str | int]
) -> Iterator[Span]:
    """Open a span that says that an error ended it, not which: its message may quote a person."""
    with tracer.start_as_current_span(
        name,
        context=parent(header),
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception:
            opened.set_status(Status(StatusCode.ERROR))
            raise


def _door(path: str) -> str:
    """Return which way in a path begins with: the rest of one that is refused may be anything."""
    first = path.lstrip("/").partition("/")[0]
    return f"/{first}" if first in _DOORS else "elsewhere"


class Traced:
    """ASGI middleware: one server span per request, child of the caller's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_QUIET):
            await self.app(scope, receive, send)
            return
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        name = f"{scope['method']} {scope['path']}"
        with _current(name, headers.get("traceparent"), SpanKind.SERVER, {}) as opened:

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    if message["status"] in _WHERE_PATHS_ARE_THE_CALLERS:
                        opened.update_name(f"{scope['method']} {_door(scope['path'])}")
                    opened.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:  # noqa: PLR2004  (HTTP's server errors)
                        opened.set_status(Status(StatusCode.ERROR))
                await send(message)

            await self.app(scope, receive, sent)


def trace_sql(engine: AsyncEngine) -> None:
    """Open a client span around every statement, named by its verb alone.

    No other span is beneath it and no event names it: where nobody collects, it is left out.
    """

    def before(connection: Connection, _c: object, sql: str, *_: object) -> None:
        provider = trace.get_tracer_provider()
        if isinstance(provider, Provider) and not provider.collects:
            return
        verb = sql.lstrip().split(None, 1)[0].upper() if sql.strip() else "SQL"
        opened = tracer.start_span(
            verb, kind=SpanKind.CLIENT, attributes={"db.system.name": "postgresql"}
        )
        connection.info.setdefault("spans", []).append(opened)

    def after(connection: Connection, *_: object) -> None:
        if spans := connection.info.get("spans"):
            spans.pop().end()

    def failed(context: object) -> None:
        connection = getattr(context, "connection", None)
        spans = connection.info.get("spans") if connection is not None else None
        if spans:
            opened = spans.pop()
            opened.set_status(Status(StatusCode.ERROR))
            opened.end()

    event.listen(engine.sync_engine, "before_cursor_execute", before)
    event.listen(engine.sync_engine, "after_cursor_execute", after)
    event.listen(engine.sync_engine, "handle_error", failed)
