"""How much one request may ask, and how often one caller."""

import json
import socket
import subprocess
import time

import httpx
import pytest

import gateway

LIMITS = {
    "lists": {"most": 100, "items": 1000, "longer": {"Customer.history": 500}},
    "classes": {
        "read": {"burst": 4, "perMinute": 60},
        "report": {"burst": 2, "perMinute": 60},
        "write": {"burst": 2, "perMinute": 1},
        "lookup": {"burst": 2, "perMinute": 1},
    },
    "lookups": {"Query.search": ["by.idNumber"]},
    "reports": ["Query.report"],
}
NESTED = """
{ me { ...A } }
fragment A on Customer { history(first: 9) { ...B } }
fragment B on Customer { history(first: 9) { ...C } }
fragment C on Customer { history(first: 9) { items(first: 9) { n } } }
"""
WEIGH = """
import { buildSchema, parse } from 'graphql';
import { weigher } from '%s/router/weights.mjs';
const { limits, document, variables } = JSON.parse(process.argv[1]);
const schema = buildSchema(`
  input By { idNumber: String name: String }
  type Item { n: Int }
  type Customer { id: ID items(first: Int = 20): [Item!] history(first: Int): [Customer!] }
  type Query { me: Customer search(by: By, first: Int = 20): [Customer!] report: Int }
  type Mutation { change: Int }
`);
try {
  const weigh = weigher(limits);
  const args = { schema, document: parse(document), variableValues: variables };
  console.log(JSON.stringify({ weights: weigh(args) }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.message }));
}
"""


@pytest.fixture(scope="module")
def weigh(node):
    def run(document, variables=None):
        asked = {"limits": LIMITS, "document": document, "variables": variables or {}}
        return gateway_js(node, WEIGH % gateway.root(), asked)

    return run


def gateway_js(node, code, asked):
    """Run a module beside the gateway's packages; give the JSON that it prints."""
    done = subprocess.run(
        [node, "--input-type=module", "--eval", code, json.dumps(asked)],
        cwd=gateway.root(), capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("document", "variables", "weights"),
    [
        ("{ me { id } }", {}, {"read": 1}),
        ("{ a: me { id } b: me { id } b: me { id } ...F } fragment F on Query { c: me { id } }", {},
         {"read": 3}),
        ("{ report me { id } }", {}, {"report": 1, "read": 1}),
        ("mutation { change again: change }", {}, {"write": 2}),
        ('{ search(by: {name: "x"}) { id } }', {}, {"read": 1}),
        ('{ search(by: {idNumber: "x"}) { id } }', {}, {"lookup": 1}),
        ("query ($b: By) { search(by: $b) { id } }", {"b": {"idNumber": "x"}}, {"lookup": 1}),
        ("query ($n: String) { search(by: {idNumber: $n}) { id } }", {"n": None}, {"read": 1}),
        ('query ($n: String = "x") { search(by: {idNumber: $n}) { id } }', {}, {"lookup": 1}),
        ('{ a: search(by: {idNumber: "x"}) { id } b: search(by: {idNumber: "y"}) { id } }', {},
         {"lookup": 2}),
    ],
)  # fmt: skip
def test_a_request_weighs_as_much_as_what_it_asks_for(document, variables, weights, weigh):
    assert weigh(document, variables) == {"weights": weights}


@pytest.mark.parametrize(
    ("document", "variables", "refused"),
    [
        ("{ search(first: 101) { id } }", {}, "Query.search gives 100 at a time; ask for that many"),
        ("query ($n: Int) { search(first: $n) { id } }", {"n": 1000}, "Query.search gives 100"),
        ("query ($n: Int = 101) { search(first: $n) { id } }", {}, "Query.search gives 100"),
        ("{ me { history(first: 501) { id } } }", {}, "Customer.history gives 500 at a time"),
        ("{ search(first: 100) { items(first: 10) { n } } }", {}, "asks for up to 1100 items"),
        ("{ search(first: 50) { ...F } } fragment F on Customer { items { n } }", {}, "1050 items"),
        (NESTED, {}, "7380 items"),
    ],
)  # fmt: skip
def test_long_lists_and_lists_of_lists_are_refused(document, variables, refused, weigh):
    assert refused in weigh(document, variables)["refused"]


def test_lists_within_the_limits_are_served(weigh):
    for document in (
        "{ search(first: 100) { id } }",
        "{ me { history(first: 500) { id } } }",
        "{ search(first: 10) { items(first: 99) { n } } }",
    ):
        assert weigh(document) == {"weights": {"read": 1}}


def test_fragments_that_double_are_counted_in_a_moment(weigh):
    parts = [f"fragment f{i} on Customer {{ ...f{i + 1} x: me{i} ...f{i + 1} }}" for i in range(40)]
    document = (
        "{ me { ...f0 } } "
        + " ".join(parts).replace("x: me", "x")
        + (" fragment f40 on Customer { items(first: 1) { n } }")
    )
    assert "items" in weigh(document)["refused"]


RATES = """
import { buckets } from '%s/router/rates.mjs';
const { classes, replicas, most, steps } = JSON.parse(process.argv[1]);
let at = 0;
const held = buckets(classes, { replicas, most, now: () => at });
const found = steps.map(([seconds, sub, weights]) => {
  at = seconds * 1000;
  return held.take({ institution: 'A', sub }, weights) ?? null;
});
console.log(JSON.stringify({ found, size: held.size() }));
"""


@pytest.fixture(scope="module")
def take(node):
    def run(*steps, replicas=1, most=50_000):
        asked = {"classes": LIMITS["classes"], "replicas": replicas, "most": most, "steps": steps}
        return gateway_js(node, RATES % gateway.root(), asked)

    return run


def test_a_burst_is_let_through_and_then_as_many_as_the_rate_allows(take):
    one = {"read": 1}
    steps = [(0, "a", one)] * 5 + [
        (0.5, "a", one),
        (1, "a", one),
        (1, "a", one),
        (100, "a", {"read": 4}),
    ]
    assert take(*steps)["found"] == [None, None, None, None, 1, 1, None, 1, None]


def test_callers_and_classes_have_buckets_of_their_own(take):
    steps = [
        (0, "a", {"lookup": 2}), (0, "a", {"lookup": 1}), (0, "b", {"lookup": 2}),
        (0, "a", {"read": 1}), (0, "a", {"read": 1, "lookup": 1}), (0, "a", {"read": 3}),
        (59, "a", {"lookup": 1}), (60, "a", {"lookup": 1}),
    ]  # fmt: skip
    assert take(*steps)["found"] == [None, 60, None, None, 60, None, 1, None]


def test_with_several_replicas_each_lets_its_part_through(take):
    steps = [(0, "a", {"read": 1})] * 3 + [(1, "a", {"read": 1}), (2, "a", {"read": 1})]
    assert take(*steps, replicas=2)["found"] == [None, None, 2, 1, None]


def test_who_has_rested_is_forgotten_and_memory_is_bounded(take):
    many = [(0, f"u{n}", {"read": 1}) for n in range(10)]
    assert take(*many, (5, "new", {"read": 1}), most=10)["size"] == 1
    assert take(*many, (0, "new", {"read": 1}), most=10)["size"] == 10


@pytest.fixture(scope="module")
def strict(_start, folder):
    """A closed gateway with small buckets."""
    file = folder / "limits.json"
    lists = LIMITS["lists"] | {"longer": {}}
    lookups = {"Query.customerByNumber": ["number"]}
    file.write_text(json.dumps(LIMITS | {"lists": lists, "lookups": lookups}))
    return _start(
        GATEWAY_LIMITS=file, GATEWAY_DEVELOPMENT="", GATEWAY_JWKS_FILE="",
        GATEWAY_REQUEST_TIMEOUT_MS=500,
    )  # fmt: skip


WHO = "query Who { whoami }"
LOOKUP = 'query All { customerByNumber(number: "7") { name seenBy offers } }'


def bearer(issuer, subject, **claims):
    claims = {"role": "teller", "channel": "counter"} | claims
    return {"authorization": f"Bearer {issuer.token(subject, **claims)}"}


def test_who_asks_too_often_is_told_when_to_come_back(strict, bank, issuer):
    mine = bearer(issuer, "busy")
    answers = [strict.post(LOOKUP, headers=mine) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 50 <= int(answers[2].headers["retry-after"]) <= 60
    (error,) = answers[2].json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert error["message"].startswith("Too many requests of this kind; send the next one in ")
    assert len(bank.customer.calls) == 2
    assert strict.post(WHO, headers=mine).status_code == 200  # another kind
    assert strict.post(LOOKUP, headers=bearer(issuer, "calm")).status_code == 200
    other_bank = bearer(issuer, "busy", institution="B")
    assert strict.post(LOOKUP, headers=other_bank).status_code == 200


def test_a_new_token_of_the_same_caller_is_no_new_bucket(strict, bank, issuer):
    tokens = [bearer(issuer, "sly", iat=int(time.time()) - n) for n in range(3)]
    assert [strict.post(LOOKUP, headers=one).status_code for one in tokens] == [200, 200, 429]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"query": "query Who { whoami }", "query": "x"}', "The body has the same name twice."),
        (
            b'{"query": "query Who { whoami }", "qu\\u0065ry": "x"}',
            "The body has the same name twice.",
        ),
        (
            b'{"query": "query Who { whoami }", "variables": {"a": {"b": 1, "b": 2}}}',
            "The body has the same name twice.",
        ),
        (b'{"query": "query Who { whoami }"', "The body is not JSON."),
        (b'[{"query": "query Who { whoami }"}]', "Send one request at a time, not a list."),
        (b'"query Who { whoami }"', "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (
            b'{"query": "query Who { whoami }", "variables": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
            "The body is more than 32 brackets deep.",
        ),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_or_none_is_refused(
    body, message, router, bank, issuer
):
    headers = bearer(issuer, "M") | {"content-type": "application/json"}
    answer = httpx.post(f"{router.url}/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json() == {
        "errors": [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]
    }
    assert bank.customer.calls == []


def test_names_within_texts_and_in_different_objects_may_repeat(router, issuer):
    body = {
        "query": WHO, "operationName": "Who",
        "variables": {"a": [{"a": '{"b": 1, "b": 2}'}, {"a": "\\"}, {"a": '":"'}], "b": {"a": 1}},
    }  # fmt: skip
    headers = bearer(issuer, "M", role="developer", channel="console")
    answer = httpx.post(f"{router.url}/graphql", json=body, headers=headers)
    assert answer.json() == {"data": {"whoami": "M"}}


@pytest.mark.parametrize("kind", ["text/plain", "application/graphql", "multipart/form-data", ""])
def test_no_other_format_is_read(kind, router, bank, issuer):
    headers = bearer(issuer, "M") | ({"content-type": kind} if kind else {})
    content = b'{"query": "query Who { whoami }"}'
    answer = httpx.post(f"{router.url}/graphql", content=content, headers=headers)
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNSUPPORTED_MEDIA_TYPE"}
    assert bank.customer.calls == []


def talk(router, sent):
    """Send bytes and nothing more; give what comes back until the other side hangs up."""
    host, _, port = router.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_slow_heads_and_slow_bodies_are_ended(strict, bank, issuer):
    token = bearer(issuer, "slow")["authorization"]
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n"
    body = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n" + '{"query": '
    for sent in (head, head + body):
        answer = talk(strict, sent.encode())
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"REQUEST_TIMEOUT"' in answer
    assert bank.customer.calls == []


def test_heads_too_large_and_what_is_no_http_are_refused_with_a_code(strict):
    large = talk(strict, b"POST /graphql HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n")
    assert large.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"REQUEST_TOO_LARGE"' in large
    assert talk(strict, b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("content", ["", "{}", '{"classes": {}}'])
def test_limits_that_are_none_are_refused(content, start, tmp_path):
    file = tmp_path / "limits.json"
    file.write_text(content)
    router = start(wait=False, GATEWAY_LIMITS=file)
    assert router.process.wait(timeout=20) == 1
    assert f"GATEWAY_LIMITS {file} cannot be used: " in router.log


def test_every_operation_that_the_limits_name_is_there():
    limits = json.loads(gateway.limits().read_text())
    supergraph = gateway.supergraph().read_text()
    for name in [*limits["reports"], *limits["lookups"], *limits["lists"]["longer"]]:
        kind, _, field = name.partition(".")
        [fields] = [part for part in supergraph.split("\n}\n") if f"\ntype {kind} " in f"\n{part}"]
        assert f"\n  {field}(" in fields, name
