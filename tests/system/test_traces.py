"""What one question costs, read from its own trace: calls, statements, parents."""

import secrets
from collections import Counter

import pytest

from tests.system.system import DOCUMENTS

pytestmark = pytest.mark.system
SERVER, CLIENT = 2, 3
SERVICES = {"customer", "scoring", "campaign"}
CUSTOMER_360 = (DOCUMENTS / "counter/customer360.graphql").read_text()
MOST_STATEMENTS = {"customer": 6, "scoring": 10, "campaign": 4}


def traced(berka, collector, document, variables, at_least, **kwargs):
    trace = secrets.token_hex(16)
    parent = secrets.token_hex(8)
    answer = berka.data(
        document, variables, headers={"traceparent": f"00-{trace}-{parent}-01"}, **kwargs
    )
    return answer, parent, collector.trace(trace, at_least=at_least)


def test_the_customer_document_is_one_trace_with_one_call_and_few_statements_per_service(
    berka, collector
):
    variables = {"number": "2", "from": "1993-01", "to": "1994-03"}
    berka.data(CUSTOMER_360, variables)
    _, parent, spans = traced(berka, collector, CUSTOMER_360, variables, SERVICES | {"gateway"})
    calls = Counter(s.service for s in spans if s.kind == SERVER and s.service in SERVICES)
    assert calls == dict.fromkeys(SERVICES, 1)
    statements = Counter(s.service for s in spans if s.kind == CLIENT and s.service in SERVICES)
    for service in SERVICES:
        assert 0 < statements[service] <= MOST_STATEMENTS[service], statements
    ids = {span.id: span for span in spans}
    roots = [span for span in spans if span.parent not in ids]
    assert [(root.service, root.parent) for root in roots] == [("gateway", parent)]
    for span in spans:
        if span.kind == SERVER and span.service in SERVICES:
            assert ids[span.parent].service == "gateway"
        elif span.service in SERVICES:
            assert ids[span.parent].service == span.service


def test_a_change_is_one_trace_through_to_the_consumer_of_its_event(berka, collector):
    person = berka.data('{ customerByNumber(number: "7") { id } }')["customerByNumber"]["id"]
    consent = """mutation($id: UUID!, $key: String!) {
      giveConsent(customerId: $id, channel: PHONE, idempotencyKey: $key) { __typename } }"""
    variables = {"id": person, "key": secrets.token_hex(8)}
    _, parent, spans = traced(
        berka, collector, consent, variables, {"gateway", "customer", "campaign"}
    )
    ids = {span.id: span for span in spans}
    [consume] = [s for s in spans if s.service == "campaign" and s.name.startswith("consume ")]
    assert ids[consume.parent].service == "customer"
    assert any(s.parent == consume.id and s.kind == CLIENT for s in spans)
    assert [s.parent for s in spans if s.parent not in ids] == [parent]


def test_no_span_holds_anything_about_a_person(berka, collector):
    found = berka.data('{ customerByNumber(number: "2") { name bornOn } }')["customerByNumber"]
    everything = "\n".join(str(span) for span in collector.spans())
    assert found["name"] not in everything
    assert "customerByNumber" not in everything or "number: " not in everything
