"""What is another bank's is as if it did not exist: every document of every channel, by real services."""

import asyncio
import json
import re
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from graphql import parse

import gateway
from tests.gateway.banks import Named, connected, opened

GATEWAY = Path(__file__).parents[2] / "gateway"
ROLES = json.loads(gateway.roles().read_text())
TEXTS = {
    (channel, entry["operation"]): entry["text"]
    for entry in json.loads(gateway.manifest().read_text()).values()
    for channel in entry["channels"]
}
ASKING = {"UnionContribution": ("union",)}
"""Who else asks what who may do everything else may not; each bank here is a union of itself."""
CASES = [
    (*place, role)
    for place in TEXTS
    for role in ASKING.get(place[1], ("developer", "customer"))
    if place[0] in ROLES[role]["channels"]
]
"""Each document in each channel: asked by who may do everything, and where there are customers by one."""
KINDS = ("query", "subscription", "mutation")
CASES_OF = {
    kind: [case for case in CASES if TEXTS[case[:2]].partition(" ")[0] == kind] for kind in KINDS
}
OURS = Named(bank="ours", mark="Our", version=101)
THEIRS = Named(bank="theirs", mark="Their", version=700_001)
NOBODY = Named(bank="nobody", mark="Nobody", version=800_001)
IDS = {
    "Approve": "campaign", "CampaignMembers": "campaign", "Launch": "campaign",
    "ShadowPage": "run", "ShadowRun": "run",
}  # fmt: skip
"""Whose id it is, where a document says `$id`."""
PAGES = {"Campaigns": "page", "ShadowPage": "after", "ShadowRun": "after"}
"""Whose cursor it is, where a document says `$after` and it holds an id; others are mere positions."""
POSITIONS = {"MyCustomers", "Reconciliation", "UnionContribution"}


def rule(of: Named) -> dict:
    return {
        "all": [
            {"branch": {"in": [of.a("B")]}},
            {"managers": {"in": [of.a("M")]}},
            {"tier": {"atLeast": of.a("BASIC")}},
        ]
    }


GIVEN = {
    "number": lambda of, _: of.a("0"),
    "customer": lambda of, _: of.customer,
    "customerId": lambda of, _: of.customer,
    "offerId": lambda of, _: of.offer,
    "id": lambda of, operation: getattr(of, IDS[operation]),
    "after": lambda of, operation: (
        None if operation in POSITIONS else getattr(of, PAGES[operation]) or None
    ),
    "branch": lambda of, _: of.a("B"),
    "manager": lambda of, _: of.a("M"),
    "version": lambda of, operation: 1 if operation == "Approve" else of.version,
    "against": lambda of, _: of.version + 1,
    "content": lambda of, operation: of.scheme(
        of.version + (operation == "DraftScheme"), "2026-06-01"
    ),
    "input": lambda of, _: of.plan(),
    "rule": lambda of, _: rule(of),
    "key": lambda of, operation: f"{operation} {of.mark}",
    "idempotencyKey": lambda of, operation: f"{operation} {of.mark}",
    "search": lambda of, _: {"entity": of.customer},
    "afterCampaign": lambda _, __: None,
    "afterCustomer": lambda _, __: None,
    "afterScoring": lambda _, __: None,
    "revision": lambda _, __: 1,
    "asOf": lambda _, __: {"businessDate": "2026-03-08"},
    "basis": lambda _, __: "PURPOSE_ENDED",
    "before": lambda _, __: 1_000_001,
    "beforeFrom": lambda _, __: "2026-01",
    "beforeTo": lambda _, __: "2026-01",
    "beneath": lambda _, __: True,
    "channel": lambda _, __: "COUNTER",
    "depth": lambda _, __: 6,
    "field": lambda _, __: "PHONE",
    "first": lambda _, __: 20,
    "from": lambda _, __: "2026-02",
    "level": lambda _, __: "BRANCH",
    "limit": lambda _, __: "0.04",
    "line": lambda _, __: "DEPOSIT",
    "method": lambda _, __: "QUESTIONS",
    "month": lambda _, __: "2026-02",
    "movement": lambda _, __: None,
    "on": lambda _, __: "2026-03-08",
    "outcome": lambda _, __: "INTERESTED",
    "path": lambda _, __: "",
    "purpose": lambda _, __: "SERVICE",
    "reason": lambda _, __: "called back",
    "to": lambda _, __: "2026-03",
    "toleranceMinor": lambda _, __: 0,
}
"""What each variable of a document is given; a name that is not here fails the document."""


def given(text: str, operation: str, of: Named) -> dict:
    [declared] = [one for one in parse(text).definitions if one.kind == "operation_definition"]
    names = [one.variable.name.value for one in declared.variable_definitions or ()]
    return {name: GIVEN[name](of, operation) for name in names}


class Asked:
    """The router, asked as somebody of a bank who may do whatever anybody may."""

    def __init__(self, url, issuer) -> None:
        self.url, self.issuer = url, issuer
        self.client = httpx.Client(timeout=30)

    def ask(self, bank: Named, case: tuple[str, str, str], of: Named) -> tuple[int, str, str]:
        channel, operation, role = case
        token = self.issuer.token(
            "/".join(case), channel=channel, role=role, institution=bank.bank,
            customer_number=bank.a("0"),
        )  # fmt: skip
        headers = {"authorization": f"Bearer {token}"}
        text = TEXTS[channel, operation]
        body = {"query": text, "variables": given(text, operation, of)}
        if text.startswith("subscription"):
            headers["accept"] = "text/event-stream"
        with self.client.stream(
            "POST", f"{self.url}/graphql", json=body, headers=headers
        ) as answer:
            if text.startswith("subscription"):
                said = next(line for line in answer.iter_lines() if line.startswith("data: {"))
            else:
                said = answer.read().decode()
            return answer.status_code, answer.headers["content-type"], said


def anonymous(answer: tuple[int, str, str], of: Named) -> tuple[int, str, str]:
    """Put one word in the place of each that was sent, and of the trace."""
    status, kind, said = answer
    sent = [of.customer, of.offer, of.campaign, of.run, f"{of.version + 1}", f"{of.version}"]
    for word in sent:
        said = said.replace(word, "*")
    said = re.sub(r"\b[0-9a-f]{32}\b", "*", said)
    return status, kind, said.replace(of.mark, "*")


@pytest.fixture(scope="module")
def told(services, databases, callers, issuer, _start, tmp_path_factory):
    """Answers by case: to us about them, to us about nobody, and to them about themselves.

    And what there was of them before we asked, and afterwards.
    """
    folder = tmp_path_factory.mktemp("banks")
    router = _start(
        GATEWAY_SUPERGRAPH=GATEWAY / "supergraph.graphql",
        GATEWAY_DOCUMENTS=GATEWAY / "documents.json",
        GATEWAY_DRAIN_MS=0,
        **{f"GATEWAY_{name.upper()}_URL": url for name, url in services.items()},
    )
    asked = Asked(router.url, issuer)

    async def everything():
        async with connected(services, databases, callers) as made:
            ours, theirs = await opened(made, {OURS: 2, THEIRS: 3}, folder)
            before = await made.left(THEIRS.bank)
            foreign, unknown = {}, {}
            for kind in KINDS:
                for about, told in ((theirs, foreign), (NOBODY, unknown)):
                    told |= {case: asked.ask(ours, case, about) for case in CASES_OF[kind]}
            after = await made.left(THEIRS.bank)
            own = {
                case: asked.ask(theirs, case, theirs) for kind in KINDS for case in CASES_OF[kind]
            }
        return SimpleNamespace(
            theirs=theirs, foreign=foreign, unknown=unknown, own=own, before=before, after=after
        )

    with asked.client:
        yield asyncio.run(everything())
    router.stop()


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_what_is_theirs_is_answered_as_what_is_nobody_s(case, told):
    foreign, unknown = told.foreign[case], told.unknown[case]
    assert anonymous(foreign, told.theirs) == anonymous(unknown, NOBODY)


@pytest.mark.parametrize("case", CASES, ids="/".join)
def test_to_themselves_it_is_there(case, told):
    """Else nothing would be shown by the same answers: the ids are good, and there is something to tell."""
    own = told.own[case]
    assert own[0] == 200
    assert "INTERNAL" not in own[2]
    assert anonymous(own, told.theirs) != anonymous(told.foreign[case], told.theirs)


def test_nothing_that_was_asked_left_a_trace_in_their_records_or_their_audit(told):
    assert len(told.before) > 40
    assert told.after == told.before
