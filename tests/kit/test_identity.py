"""Only a token that our issuer signed, for us, now, speaks for anyone."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from kit.problem import Forbidden, Unauthenticated

PAST = datetime.now(UTC) - timedelta(hours=2)


def test_a_good_token_says_who_is_asking(verifier, issuer):
    found = verifier.principal(issuer.token(sub="17", role="teller"))
    assert (found.subject, found.role, found.channel, found.institution) == (
        "17",
        "teller",
        "counter",
        "A",
    )
    assert found.scopes == {"feed:read", "ingest:write"}


def test_a_stranger_with_the_same_key_id_is_refused(verifier, issuer):
    with pytest.raises(Unauthenticated, match="not valid"):
        verifier.principal(issuer.token(key=ec.generate_private_key(ec.SECP256R1())))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "other"}, "not valid"),
        ({"iss": "https://other.example"}, "not valid"),
        ({"exp": PAST}, "expired"),
        ({"exp": None}, "not valid"),
        ({"institution": None}, "not valid"),
        ({"institution": 7}, "wrong types"),
        ({"kid": "unknown"}, "does not know"),
    ],
)
def test_a_wrong_claim_is_refused_with_its_reason(verifier, issuer, claims, reason):
    with pytest.raises(Unauthenticated, match=reason):
        verifier.principal(issuer.token(**claims))


def test_a_token_without_signature_is_refused(verifier, issuer):
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    forged = jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
    with pytest.raises(Unauthenticated):
        verifier.principal(forged)


def test_a_token_signed_with_the_public_key_as_secret_is_refused(verifier, issuer):
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    signed = header + b"." + issuer.token().split(".")[1].encode()
    mac = hmac.digest(issuer.jwks.read_bytes(), signed, "sha256")
    forged = (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    with pytest.raises(Unauthenticated):
        verifier.principal(forged)


@pytest.mark.parametrize("garbage", ["", "a", "a.b.c", "é" * 40])
def test_garbage_is_refused(verifier, garbage):
    with pytest.raises(Unauthenticated):
        verifier.principal(garbage)


def test_a_missing_scope_is_named(verifier, issuer):
    with pytest.raises(Forbidden, match="'operate'"):
        verifier.principal(issuer.token()).must("operate")
