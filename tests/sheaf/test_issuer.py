"""Development keys and tokens: private, stable, and good enough for the services' own check."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from kit.identity import Verifier
from kit.problem import Unauthenticated
from sheaf import issuer
from sheaf.issuer import AUDIENCE, ISSUER, Caller, Issuer
from sheaf.running import token
from sheaf.system import keep_tokens_fresh, make_keys
from sheaf.trouble import Trouble


@pytest.fixture
def data_dir(tmp_path):
    Issuer(tmp_path).ensure()
    return tmp_path


def verifier(data_dir) -> Verifier:
    return Verifier(Issuer(data_dir).jwks_file, issuer=ISSUER, audience=AUDIENCE)


def test_only_the_owner_reads_keys_and_tokens(tmp_path):
    make_keys(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()}
    assert modes == {
        "issuer.pem": 0o600,
        "jwks.json": 0o644,
        "token-scoring": 0o600,
        "token-campaign": 0o600,
    }
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert "d" not in (tmp_path / "secrets" / "jwks.json").read_text().split('"')


def test_a_service_knows_the_caller_by_the_token(data_dir):
    signed = token(data_dir, "teller", "counter", "BERKA", subject="T-7")
    principal = verifier(data_dir).principal(signed)
    assert (principal.subject, principal.role, principal.channel, principal.institution) == (
        "T-7",
        "teller",
        "counter",
        "BERKA",
    )
    assert principal.scopes == {
        "customer:read",
        "contribution:read",
        "offer:read",
        "offer:respond",
        "consent:write",
    }


def test_a_feed_token_reads_feeds_and_nothing_else(tmp_path):
    make_keys(tmp_path)
    for service in ("scoring", "campaign"):
        signed = (tmp_path / "secrets" / f"token-{service}").read_text()
        principal = verifier(tmp_path).principal(signed)
        assert (principal.subject, principal.scopes) == (service, {"feed:read"})


def test_feed_tokens_are_renewed_while_the_system_runs(tmp_path):
    make_keys(tmp_path)
    file = tmp_path / "secrets" / "token-scoring"
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
        verifier(data_dir).principal(signed)


def test_another_installation_does_not_accept_it(data_dir, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    Issuer(other).ensure()
    with pytest.raises(Unauthenticated, match="does not know"):
        verifier(other).principal(token(data_dir, "teller", "counter", "BERKA"))


def test_keys_stay_the_same(data_dir):
    before = Issuer(data_dir).jwks_file.read_text()
    signed = token(data_dir, "ops", "console", "BERKA")
    Issuer(data_dir).ensure()
    assert Issuer(data_dir).jwks_file.read_text() == before
    assert verifier(data_dir).principal(signed).role == "ops"


def test_no_role_but_services_reads_feeds_and_only_the_loader_brings_data():
    may = {
        scope: {role for role, scopes in issuer.SCOPES.items() if scope in scopes}
        for scope in ("feed:read", "ingest:write", "campaign:approve")
    }
    assert may == {
        "feed:read": {"service"},
        "ingest:write": {"loader"},
        "campaign:approve": {"approver", "developer"},
    }


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
