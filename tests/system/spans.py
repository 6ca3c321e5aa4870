"""A receiver of OTLP spans from every process of the system, as a collector would be."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """One span as it was exported; ids are hexadecimal, `parent` is empty at the root."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    attributes: dict[str, str]


class Collector:
    """Keeps what processes export; parsed only when asked."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.endpoint = ""

    def trace(self, trace_id: str, *, at_least: set[str], seconds: float = 20) -> list[Span]:
        """Return the spans of one trace once all services in `at_least` have sent theirs."""
        until = time.monotonic() + seconds
        while True:
            found = [span for span in self.spans() if span.trace == trace_id]
            if at_least <= {span.service for span in found}:
                time.sleep(0.5)
                return [span for span in self.spans() if span.trace == trace_id]
            if time.monotonic() > until:
                raise AssertionError(
                    f"only {sorted({s.service for s in found})} sent spans of {trace_id}"
                )
            time.sleep(0.2)

    def spans(self) -> Iterator[Span]:
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {a.key: a.value.string_value for a in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield Span(
                            service=named.get("service.name", ""),
                            name=span.name,
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            kind=span.kind,
                            attributes={a.key: str(a.value) for a in span.attributes},
                        )


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.body()
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                collector.bodies.append(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def body(self) -> bytes:
            if "content-length" in self.headers:
                return self.rfile.read(int(self.headers["content-length"]))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
    server.daemon_threads = True
    collector.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
