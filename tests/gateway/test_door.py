"""What is served, to whom, and how much of it."""

import re
import signal
import threading
import time

import httpx
import pytest

WHO = "query Who { whoami }"
DISCOVERED = {"GATEWAY_DEVELOPMENT": "", "GATEWAY_JWKS_FILE": ""}


def code_of(answer):
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


def test_health_and_readiness_need_no_token(router):
    assert httpx.get(f"{router.url}/health").status_code == 200
    assert httpx.get(f"{router.url}/readiness").status_code == 200


def test_graphiql_is_one_page_that_loads_nothing_from_elsewhere(router):
    page = httpx.get(f"{router.url}/", timeout=30)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "YogaGraphiQL.renderYogaGraphiQL" in page.text
    assert re.findall(r"<(?:script|link)[^>]+(?:src|href)=\"(?!data:)[^\"]*\"", page.text) == []


def test_graphiql_and_introspection_are_for_development_only(router, closed_router):
    introspection = "query IntrospectionQuery { __schema { queryType { name } } }"
    assert router.ask(introspection)["data"]["__schema"]["queryType"] == {"name": "Query"}
    assert code_of(closed_router.post(introspection)) == (400, "DOCUMENT_NOT_TRUSTED")
    assert httpx.get(f"{closed_router.url}/").status_code == 404


def test_queries_in_an_address_are_refused(router, issuer):
    headers = {"authorization": f"Bearer {issuer.token()}"}
    answer = httpx.get(f"{router.url}/graphql?query={{whoami}}", headers=headers)
    assert code_of(answer) == (405, "METHOD_NOT_ALLOWED")


def test_a_body_of_more_than_a_mebibyte_is_refused(router, bank):
    answer = router.post(WHO, {"padding": "x" * 1024 * 1024})
    assert code_of(answer) == (413, "REQUEST_TOO_LARGE")
    assert bank.customer.calls == []


def test_more_than_one_operation_and_a_heap_of_directives_are_refused(router, bank):
    two = router.post("query One { whoami } query Two { whoami }", operationName="One")
    assert code_of(two)[1] == "DOCUMENT_TOO_LARGE"
    heap = router.post("query Heap { whoami" + " @skip(if: false)" * 5 + " }")
    assert code_of(heap)[1] == "DOCUMENT_TOO_LARGE"
    assert bank.customer.calls == []


def nested(depth):
    return "query Deep " + "{ a " * depth + "}" * depth


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (nested(17), "The document is 17 deep; at most 16 is served."),
        (
            "query Many {" + " ".join(f"a{i}: whoami" for i in range(31)) + "}",
            "More than 30 aliases in one document.",
        ),
        ("query Long {" + " whoami" * 2001 + "}", "More than 2000 tokens in one document."),
    ],
)
def test_a_document_that_asks_too_much_is_refused(document, message, router, bank):
    answer = router.post(document)
    assert code_of(answer)[1] == "DOCUMENT_TOO_LARGE"
    assert answer.json()["errors"][0]["message"] == message
    assert bank.customer.calls == []


def test_a_typing_error_gets_no_hint_about_the_schema(router):
    answer = router.post("query Typo { whoam }")
    (error,) = answer.json()["errors"]
    assert error["message"] == 'Cannot query field "whoam" on type "Query".'


def test_a_request_in_flight_is_answered_before_a_stop(start, bank):
    router = start()
    bank.customer.mood = "slow"
    answers = []
    thread = threading.Thread(target=lambda: answers.append(router.ask(WHO)))
    thread.start()
    while not bank.customer.calls:
        time.sleep(0.01)
    router.process.send_signal(signal.SIGTERM)
    thread.join()
    assert "errors" not in answers[0]
    assert router.process.wait(timeout=5) == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"GATEWAY_ISSUER": ""}, "GATEWAY_ISSUER is not set"),
        ({"GATEWAY_DEVELOPMENT": ""}, "GATEWAY_JWKS_FILE is the development issuer's"),
        (DISCOVERED | {"GATEWAY_ISSUER": "http://bank.example"}, "must be an https address, not"),
        (DISCOVERED | {"GATEWAY_ISSUER": "bank"}, "GATEWAY_ISSUER must be an https address, not"),
        (
            DISCOVERED | {"GATEWAY_ISSUER": "https://issuer.sheaf.invalid"},
            "is the development issuer's name and no address",
        ),
        (
            DISCOVERED | {"GATEWAY_ISSUER": "http://127.0.0.1:9"},
            "GATEWAY_ISSUER http://127.0.0.1:9 gives no keys: ",
        ),
        ({"GATEWAY_CLAIMS": '["role"]'}, "GATEWAY_CLAIMS must be a JSON object of texts"),
        ({"GATEWAY_CLAIMS": '{"scopes": "scp"}'}, "GATEWAY_CLAIMS knows no 'scopes'; it takes"),
        ({"GATEWAY_CHANNELS": "{"}, "GATEWAY_CHANNELS must be a JSON object of texts"),
        ({"GATEWAY_JWKS_FILE": "/nowhere"}, "GATEWAY_JWKS_FILE /nowhere cannot be used: ENOENT"),
        ({"GATEWAY_PRINCIPAL_KEY_FILE": ""}, "GATEWAY_PRINCIPAL_KEY_FILE is not set"),
        ({"GATEWAY_PRINCIPAL_KEY_FILE": "/nowhere"}, "/nowhere cannot be used: ENOENT"),
        ({"GATEWAY_PRINCIPAL_KEY_FILE": "/dev/null"}, "/dev/null cannot be used: "),
        ({"GATEWAY_PORT": "tcp://10.0.0.1:4000"}, "set enableServiceLinks: false"),
        ({"GATEWAY_SCORING_URL": ""}, "GATEWAY_SCORING_URL is not set, so 'scoring'"),
        ({"GATEWAY_SCORING_URL": "scoring:1"}, "GATEWAY_SCORING_URL must be an http or https"),
        ({"GATEWAY_SUPERGRAPH": "/nowhere"}, "The supergraph /nowhere cannot be used: ENOENT"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_starts(settings, message, start):
    router = start(wait=False, **settings)
    assert router.process.wait(timeout=20) == 1
    assert message in router.log
    assert "at " not in router.log.splitlines()[-1][:4]
