"""A channel runs its own documents: not another's, and nothing that somebody made up."""

import json
import re

import pytest

import gateway
from tests.gateway.conftest import TRUSTED, written

FRAGMENTS = TRUSTED["fragments/told"]
ONE = f"{TRUSTED['counter/customer']} {FRAGMENTS}"
WHO = TRUSTED["counter/who"]
NOT_TRUSTED = (400, {"code": "DOCUMENT_NOT_TRUSTED"})


def refused(answer):
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]


def by_name(manifest, operation):
    [found] = [
        (digest, each)
        for digest, each in json.loads(manifest.read_text()).items()
        if each["operation"] == operation
    ]
    return found


@pytest.fixture
def at(closed_router, issuer):
    """Ask as a teller at one of its channels, by text or by hash."""

    def ask(channel, query=None, variables=None, *, digest=None, role="teller"):
        token = issuer.token(role=role, channel=channel)
        more = {"extensions": {"persistedQuery": {"sha256Hash": digest}}} if digest else {}
        headers = {"authorization": f"Bearer {token}"}
        return closed_router.post(query, variables, headers=headers, **more)

    return ask


def test_a_channel_runs_its_document_by_text_however_it_is_laid_out(at):
    for text in (WHO, re.sub(" ", "\n\t ", WHO), f"# mine\n{WHO}"):
        assert at("counter", text).json() == {"data": {"whoami": "M-1"}}


def test_a_channel_runs_its_document_by_hash(at, manifest):
    digest, _ = by_name(manifest, "Who")
    assert at("counter", digest=digest).json() == {"data": {"whoami": "M-1"}}


def test_a_shared_fragment_is_part_of_the_document(at, manifest):
    digest, entry = by_name(manifest, "One")
    assert entry["channels"] == ["counter", "phone"]
    expected = {"data": {"customerByNumber": {"id": "7", "seenBy": "M-1"}}}
    assert at("counter", digest=digest, variables={"number": "7"}).json() == expected
    assert at("counter", entry["text"], {"number": "7"}).json() == expected
    phone = at("phone", digest=digest, variables={"number": "7"}, role="phone_agent")
    assert phone.json() == expected


def test_another_channel_s_document_is_refused_like_one_that_nobody_has(at, manifest, bank):
    who, _ = by_name(manifest, "Who")
    consent, entry = by_name(manifest, "Consent")
    variables = {"id": "7", "key": "k"}
    answers = [
        at("phone", WHO, role="phone_agent"),
        at("phone", digest=who, role="phone_agent"),
        at("counter", entry["text"], variables),
        at("counter", digest=consent, variables=variables),
        at("counter", digest="0" * 64),
        at("counter", "query Mine { whoami }"),
        at("counter", f"{WHO} query Other {{ whoami }}"),
        at("counter", "{ __schema { queryType { name } } }"),
    ]
    assert [refused(each) for each in answers] == [NOT_TRUSTED] * len(answers)
    assert {answer.json()["errors"][0]["message"] for answer in answers[2:]} == {
        "The channel 'counter' runs only its own documents, and this is not one of them."
    }
    assert bank.customer.calls == []


def test_in_development_only_a_developer_sends_any_text(router, issuer, bank):
    teller = {"authorization": f"Bearer {issuer.token(role='teller', channel='counter')}"}
    assert refused(router.post("query Mine { whoami }", headers=teller)) == NOT_TRUSTED
    assert bank.customer.calls == []
    assert router.post(WHO, headers=teller).json() == {"data": {"whoami": "M-1"}}
    assert router.post("query Mine { whoami }").json() == {"data": {"whoami": "M-1"}}


@pytest.mark.parametrize(
    ("documents", "fault"),
    [
        ({"counter/a": "query A { whoam }"}, 'counter/a.graphql:1 Cannot query field "whoam"'),
        ({"counter/a": "query A {"}, "counter/a.graphql:1 Syntax Error"),
        ({"counter/a": "{ whoami }"}, "counter/a.graphql must hold one operation, with a name."),
        ({"counter/a": "query A { whoami } query B { whoami }"}, "must hold one operation"),
        ({"counter/a": "query A { whoami ...F }"}, 'Unknown fragment "F"'),
        (
            {"counter/a": WHO, "counter/b": "query Who { me: whoami }"},
            "b.graphql is another Who than the one that counter has.",
        ),
        ({"pigeon/a": WHO}, "pigeon is no channel; there are console, counter"),
        ({"a": WHO}, "a.graphql lies in no channel's folder."),
        ({"counter/a": WHO, "fragments/f": WHO}, "f.graphql may hold fragments only."),
        ({"fragments/f": FRAGMENTS, "counter/a": WHO}, "Told is used by no document."),
        (
            {"counter/a": "query A { whoami " + "@skip(if: false) " * 5 + "}"},
            "More than 4 directives in one place.",
        ),
    ],
)
def test_a_document_that_cannot_be_trusted_is_named(documents, fault, trust, tmp_path):
    done = trust(written(tmp_path / "documents", documents), tmp_path / "out.json")
    assert done.returncode == 1
    assert done.stderr.startswith("The documents cannot be trusted.\n")
    assert fault in done.stderr
    assert not (tmp_path / "out.json").exists()


def test_drift_is_told_with_the_command_that_mends_it(trust, tmp_path):
    folder, out = written(tmp_path / "documents", {"counter/a": WHO}), tmp_path / "out.json"
    assert "is missing. Run 'node gateway/documents.mjs'" in trust(folder, out, "--check").stderr
    assert trust(folder, out).returncode == 0
    assert trust(folder, out, "--check").returncode == 0
    written(folder, {"phone/a": WHO})
    assert "does not match the channels' documents" in trust(folder, out, "--check").stderr
    trust(folder, out)
    assert by_name(out, "Who")[1]["channels"] == ["counter", "phone"]


@pytest.mark.parametrize("content", ["", "[1]", None])
def test_without_its_manifest_no_router_starts(content, start, tmp_path):
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_text(content)
    router = start(wait=False, GATEWAY_DOCUMENTS=file)
    assert router.process.wait(timeout=20) == 1
    assert f"GATEWAY_DOCUMENTS {file} cannot be used: " in router.log


def test_who_banks_online_has_no_document_of_the_staff():
    trusted = json.loads(gateway.manifest().read_text()).values()
    online = {each["operation"] for each in trusted if "online" in each["channels"]}
    assert online == {
        "Me", "MyAccounts", "MyOffers", "OffersChanged", "AnswerOffer", "GiveConsent", "WithdrawConsent",
    }  # fmt: skip
    for each in trusted:
        if {"online", "mobile", "self_service"} & set(each["channels"]):
            assert not re.search(r"contribution|tier\b|manager", each["text"])
