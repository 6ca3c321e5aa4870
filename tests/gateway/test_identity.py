"""Nobody gets in without a valid token, and nobody gets another one's answer."""

import asyncio
import base64
import hmac
import json
import time
from collections import Counter

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

WHO = "query Who { whoami }"
SEEN = 'query Seen { customerByNumber(number: "7") { name seenBy } }'


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def test_without_a_token_the_answer_says_what_to_send(router, bank):
    answer = router.post(WHO, headers={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert error["message"] == (
        "No token came with this request. Send the header 'Authorization: Bearer <token>'."
    )
    assert bank.customer.calls == []


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def with_algorithm(issuer, algorithm):
    """Make a good token's claims under another algorithm; HS256 takes the public key as secret."""
    head = encoded(json.dumps({"alg": algorithm, "kid": "k1", "typ": "JWT"}).encode())
    signed = head + b"." + issuer.token().split(".")[1].encode()
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = hmac.digest(public, signed, "sha256") if algorithm == "HS256" else b"x"
    return (signed + b"." + encoded(signature)).decode()


def tokens(issuer):
    good = issuer.token()
    head, body, signature = good.split(".")
    return {
        "expired": issuer.token(exp=int(time.time()) - 1),
        "another audience": issuer.token(aud="elsewhere"),
        "another issuer": issuer.token(iss="https://elsewhere.invalid"),
        "an unknown key": issuer.token(kid="k2"),
        "no signature": f"{head}.{body}.",
        "alg none": with_algorithm(issuer, "none"),
        "the public key as secret": with_algorithm(issuer, "HS256"),
        "another signature": f"{head}.{body}.{signature[::-1]}",
        "no expiry": issuer.token(exp=None),
        "no token at all": "nonsense",
    }


@pytest.mark.parametrize(
    "fault",
    [
        "expired",
        "another audience",
        "another issuer",
        "an unknown key",
        "no signature",
        "alg none",
        "the public key as secret",
        "another signature",
        "no expiry",
        "no token at all",
    ],
)
def test_a_token_is_refused_with(fault, router, bank, issuer):
    answer = router.post(WHO, headers=bearer(tokens(issuer)[fault]))
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert bank.customer.calls == []


def test_a_token_that_was_good_is_refused_once_it_has_expired(router, issuer):
    token = issuer.token(exp=int(time.time()) + 2)
    assert router.post(WHO, headers=bearer(token)).status_code == 200
    time.sleep(2.1)
    answer = router.post(WHO, headers=bearer(token))
    assert answer.status_code == 401
    assert "expired" in answer.json()["errors"][0]["message"]


def test_changed_keys_are_taken_up_and_a_broken_key_file_is_survived(start, bank, issuer, tmp_path):
    jwks = tmp_path / "jwks.json"
    issuer.publish(jwks, "old")
    router = start(GATEWAY_JWKS_FILE=jwks)
    old, new = bearer(issuer.token(kid="old")), bearer(issuer.token(kid="new"))
    assert router.post(WHO, headers=old).status_code == 200
    jwks.write_text("{")
    time.sleep(2.1)
    assert router.post(WHO, headers=old).status_code == 200
    issuer.publish(jwks, "new")
    time.sleep(2.1)
    assert router.post(WHO, headers=new).status_code == 200
    assert router.post(WHO, headers=old).status_code == 401


def test_the_caller_s_token_and_no_other_header_reaches_the_services(router, bank, issuer):
    token = issuer.token("S-9")
    headers = bearer(token) | {"x-institution": "OTHER", "cookie": "a=b"}
    router.ask(SEEN, headers=headers)
    for call in (*bank.customer.calls, *bank.scoring.calls):
        assert call.headers["authorization"] == f"Bearer {token}"
        assert "x-institution" not in call.headers
        assert "cookie" not in call.headers


def test_headers_smuggled_in_the_body_never_reach_a_service(router, bank, issuer):
    token = issuer.token()
    smuggled = {"headers": {"authorization": "Bearer stolen", "x-institution": "OTHER"}}
    router.ask(SEEN, extensions=smuggled, headers=bearer(token))
    for call in (*bank.customer.calls, *bank.scoring.calls):
        assert call.headers["authorization"] == f"Bearer {token}"
        assert "x-institution" not in call.headers
        assert "extensions" not in call.body


def test_identical_documents_of_two_users_never_cross(router, bank, issuer):
    mine, yours = (f"Bearer {issuer.token(subject)}" for subject in ("mine", "yours"))

    async def both():
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:

            async def one(authorization):
                answer = await client.post(
                    f"{router.url}/graphql",
                    json={"query": "query Same { whoami " + SEEN[SEEN.index("{") + 1 :]},
                    headers={"authorization": authorization},
                )
                data = answer.json()["data"]
                return authorization, data["whoami"], data["customerByNumber"]["seenBy"]

            return await asyncio.gather(*(one(each) for each in [mine, yours] * 40))

    seen = Counter(asyncio.run(both()))
    assert seen == {(mine, mine, mine): 40, (yours, yours, yours): 40}
