"""A request can be followed through the router, and nothing personal is left on the way."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE}-b7ad6b7169203331-01"
NAMED = """
query Named($number: String!) {
  customerByNumber(number: $number) { name contribution(year: 86753090) { amount } offers }
}
"""
CANARY = "13800135678"


@pytest.fixture
def collector():
    """An OTLP/HTTP receiver; `spans` are what came in."""
    spans = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            sent = ExportTraceServiceRequest()
            sent.ParseFromString(self.body())
            for resource in sent.resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                assert names["service.name"] == "gateway"
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def body(self):
            if self.headers["transfer-encoding"] != "chunked":
                return self.rfile.read(int(self.headers["content-length"]))
            content = b""
            while length := int(self.rfile.readline(), 16):
                content += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def log_message(self, *_):
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", spans
        server.shutdown()
        thread.join()


def caller(issuer):
    return {"authorization": f"Bearer {issuer.token(CANARY)}", "traceparent": CALLER}


def test_each_service_is_the_child_of_its_own_client_span(start, bank, issuer, collector):
    endpoint, spans = collector
    router = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    answer = router.post(NAMED, {"number": CANARY}, headers=caller(issuer))
    assert answer.json()["data"]["customerByNumber"]["name"] == f"Customer {CANARY}"
    assert router.stop() == 0

    by_name = {span.name: span for span in spans}
    assert sorted(by_name) == ["POST campaign", "POST customer", "POST scoring", "query Named"]
    server = by_name["query Named"]
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    assert server.parent_span_id.hex() == "b7ad6b7169203331"
    assert answer.headers["traceresponse"] == f"00-{TRACE}-{server.span_id.hex()}-01"
    for name in ("customer", "scoring", "campaign"):
        client = by_name[f"POST {name}"]
        assert client.parent_span_id == server.span_id
        (call,) = getattr(bank, name).calls
        assert call.headers["traceparent"] == f"00-{TRACE}-{client.span_id.hex()}-01"


def test_spans_carry_only_the_attributes_we_chose(start, issuer, collector, bank):
    endpoint, spans = collector
    router = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    bank.campaign.mood = "dead"
    router.post(NAMED, {"number": CANARY}, headers=caller(issuer))
    router.stop()
    keys = {attribute.key for span in spans for attribute in span.attributes}
    assert keys == {
        "error.type",
        "graphql.operation.name",
        "graphql.operation.type",
        "http.response.status_code",
        "sheaf.error_codes",
        "sheaf.subgraph",
    }
    everything = "".join(map(str, spans))
    for personal in (CANARY, "86753090", "customerByNumber", "Bearer", "127.0.0.1"):
        assert personal not in everything
    assert len([span for span in spans if span.name == "POST campaign"]) == 2


def test_a_collector_that_is_gone_harms_nobody(start, bank, issuer, nobody_listens):
    router = start(OTEL_EXPORTER_OTLP_ENDPOINT=nobody_listens.removesuffix("/graphql"))
    answer = router.ask(NAMED, {"number": "7"}, headers=caller(issuer))
    assert "errors" not in answer
    assert router.stop() == 0


def test_without_an_exporter_the_callers_trace_still_reaches_the_services(router, bank, issuer):
    router.ask(NAMED, {"number": "7"}, headers=caller(issuer))
    for name in ("customer", "scoring", "campaign"):
        (call,) = getattr(bank, name).calls
        assert call.headers["traceparent"] == CALLER


def test_a_request_without_a_trace_gets_one_for_all_its_calls(router, bank):
    answer = router.post(NAMED, {"number": "7"})
    trace_id = answer.headers["traceresponse"].split("-")[1]
    calls = [*bank.customer.calls, *bank.scoring.calls, *bank.campaign.calls]
    assert {call.headers["traceparent"].split("-")[1] for call in calls} == {trace_id}


def test_the_log_holds_nothing_of_the_request_or_the_token(start, bank, issuer):
    router = start(GATEWAY_UPSTREAM_TIMEOUT_MS=200)
    for mood in ("dead", "broken", "slow"):
        bank.scoring.mood = mood
        router.post(NAMED, {"number": CANARY}, headers=caller(issuer))
    bank.scoring.mood = "well"
    failing = NAMED.replace("86753090", "2")
    router.post(failing, {"number": CANARY}, headers=caller(issuer))
    router.post(NAMED, {"number": {"bad": CANARY}}, headers=caller(issuer))
    router.post("{" + CANARY, headers=caller(issuer))
    router.post(NAMED, headers={"authorization": f"Bearer {CANARY}"})
    assert router.stop() == 0
    lines = [json.loads(line) for line in router.log.splitlines()]
    assert [line["message"] for line in lines[1:-1]] == [
        "A subgraph does not answer",
        "A subgraph does not answer",
        "A subgraph did not answer in time",
    ]
    assert lines[1]["subgraph"] == "scoring"
    assert lines[1]["traceId"] == TRACE
    for personal in (CANARY, "86753090", "customerByNumber", "Bearer", "Bad gateway"):
        assert personal not in router.log
