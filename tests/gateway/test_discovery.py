"""Any OpenID Connect issuer will do: found by discovery, its keys and claims as it has them."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.warnings import InsecureKeyLengthWarning
from kit.identity import Principals

from tests.gateway.issuers import issuing

WHO = "query Who { whoami }"
TELLER = {"role": "teller", "channel": "counter"}
SECRET = b"a secret that everybody can read in the JWKS"
FAR_AWAY = {"GATEWAY_DEVELOPMENT": "", "GATEWAY_JWKS_FILE": ""}


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def code_of(answer):
    if answer.status_code == 200:
        assert answer.json()["data"]["whoami"], answer.text
        return 200, None
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


@pytest.fixture
def bank_issuer(tmp_path):
    """An issuer of this test alone."""
    with issuing(tmp_path) as running:
        yield running


def test_a_closed_gateway_finds_the_keys_of_its_issuer(closed_router, issuer):
    assert code_of(closed_router.post(WHO, headers=bearer(issuer.token(**TELLER)))) == (200, None)
    assert {"/.well-known/openid-configuration", "/jwks"} <= set(issuer.asked)


def test_keys_come_and_go_and_the_last_good_ones_outlive_the_issuer(start, bank, bank_issuer):
    one = bank_issuer
    router = start(**FAR_AWAY, GATEWAY_ISSUER=one.url, GATEWAY_JWKS_UNKNOWN_SECONDS=0)
    old = bearer(one.token(**TELLER))
    new_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    new = bearer(one.token(kid="k2", key=new_key, algorithm="RS256", **TELLER))
    stranger = bearer(one.token(kid="k3", **TELLER))
    assert code_of(router.post(WHO, headers=old)) == (200, None)
    assert code_of(router.post(WHO, headers=new)) == (401, "UNAUTHENTICATED")
    for mood in ("down", "nonsense", "another", "unsafe"):
        one.mood = mood
        assert code_of(router.post(WHO, headers=stranger)) == (401, "UNAUTHENTICATED")
        assert code_of(router.post(WHO, headers=old)) == (200, None)
    assert router.log.count("The issuer gives no keys; still using the last good ones") == 4
    one.mood = "well"
    one.published["k2"] = one.described("k2", new_key)
    assert code_of(router.post(WHO, headers=new)) == (200, None)
    assert code_of(router.post(WHO, headers=old)) == (200, None)
    del one.published["k1"]
    assert code_of(router.post(WHO, headers=stranger)) == (401, "UNAUTHENTICATED")
    assert code_of(router.post(WHO, headers=old)) == (401, "UNAUTHENTICATED")
    assert code_of(router.post(WHO, headers=new)) == (200, None)


def test_strangers_keys_do_not_make_the_gateway_ask_again_and_again(closed_router, issuer):
    closed_router.post(WHO, headers=bearer(issuer.token(kid="x0", **TELLER)))
    before = len(issuer.asked)
    for number in range(20):
        closed_router.post(WHO, headers=bearer(issuer.token(kid=f"x{number}", **TELLER)))
    assert len(issuer.asked) == before


def test_keys_that_are_for_something_else_sign_nothing(start, bank, bank_issuer):
    one = bank_issuer
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - refused
    other = ec.generate_private_key(ec.SECP256R1())
    one.published |= {
        "small": one.described("small", small),
        "enc": one.described("enc", other, use="enc"),
        "alg": one.described("alg", other, alg="ES512"),
        "oct": {
            "kty": "oct",
            "k": base64.urlsafe_b64encode(SECRET).decode(),
            "kid": "oct",
            "alg": "HS256",
        },
    }
    router = start(**FAR_AWAY, GATEWAY_ISSUER=one.url)
    with pytest.warns(InsecureKeyLengthWarning):
        too_short = one.token(kid="small", key=small, algorithm="RS256", **TELLER)
    long = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = {
        "small": too_short,
        "enc": one.token(kid="enc", key=other, **TELLER),
        "alg": one.token(kid="alg", key=other, **TELLER),
        "oct": jwt.encode(
            {"iss": one.url, "aud": "sheaf", "sub": "M", "exp": int(time.time()) + 60} | TELLER,
            SECRET, algorithm="HS256", headers={"kid": "oct"},
        ),
        "RS256 by an ES256 key": one.token(kid="k1", key=long, algorithm="RS256", **TELLER),
    }  # fmt: skip
    found = {name: code_of(router.post(WHO, headers=bearer(each))) for name, each in tokens.items()}
    assert found == dict.fromkeys(tokens, (401, "UNAUTHENTICATED"))
    assert bank.customer.calls == []


@pytest.mark.parametrize("mood", ["down", "nonsense", "another", "unsafe"])
def test_a_gateway_that_never_saw_its_issuer_s_keys_does_not_start(mood, start, bank_issuer):
    bank_issuer.mood = mood
    router = start(wait=False, **FAR_AWAY, GATEWAY_ISSUER=bank_issuer.url)
    assert router.process.wait(timeout=20) == 1
    assert f"GATEWAY_ISSUER {bank_issuer.url} gives no keys: " in router.log


@pytest.fixture(scope="module")
def mapped(_start, issuer):
    """A gateway whose issuer says everything in claims of its own."""
    claims = {
        "institution": "https://bank.example/unit",
        "role": "realm_access.roles",
        "channel": "azp",
        "branch_codes": "department",
        "staff_number": "employee.number",
    }
    return _start(
        **FAR_AWAY,
        GATEWAY_CLAIMS=json.dumps(claims),
        GATEWAY_CHANNELS=json.dumps({"teller-desktop": "counter", "call-centre": "phone"}),
    )


KEYCLOAK = {
    "role": "king",
    "channel": "online",
    "institution": "OTHER",
    "https://bank.example/unit": "B",
    "realm_access": {"roles": ["offline_access", "teller", "phone_agent"]},
    "azp": "teller-desktop",
    "department": "0102",
    "employee": {"number": "M7"},
}


def test_claims_are_read_from_where_the_issuer_puts_them(mapped, bank, issuer, callers):
    answer = mapped.post(WHO, headers=bearer(issuer.token("u-1", **KEYCLOAK)))
    assert code_of(answer) == (200, None)
    [call] = bank.customer.calls
    told = Principals(callers.gateway.jwks, service="customer").principal(
        call.headers["authorization"].removeprefix("Bearer ")
    )
    assert (told.subject, told.institution, told.role, told.channel) == (
        "u-1", "B", "teller", "counter",
    )  # fmt: skip
    assert (told.branch_codes, told.staff_number) == ({"0102"}, "M7")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"azp": "unknown-app"}, "'unknown-app' is no channel's client here."),
        ({"azp": "counter"}, "'counter' is no channel's client here."),
        ({"azp": "toString"}, "'toString' is no channel's client here."),
        (
            {"realm_access": {"roles": ["teller", "customer_manager"]}},
            "The token names several roles that work here (teller, customer_manager); it must name",
        ),
        (
            {"realm_access": {"roles": ["uma_authorization"]}},
            "The role 'uma_authorization' does not work in the channel 'counter' here.",
        ),
        ({"realm_access": None}, "The token does not say who is asking"),
        ({"https://bank.example/unit": None}, "The token does not say who is asking"),
    ],
)
def test_claims_that_leave_it_open_who_asks_let_nobody_in(claims, said, mapped, bank, issuer):
    answer = mapped.post(WHO, headers=bearer(issuer.token(**(KEYCLOAK | claims))))
    assert code_of(answer) == (403, "FORBIDDEN")
    assert answer.json()["errors"][0]["message"].startswith(said)
    assert bank.customer.calls == []
