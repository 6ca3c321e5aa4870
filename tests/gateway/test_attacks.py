"""What hostile callers send is refused with a 4xx and a code; nothing is told, nothing falls over."""

import re
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.gateway.attacks import ATTACKS, BODIES, KINDS, METHODS, REFUSED, WHO

AT_THE_COUNTER = {"role": "teller", "channel": "counter"}
MOST_MEMORY_KIB = 700 * 1024
LEAKS = re.compile(
    r"\n\s+at |\.[cm]?js\b|\.py\b|node_modules|site-packages|Traceback|Did you mean|/home/|/tmp/"
    r"|SyntaxError|sqlalchemy|asyncpg|\bselect\b.*\bfrom\b|\binsert into\b",
    re.IGNORECASE | re.DOTALL,
)


@pytest.fixture(scope="module")
def wire():
    with httpx.Client(timeout=20) as client:
        yield client


def sent(wire, url, attack, bearer):
    method, path, headers, body = attack
    headers = headers | {"authorization": f"Bearer {bearer}"}
    return wire.request(method, url.removesuffix("/graphql") + path, headers=headers, content=body)


def is_refused(answer):
    """Say whether no data came back, with a code for whoever reads bodies."""
    if answer.status_code >= 400:
        return True
    errors = answer.json().get("errors", [])
    return not answer.json().get("data") and all(each["extensions"]["code"] for each in errors)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_gateway_withstands(name, router, closed_router, issuer, wire):
    for one in (router, closed_router):
        channel = AT_THE_COUNTER if one is closed_router else {}
        answer = sent(wire, one.url, ATTACKS[name], issuer.token(**channel))
        assert answer.status_code < 500, answer.text
        assert not LEAKS.search(answer.text), answer.text
        assert "INTERNAL" not in answer.text
        if name in REFUSED:
            assert is_refused(answer), answer.text
        if answer.text and "json" in answer.headers.get("content-type", ""):
            assert len(answer.json().get("errors", [])) <= 1


@pytest.mark.parametrize("name", BODIES | KINDS | METHODS)
def test_the_services_withstand(name, services, callers, wire):
    """All three have the same door, so each attack tries one of them."""
    service = sorted(services)[len(name) % 3]
    attack = (BODIES | KINDS | METHODS)[name]
    answer = sent(wire, services[service], attack, callers.principal(service, "customer:read"))
    assert answer.status_code < 500, answer.text
    assert not LEAKS.search(answer.text), answer.text
    assert "INTERNAL" not in answer.text


def spoken(router, *pieces):
    """Send bytes to the router one after another; give everything that it says until it hangs up."""
    host, port = router.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as line:
        heard = b""
        for piece in pieces:
            line.sendall(piece)
        while got := line.recv(65536):
            heard += got
    return heard


def head(issuer, *lines):
    known = ("POST /graphql HTTP/1.1", "host: x", f"authorization: Bearer {issuer.token()}")
    return "\r\n".join([*known, "content-type: application/json", *lines, "", ""]).encode()


RAW = {
    "headers of a mebibyte": (431, lambda issuer: head(issuer, "x: " + "a" * 1024 * 1024)),
    "ten thousand headers": (431, lambda issuer: head(issuer, *["x: y"] * 10_000)),
    "two lengths": (400, lambda issuer: head(issuer, "content-length: 4", "content-length: 5")),
    "a length and chunks": (
        400,
        lambda issuer: (
            head(issuer, "content-length: 4", "transfer-encoding: chunked") + b"0\r\n\r\n"
        ),
    ),
    "chunks that are none": (
        400,
        lambda issuer: head(issuer, "transfer-encoding: chunked") + b"zz",
    ),
    "no HTTP": (400, lambda _: b"\x16\x03\x01\x02\x00" + b"a" * 600),
}


@pytest.mark.parametrize("name", RAW)
def test_the_gateway_hangs_up_on(name, router, issuer):
    status, attack = RAW[name]
    try:
        heard = spoken(router, attack(issuer))
    except ConnectionError:  # it hung up before everything was sent
        heard = b""
    assert not heard or heard.startswith(f"HTTP/1.1 {status} ".encode()), heard
    assert not LEAKS.search(heard.decode())
    assert router.ask(WHO)["data"]["whoami"]


def test_who_sends_slowly_is_given_up(start, issuer):
    """Neither an unfinished head nor an unfinished body holds a connection for long."""
    router = start(GATEWAY_REQUEST_TIMEOUT_MS=300)
    assert spoken(router, b"POST /graphql HTTP/1.1\r\nhost: x\r\nx").startswith(b"HTTP/1.1 408 ")
    heard = spoken(router, head(issuer, "content-length: 100"), b'{"query": ')
    assert heard.startswith(b"HTTP/1.1 4"), heard
    assert router.ask(WHO)["data"]["whoami"]


def test_after_all_of_it_the_memory_is_bounded(router, closed_router):
    for one in (router, closed_router):
        status = Path(f"/proc/{one.process.pid}/status").read_text()
        assert int(re.search(r"VmRSS:\s+(\d+)", status)[1]) < MOST_MEMORY_KIB
