"""Nobody gets in without a valid token, and nobody gets another one's answer."""

import asyncio
import base64
import hmac
import json
import time
from collections import Counter

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from kit.identity import Principal, Principals, Reach

from tests.gateway.conftest import TRUSTED

WHO = "query Who { whoami }"
SEEN = 'query Seen { customerByNumber(number: "7") { name seenBy } }'
SEEN_BY_ALL = TRUSTED["counter/all"]


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


def said(bank, callers):
    """Give what the router said of the caller, by service, as the services verify it."""
    return {
        name: Principals(callers.gateway.jwks, service=name).principal(
            call.headers["authorization"].removeprefix("Bearer ")
        )
        for name in ("customer", "scoring", "campaign")
        for call in getattr(bank, name).calls
    }


def test_each_service_is_told_who_asks_by_a_principal_of_its_own(router, bank, issuer, callers):
    token = issuer.token(
        "S-9", role="customer_manager", channel="counter", institution="B", scopes=["operate"],
        branch_codes=["01", "0102"], staff_number="M9", customer_number=None, verified_caller=7,
    )  # fmt: skip
    router.ask(SEEN_BY_ALL, headers=bearer(token))
    told = said(bank, callers)
    assert told.keys() == {"customer", "scoring", "campaign"}
    assert set(told.values()) == {
        Principal(
            subject="S-9", role="customer_manager", channel="counter", institution="B",
            reach=Reach.BOOK, scopes=frozenset({
                "customer:read", "contribution:read", "report:read", "offer:read", "offer:respond",
                "consent:write", "campaign:read", "personal:reveal",
            }),
            branch_codes=frozenset({"01", "0102"}), staff_number="M9",
        )
    }  # fmt: skip


def claims_of(call):
    token = call.headers["authorization"].removeprefix("Bearer ")
    return jwt.decode(token, options={"verify_signature": False})


def test_a_principal_lasts_half_a_minute_and_none_is_sent_twice(router, bank, issuer):
    for _ in range(2):
        router.ask(SEEN_BY_ALL, headers=bearer(issuer.token()))
    calls = [*bank.customer.calls, *bank.scoring.calls, *bank.campaign.calls]
    claims = [claims_of(call) for call in calls]
    assert {each["exp"] - each["iat"] for each in claims} == {30}
    assert len({each["jti"] for each in claims}) == len(calls) == 6


def test_a_retried_read_brings_a_principal_of_its_own(router, bank):
    bank.scoring.mood = "broken"
    router.ask(SEEN)
    first, second = bank.scoring.calls
    assert claims_of(first)["jti"] != claims_of(second)["jti"]


def test_no_header_of_the_client_reaches_a_service(router, bank, issuer):
    token = issuer.token("S-9")
    claimed = {"x-institution": "OTHER", "cookie": "a=b", "x-forwarded-user": "boss"}
    router.ask(SEEN, headers=bearer(token) | claimed)
    for call in (*bank.customer.calls, *bank.scoring.calls):
        assert token not in str(call.headers)
        assert claims_of(call)["sub"] == "S-9"
        assert not call.headers.keys() & claimed.keys()


def test_headers_smuggled_in_the_body_never_reach_a_service(router, bank, issuer):
    smuggled = {"headers": {"authorization": "Bearer stolen", "x-institution": "OTHER"}}
    router.ask(SEEN, extensions=smuggled, headers=bearer(issuer.token("S-9")))
    for call in (*bank.customer.calls, *bank.scoring.calls):
        assert claims_of(call)["sub"] == "S-9"
        assert "x-institution" not in call.headers
        assert "extensions" not in call.body


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "king"},
        {"role": "teller", "channel": "online"},
        {"channel": "pigeon"},
        {"role": None},
        {"role": ["king"]},
        {"role": [7, {}]},
        {"institution": None},
        {"institution": ""},
    ],
)
def test_who_has_no_part_in_the_policy_is_refused(claims, router, bank, issuer):
    answer = router.post(WHO, headers=bearer(issuer.token(**claims)))
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert bank.customer.calls == []


def test_a_developer_is_nobody_outside_development(closed_router, bank, issuer):
    answer = closed_router.post(WHO, headers=bearer(issuer.token(role="developer")))
    assert answer.status_code == 403
    assert bank.customer.calls == []


def test_identical_documents_of_two_users_never_cross(router, bank, issuer):
    headers = {subject: bearer(issuer.token(subject)) for subject in ("mine", "yours")}

    async def both():
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:

            async def one(subject):
                answer = await client.post(
                    f"{router.url}/graphql",
                    json={"query": "query Same { whoami " + SEEN[SEEN.index("{") + 1 :]},
                    headers=headers[subject],
                )
                data = answer.json()["data"]
                return subject, data["whoami"], data["customerByNumber"]["seenBy"]

            return await asyncio.gather(*(one(each) for each in ["mine", "yours"] * 40))

    seen = Counter(asyncio.run(both()))
    assert seen == {("mine", "mine", "mine"): 40, ("yours", "yours", "yours"): 40}
