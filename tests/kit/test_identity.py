"""Only who we trust, for us, now, speaks for anyone; a principal for one request, a program for its task."""

import base64
import hmac
import json
import os
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from kit.identity import Once, Principal, Principals, Reach, Verifier
from kit.keys import Expected, Keys
from kit.problem import Forbidden, Overloaded, Unauthenticated

from tests.callers import ISSUER, SERVICES, Callers

PAST = datetime.now(UTC) - timedelta(hours=2)


def test_a_principal_says_who_is_asking_and_from_where(principals, callers):
    token = callers.principal(
        "shop", "customer:read", sub="17", role="customer_manager", channel="phone", reach="branches",
        branch_codes=["01", "0102"], staff_number="M1", verified_caller="C7",
    )  # fmt: skip
    assert principals.principal(token) == Principal(
        subject="17",
        role="customer_manager",
        channel="phone",
        institution="A",
        reach=Reach.BRANCHES,
        scopes=frozenset({"customer:read"}),
        branch_codes=frozenset({"01", "0102"}),
        staff_number="M1",
        customer_number=None,
        verified_caller="C7",
    )


def test_a_principal_of_one_service_is_nothing_to_another(callers):
    token = callers.principal("shop")
    with pytest.raises(Unauthenticated, match="not valid: Audience doesn't match"):
        Principals(callers.gateway.jwks, service="stock").principal(token)


def test_a_principal_speaks_for_one_request_only(principals, callers):
    token = callers.principal("shop")
    principals.principal(token)
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="was used before"):
            principals.principal(token)


@pytest.mark.parametrize("seconds", [61, 3600, 0, -1])
def test_a_principal_that_wants_to_speak_longer_is_refused(principals, callers, seconds):
    now = datetime.now(UTC)
    with pytest.raises(Unauthenticated):
        principals.principal(
            callers.principal("shop", iat=now, exp=now + timedelta(seconds=seconds))
        )


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "sheaf-services"}, "not valid"),
        ({"aud": "sheaf"}, "not valid"),
        ({"aud": ["sheaf-shop", "sheaf-stock"]}, "not valid"),
        ({"iss": ISSUER}, "not valid"),
        ({"iat": PAST - timedelta(seconds=30), "exp": PAST}, "expired"),
        ({"iat": datetime.now(UTC) + timedelta(hours=2)}, "not yet valid"),
        ({"exp": None}, "not valid"),
        ({"iat": None}, "not valid"),
        ({"jti": None}, "not valid"),
        ({"scopes": None}, "not valid"),
        ({"institution": None}, "not valid"),
        ({"institution": 7}, "wrong types"),
        ({"scopes": "customer:read"}, "wrong types"),
        ({"branch_codes": "01"}, "wrong types"),
        ({"customer_number": 7}, "wrong types"),
        ({"reach": None}, "not valid"),
        ({"reach": "everybody"}, "how far its caller reaches"),
        ({"reach": ["institution"]}, "how far its caller reaches"),
        ({"reach": "branches"}, "how far its caller reaches"),
        ({"reach": "branches", "branch_codes": []}, "how far its caller reaches"),
        ({"reach": "book", "branch_codes": ["01"]}, "how far its caller reaches"),
        ({"reach": "self", "staff_number": "M1"}, "how far its caller reaches"),
    ],
)
def test_a_wrong_claim_is_refused_with_its_reason(principals, callers, claims, reason):
    with pytest.raises(Unauthenticated, match=reason):
        principals.principal(callers.principal("shop", **claims))


def test_a_principal_of_the_services_issuer_is_refused(principals, callers):
    claims = jwt.decode(callers.principal("shop"), options={"verify_signature": False})
    with pytest.raises(Unauthenticated, match="does not know"):
        principals.principal(callers.issuer.sign(claims, seconds=30))
    with pytest.raises(Unauthenticated, match="Signature verification failed"):
        principals.principal(callers.gateway.sign(claims, seconds=30, key=callers.issuer.key))


def test_a_stranger_with_the_same_key_id_is_refused(verifier, callers):
    stranger = callers.issuer.sign(
        {"iss": ISSUER, "aud": SERVICES, "sub": "x", "role": "loader", "institution": "A"},
        seconds=60,
        key=ec.generate_private_key(ec.SECP256R1()),
    )
    with pytest.raises(Unauthenticated, match="Signature verification failed"):
        verifier.principal(stranger)


def test_a_program_may_do_its_task_and_no_more(verifier, callers):
    reads = verifier.principal(callers.credential("service", ""))
    loads = verifier.principal(callers.credential("loader"))
    assert (reads.channel, reads.institution, reads.scopes) == ("system", "", {"feed:read"})
    assert (loads.channel, loads.institution, loads.scopes) == ("system", "A", {"ingest:write"})


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"role": "teller"}, "no program's"),
        ({"role": ["loader"]}, "no program's"),
        ({"role": None}, "not valid"),
        ({"aud": "sheaf"}, "not valid"),
        ({"aud": "sheaf-shop"}, "not valid"),
        ({"iss": "https://other.example"}, "not valid"),
        ({"exp": PAST}, "expired"),
        ({"exp": None}, "not valid"),
        ({"sub": 7}, "not valid"),
    ],
)
def test_a_credential_with_a_wrong_claim_is_refused(verifier, callers, claims, reason):
    with pytest.raises(Unauthenticated, match=reason):
        verifier.principal(callers.credential(**claims))


def test_scopes_that_a_credential_claims_for_itself_count_for_nothing(verifier, callers):
    found = verifier.principal(callers.credential("service", scopes=["ingest:write"]))
    with pytest.raises(Forbidden, match="'ingest:write'"):
        found.must("ingest:write")


def test_a_bank_whose_issuer_signs_with_rsa_is_served(callers, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwks = tmp_path / "rsa.json"
    jwks.write_text(json.dumps({"keys": [public | {"kid": callers.issuer.kid, "alg": "RS256"}]}))
    claims = {"iss": ISSUER, "aud": SERVICES, "sub": "x", "role": "loader", "institution": "A"}
    token = callers.issuer.sign(claims, seconds=60, key=key, algorithm="RS256")
    assert Verifier(jwks, issuer=ISSUER).principal(token).role == "loader"


def test_a_token_without_signature_is_refused(principals, callers):
    claims = jwt.decode(callers.principal("shop"), options={"verify_signature": False})
    forged = jwt.encode(claims, None, algorithm="none", headers={"kid": callers.gateway.kid})
    with pytest.raises(Unauthenticated, match="not valid"):
        principals.principal(forged)


def test_a_token_signed_with_the_public_key_as_secret_is_refused(principals, callers):
    head = json.dumps({"alg": "HS256", "kid": callers.gateway.kid}).encode()
    header = base64.urlsafe_b64encode(head).rstrip(b"=")
    signed = header + b"." + callers.principal("shop").split(".")[1].encode()
    mac = hmac.digest(callers.gateway.jwks.read_bytes(), signed, "sha256")
    forged = (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    with pytest.raises(Unauthenticated, match="not valid"):
        principals.principal(forged)


def test_a_tampered_principal_is_refused_and_the_whole_one_still_speaks(principals, callers):
    token = callers.principal("shop", "customer:read")
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["scopes"] = ["customer:read", "campaign:approve"]
    more = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated, match="Signature verification failed"):
        principals.principal(f"{head}.{more}.{signature}")
    assert principals.principal(token).scopes == {"customer:read"}


@pytest.mark.parametrize("garbage", ["", "a", "a.b.c", "é" * 40])
def test_garbage_is_refused(principals, verifier, garbage):
    for door in (principals, verifier):
        with pytest.raises(Unauthenticated):
            door.principal(garbage)


def test_a_missing_scope_is_named(principals, callers):
    with pytest.raises(Forbidden, match="'operate'"):
        principals.principal(callers.principal("shop")).must("operate")


def test_changed_keys_are_taken_up_and_a_broken_file_leaves_the_last_good_ones(tmp_path):
    old = Callers(tmp_path).gateway
    at = 0.0
    keys = Keys(old.jwks, clock=lambda: at)

    def known(signer) -> bool:
        token = signer.sign({"iss": "i", "aud": "a"}, seconds=30)
        try:
            keys.claims(token, Expected("i", "a"))
        except Unauthenticated:
            return False
        return True

    def written(text: str) -> None:
        old.jwks.write_text(text)
        os.utime(old.jwks, ns=(int(at), int(at) + 1))

    good = old.jwks.read_text()
    written("{")
    at = 3.0
    assert known(old)
    (tmp_path / "new").mkdir()
    new = Callers(tmp_path / "new").gateway
    written(new.jwks.read_text())
    assert not known(new)  # it was looked at just now
    at = 6.0
    assert (known(new), known(old)) == (True, False)
    written(good)
    old.jwks.unlink()
    at = 9.0
    assert known(new)


def test_a_name_is_used_once_for_as_long_as_it_could_come_again():
    at = 0.0
    once = Once(70, clock=lambda: at)
    once.use("a")
    at = 69.0
    once.use("b")
    at = 71.0
    once.use("c")
    for name in ("b", "c"):
        with pytest.raises(Unauthenticated, match="used before"):
            once.use(name)
    at = 300.0
    once.use("b")


def test_when_no_more_can_be_remembered_nothing_is_let_in():
    at = 0.0
    once = Once(70, most=2, clock=lambda: at)
    once.use("a")
    once.use("b")
    with pytest.raises(Overloaded, match="than this service can tell apart"):
        once.use("c")
    at = 71.0
    once.use("c")


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=40))
def test_no_schedule_lets_a_name_in_twice_within_its_time(steps):
    at = 0
    once = Once(70, clock=lambda: at)
    let_in: dict[int, float] = {}
    for pause, name in steps:
        at += pause
        try:
            once.use(str(name))
        except Unauthenticated:
            assert name in let_in
        else:
            assert name not in let_in or at - let_in[name] >= 70
            let_in[name] = at
