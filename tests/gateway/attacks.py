"""Requests that a hostile caller would send, each as (method, path, headers, body), by name."""

import json
import zlib

WHO = "query Who { whoami }"
NUMBERED = "query Numbered($a: String!) { customerByNumber(number: $a) { id } }"


def post(content, **headers):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return ("POST", "/graphql", sent, body)


def document(text, **more):
    return post({"query": text} | more)


def fragments(depth, width):
    """Give fragments that double at every step: as text small, written out 2**depth fields."""
    parts = [f"fragment f{i} on Query {{ {f'...f{i + 1} ' * width} }}" for i in range(depth)]
    return "query { ...f0 } " + " ".join(parts) + f" fragment f{depth} on Query {{ whoami }}"


def nested_json(depth, opened="[", closed="]"):
    inner = (opened * depth + closed * depth).encode()
    return b'{"query": "query Q($a: String) { whoami }", "variables": {"a": ' + inner + b"}}"


DOCUMENTS = {
    "a thousand aliases": document("{" + " ".join(f"a{i}: whoami" for i in range(1000)) + "}"),
    "a field nine hundred times": document("{" + " whoami" * 900 + "}"),
    "ten thousand deep": document("{a" * 10_000 + "}" * 10_000),
    "unclosed ten thousand deep": document("{a" * 10_000),
    "lists in lists": document(
        "{ customerByNumber(number: " + "[" * 5000 + "]" * 5000 + ") { id } }"
    ),
    "a fragment in itself": document("query { ...a } fragment a on Query { ...a }"),
    "fragments in a circle": document(
        "query { ...a } fragment a on Query { ...b } fragment b on Query { ...c } "
        "fragment c on Query { ...a }"
    ),
    "fragments that double": document(fragments(24, 2)),
    "fragments that grow tenfold": document(fragments(12, 10)),
    "six hundred unknown directives": document("{ whoami " + "@a" * 600 + " }"),
    "two hundred known directives": document("{ whoami " + "@skip(if: false) " * 200 + " }"),
    "directives on the operation": document("query " + "@include(if: true) " * 200 + "{ whoami }"),
    "a hundred operations": document(
        " ".join(f"query q{i} {{ whoami }}" for i in range(100)), operationName="q1"
    ),
    "introspection of introspection": document(
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name "
        "} } } } } } } } } }"
    ),
    "a name of a hundred thousand letters": document("{ " + "a" * 100_000 + " }"),
    "a text of half a mebibyte": document(
        '{ customerByNumber(number: "' + "9" * 500_000 + '") { id } }'
    ),
    "a number that no number holds": document("{ customerByNumber(number: 1e999999) { id } }"),
    "an unknown operation name": document(WHO, operationName="Other"),
    "nothing": document(""),
    "only a comment": document("# whoami"),
    "a type system": document("type Query { a: Int }"),
    "a directive that defers": document("{ ... @defer { whoami } }"),
    "a zero byte": document("{ whoami\u0000 }"),
    "half a surrogate": post(b'{"query": "{ customerByNumber(number: \\"\\ud800\\") { id } }"}'),
    "a typing error": document("{ whoam }"),
    "the service's own fields": document("{ _service { sdl } }"),
    "an entity by its key": document(
        '{ _entities(representations: [{__typename: "Customer", id: "7"}]) { __typename } }'
    ),
}
VARIABLES = {
    "a map where a text belongs": document(NUMBERED, variables={"a": {"$ne": 1}}),
    "ten thousand unknown variables": document(WHO, variables={f"v{i}": i for i in range(10_000)}),
    "a prototype": post(
        b'{"query": "{ whoami }", "variables": {"__proto__": {"polluted": true}, "constructor": {}}}'
    ),
    "arrays a hundred thousand deep": post(nested_json(100_000)),
    "maps a hundred thousand deep": post(
        nested_json(100_000, '{"a":', "}").replace(b":}", b":1}", 1)
    ),
    "nine hundred kilobytes": document(NUMBERED, variables={"a": "9" * 900_000}),
    "variables that are a list": document(WHO, variables=[1]),
    "variables that are a text": document(WHO, variables="{}"),
    "SQL": document(
        NUMBERED,
        variables={"a": "1'; drop table customer; --"},
    ),
}
BODIES = {
    "a batch": post([{"query": WHO}] * 50),
    "an empty batch": post([]),
    "a text": post(b'"query"'),
    "a number": post(b"1e400"),
    "null": post(b"null"),
    "no body": post(b""),
    "half a body": post(b'{"query": "{ whoami'),
    "not JSON": post(b"query { whoami }"),
    "a comma too many": post(b'{"query": "{ whoami }",}'),
    "the same key twice": post(b'{"query": "{ whoami }", "query": "mutation { x }"}'),
    "no text at all": post(b"\xff\xfe\xfd"),
    "UTF-16": post('{"query": "{ whoami }"}'.encode("utf-16")),
    "a query that is a map": post({"query": {"a": 1}}),
    "a query that is a list": post({"query": ["{ whoami }"]}),
    "a hash that is none": post({"extensions": {"persistedQuery": {"sha256Hash": {"a": 1}}}}),
    "extensions that are a text": document(WHO, extensions="x"),
    "a compressed bomb": post(zlib.compress(b" " * 50_000_000), content_encoding="deflate"),
    "said to be compressed": post(b"{}", content_encoding="gzip"),
    "more than a mebibyte": post(b" " * (1024 * 1024 + 1)),
}
KINDS = {
    kind or "none": ("POST", "/graphql", {"content-type": kind} if kind else {}, body)
    for kind, body in {
        "": b'{"query": "{ whoami }"}',
        "text/plain": b'{"query": "{ whoami }"}',
        "text/xml": b"<query/>",
        "application/x-www-form-urlencoded": b"query=%7Bwhoami%7D",
        "application/graphql": b"{ whoami }",
        "multipart/form-data; boundary=x": b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
        "multipart/form-data": b"",
        "application/json; charset=utf-7": b'{"query": "{ whoami }"}',
        "application/octet-stream": b"\x00" * 100,
    }.items()
}
METHODS = {
    method: (method, "/graphql", more, b"")
    for method, more in {
        "GET": {},
        "HEAD": {},
        "PUT": {},
        "PATCH": {},
        "DELETE": {"x-http-method-override": "POST"},
        "OPTIONS": {"access-control-request-method": "POST", "origin": "https://elsewhere.invalid"},
        "TRACE": {},
        "BREW": {},
    }.items()
}
PLACES = {
    place: ("POST", place, {"content-type": "application/json"}, b'{"query": "{ whoami }"}')
    for place in (
        "/graphql/",
        "/graphql/../graphql",
        "/GRAPHQL",
        "/",
        "/.env",
        "/%00",
        "/%ff",
        "/graphql%2f..",
        "/admin",
        "/metrics",
    )
}
ATTACKS = DOCUMENTS | VARIABLES | BODIES | KINDS | METHODS | PLACES
# What even a router in development has no answer to; the rest is odd, but may be asked.
REFUSED = (DOCUMENTS | BODIES | KINDS | METHODS).keys() - {
    "a field nine hundred times",
    "a text of half a mebibyte",
    "a hundred operations",
    "application/json; charset=utf-7",
}
