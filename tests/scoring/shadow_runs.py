"""Asking for shadow runs: the documents, and the steps of a draft that is simulated."""

from copy import deepcopy

import yaml
from scoring.operations import shadow

READ, WRITE, APPROVE = "scheme:read", "scheme:write", "scheme:approve"
DRAFT = 'mutation($content: String!) { it: draftScheme(document: $content, idempotencyKey: "d") { ... on SchemeVersion { revision } ... on Problem { code message } } }'
EDIT = 'mutation($content: String!) { it: editScheme(version: 2, revision: 1, document: $content, idempotencyKey: "e") { ... on SchemeVersion { revision state } ... on Problem { code } } }'
SIMULATE = "mutation($revision: Int!, $from: YearMonth, $to: YearMonth, $key: String!) { it: simulateScheme(version: 2, revision: $revision, from: $from, to: $to, idempotencyKey: $key) { ... on ShadowRun { id state from to done total } ... on Problem { code message } } }"
APPROVAL = 'mutation($revision: Int!) { it: approveScheme(version: 2, revision: $revision, idempotencyKey: "a") { ... on SchemeVersion { state approver } ... on Problem { code message } } }'
RUN = """query($id: UUID!) { shadowRun(id: $id) { state done total changed tiersUp tiersDown
  notComputedBefore notComputedAfter
  whole { customers changed gross { before { amount } after { amount } change { amount } }
    tiers { code before after } points { before after } pay { before { amount } after { amount } } } } }"""
CUSTOMERS = """query($id: UUID!, $first: Int!, $after: String, $manager: String, $branch: String, $movement: TierMovement) {
  shadowRun(id: $id) { customers(first: $first, after: $after, manager: $manager, branch: $branch, movement: $movement) {
    nodes { customer { id } manager branch gross { before { amount } after { amount } } movement
      tierBefore { code } tierAfter { code rule value { amount } threshold { amount } }
      failureBefore failureAfter
      rules { line rule entry amount { before { amount } after { amount } } inputs { name before after } } }
    pageInfo { hasNextPage endCursor } } } }"""
MANAGERS = """query($id: UUID!, $first: Int!, $after: String) { shadowRun(id: $id) { managers(first: $first, after: $after) {
    nodes { manager customers changed gross { change { amount } } tiers { code before after }
      pay { before { amount } after { amount } } } pageInfo { hasNextPage endCursor } } } }"""


def changed(example_scheme, **changes) -> dict:
    """The second version: SILVER takes 30.00, and card fees count for half."""
    document = deepcopy(example_scheme) | {"version": 2, "effective_from": "2024-04-01"}
    document["tiers"]["ladder"][1]["at_least_minor"] = 3_000
    document["fees"][0]["share_ppm"] = 500_000
    return document | changes


async def write(bank, document, mutation=DRAFT):
    bank.subject = "ann"
    content = yaml.safe_dump(document, sort_keys=False)
    return (await bank.data(mutation, scopes=(WRITE,), content=content))["it"]


async def simulate(bank, revision=1, key="s", **months):
    bank.subject = "ann"
    return (await bank.data(SIMULATE, scopes=(WRITE,), revision=revision, key=key, **months))["it"]


async def go_through(bank, batch=100) -> int:
    batches = 0
    while await shadow.advance(bank.db, bank.policies, batch):
        batches += 1
    return batches


async def run_of(bank, found):
    return (await bank.data(RUN, scopes=(READ,), id=found["id"]))["shadowRun"]


async def customers(bank, found, first=10, **wanted):
    data = await bank.data(
        CUSTOMERS, scopes=(READ, "contribution:read"), id=found["id"], first=first, **wanted
    )
    return data["shadowRun"]["customers"]


async def approve(bank, revision=1, by="bob"):
    bank.subject = by
    return (await bank.data(APPROVAL, scopes=(APPROVE,), revision=revision))["it"]
