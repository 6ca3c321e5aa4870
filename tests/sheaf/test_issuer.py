"""Development keys and tokens: private, stable, and good enough for the services' own check."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from kit.identity import Verifier
from kit.keys import Expected, Keys
from kit.problem import Unauthenticated
from sheaf import programs
from sheaf.issuer import AUDIENCE, ISSUER, Caller, Issuer
from sheaf.running import token
from sheaf.system import keep_tokens_fresh, make_keys
from sheaf.trouble import Trouble

import gateway


@pytest.fixture
def data_dir(tmp_path):
    Issuer(tmp_path).ensure()
    return tmp_path


def verifier(data_dir) -> Verifier:
    return Verifier(Issuer(data_dir).jwks_file, issuer=ISSUER)


def claims_of(data_dir, signed) -> dict:
    """Read a token as the gateway does: signature, issuer and audience checked."""
    keys = Keys(Issuer(data_dir).jwks_file)
    return keys.claims(signed, Expected(ISSUER, AUDIENCE))


def test_only_the_owner_reads_keys_and_tokens(tmp_path):
    make_keys(tmp_path)
    secrets = tmp_path / "secrets"
    modes = {
        str(path.relative_to(secrets)): path.stat().st_mode & 0o777
        for path in secrets.rglob("*")
        if path.is_file()
    }
    assert modes == {
        "issuer.pem": 0o600,
        "gateway/principal.pem": 0o600,
        "public/issuer.json": 0o644,
        "public/gateway.json": 0o644,
        "master/customer.json": 0o600,
        "feeds/scoring": 0o600,
        "feeds/campaign": 0o600,
    }
    assert secrets.stat().st_mode & 0o777 == 0o700
    for public in (secrets / "public").iterdir():
        assert "d" not in public.read_text().split('"')


def test_a_token_says_who_somebody_is_and_not_what_they_may(data_dir):
    signed = token(
        data_dir, "customer_manager", "counter", "BERKA",
        subject="T-7", branches=["01"], staff_number="M7",
    )  # fmt: skip
    said = claims_of(data_dir, signed)
    assert {name: value for name, value in said.items() if name not in {"iat", "exp", "jti"}} == {
        "iss": ISSUER,
        "aud": "sheaf",
        "sub": "T-7",
        "role": "customer_manager",
        "channel": "counter",
        "institution": "BERKA",
        "branch_codes": ["01"],
        "staff_number": "M7",
    }


def test_no_service_takes_a_person_s_token(data_dir):
    with pytest.raises(Unauthenticated, match="Audience doesn't match"):
        verifier(data_dir).principal(token(data_dir, "teller", "counter", "BERKA"))


def test_a_feed_token_reads_feeds_and_nothing_else(tmp_path):
    make_keys(tmp_path)
    for service in ("scoring", "campaign"):
        principal = verifier(tmp_path).principal(programs.token_file(tmp_path, service).read_text())
        assert (principal.subject, principal.scopes) == (service, {"feed:read"})


def test_the_loader_brings_records_and_nothing_else(data_dir):
    principal = verifier(data_dir).principal(token(data_dir, "loader", "system", "BERKA"))
    assert (principal.institution, principal.scopes) == ("BERKA", {"ingest:write"})


def test_feed_tokens_are_renewed_while_the_system_runs(tmp_path):
    make_keys(tmp_path)
    file = programs.token_file(tmp_path, "scoring")
    first = file.read_text()

    async def until_renewed() -> None:
        renewing = asyncio.create_task(keep_tokens_fresh(tmp_path, every_seconds=0.01))
        while file.read_text() == first:
            await asyncio.sleep(0.01)
        renewing.cancel()

    asyncio.run(asyncio.wait_for(until_renewed(), 30))
    assert verifier(tmp_path).principal(file.read_text()).subject == "scoring"


def test_a_token_ends(data_dir):
    long_ago = datetime.now(UTC) - timedelta(days=2)
    caller = Caller("T-7", "teller", "counter", "BERKA")
    signed = Issuer(data_dir).token(caller, at=long_ago, lifetime=timedelta(days=1))
    with pytest.raises(Unauthenticated, match="expired"):
        claims_of(data_dir, signed)


def test_another_installation_does_not_accept_it(data_dir, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    Issuer(other).ensure()
    with pytest.raises(Unauthenticated, match="does not know"):
        claims_of(other, token(data_dir, "teller", "counter", "BERKA"))


def test_keys_stay_the_same(data_dir):
    before = Issuer(data_dir).jwks_file.read_text()
    signed = token(data_dir, "ops", "console", "BERKA")
    Issuer(data_dir).ensure()
    assert Issuer(data_dir).jwks_file.read_text() == before
    assert claims_of(data_dir, signed)["role"] == "ops"


@pytest.mark.parametrize(
    ("role", "channel"),
    [
        (name, channel)
        for name, role in json.loads(gateway.roles().read_text()).items()
        for channel in role["channels"]
    ],
)
def test_every_role_that_the_gateway_knows_gets_a_token_for_its_channels(data_dir, role, channel):
    said = claims_of(data_dir, token(data_dir, role, channel, "BERKA"))
    assert (said["role"], said["channel"]) == (role, channel)


@pytest.mark.parametrize(
    ("role", "channel", "wrong"), [("king", "counter", "king"), ("teller", "pigeon", "pigeon")]
)
def test_an_unknown_role_or_channel_is_refused_with_those_known(data_dir, role, channel, wrong):
    with pytest.raises(Trouble, match=f"There is no (role|channel) '{wrong}'") as refused:
        token(data_dir, role, channel, "BERKA")
    assert refused.value.remedy.startswith("Choose one of: ")


def test_before_the_first_start_there_is_no_token_but_a_way_to_one(tmp_path):
    with pytest.raises(Trouble, match="no token can be signed") as refused:
        token(tmp_path, "teller", "counter", "BERKA")
    assert "sheaf up --detach" in refused.value.remedy
