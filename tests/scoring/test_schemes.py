"""Schemes over GraphQL: drafted, edited, read and withdrawn; each refusal by its code."""

from copy import deepcopy

import pytest
import yaml

pytestmark = pytest.mark.anyio
READ, WRITE, APPROVE = "scheme:read", "scheme:write", "scheme:approve"
SHOWN = """... on SchemeVersion { version name state revision effectiveFrom until author writers
  approver history { number act revision by } }
  ... on Problem { code message } ... on SchemeInvalid { findings { path reason } }"""
DRAFT = f"mutation($content: String!, $key: String!) {{ it: draftScheme(document: $content, idempotencyKey: $key) {{ {SHOWN} }} }}"
EDIT = f"mutation($version: Int!, $revision: Int!, $content: String!, $key: String!) {{ it: editScheme(version: $version, revision: $revision, document: $content, idempotencyKey: $key) {{ {SHOWN} }} }}"
APPROVAL = f"mutation($version: Int!, $revision: Int!, $key: String!) {{ it: approveScheme(version: $version, revision: $revision, idempotencyKey: $key) {{ {SHOWN} }} }}"
WITHDRAW = f"mutation($version: Int!, $key: String!) {{ it: withdrawScheme(version: $version, idempotencyKey: $key) {{ {SHOWN.split('... on SchemeInvalid', maxsplit=1)[0]} }} }}"


def second(example_scheme, **changes) -> str:
    document = deepcopy(example_scheme) | {"version": 2, "effective_from": "2024-04-01"} | changes
    return "# what changes in April\n" + yaml.safe_dump(document, sort_keys=False)


async def step(bank, document, *scopes, by="ann", key="k", **variables) -> dict:
    bank.subject = by
    return (await bank.data(document, scopes=scopes, key=key, **variables))["it"]


async def draft(bank, text, **more) -> dict:
    return await step(bank, DRAFT, WRITE, content=text, **more)


async def read(bank, fields, version=2) -> dict:
    found = await bank.data(
        f"query($v: Int!) {{ scheme(version: $v) {{ {fields} }} }}", scopes=(READ,), v=version
    )
    return found["scheme"]


async def test_a_draft_prices_nothing_and_is_shown_as_it_was_written(ready, example_scheme):
    await ready.settle()
    text = second(example_scheme)
    assert await draft(ready, text) == {
        "version": 2, "name": example_scheme["name"], "state": "DRAFT", "revision": 1,
        "effectiveFrom": "2024-04", "until": None, "author": "ann", "writers": ["ann"],
        "approver": None,
        "history": [{"number": 1, "act": "DRAFTED", "revision": 1, "by": "ann"}],
    }  # fmt: skip
    found = await read(ready, "document json")
    assert found["document"] == text
    assert yaml.safe_load(found["json"]) == yaml.safe_load(text)
    assert len(await ready.sql("select 1 from scheme")) == 1
    assert await ready.sql("select 1 from institution where recalculate_from is not null") == []


async def test_an_edit_makes_another_revision_and_both_are_kept(ready, example_scheme):
    await draft(ready, second(example_scheme))
    text = second(example_scheme, name="Better")
    found = await step(ready, EDIT, WRITE, by="eve", key="k2", version=2, revision=1, content=text)
    assert (found["revision"], found["name"], found["writers"]) == (2, "Better", ["ann", "eve"])
    assert [(one["act"], one["by"]) for one in found["history"]] == [
        ("EDITED", "eve"),
        ("DRAFTED", "ann"),
    ]
    kept = await ready.sql(
        "select document ->> 'name' as name from scheme_step where version = 2 order by number"
    )
    assert [row.name for row in kept] == [example_scheme["name"], "Better"]


async def test_a_wrong_document_is_refused_with_every_finding_and_nothing_is_stored(
    ready, example_scheme
):
    text = second(example_scheme, currency="yuan", tiers={"window_months": 0, "ladder": []})
    found = await draft(ready, text)
    assert found["code"] == "SCHEME_INVALID"
    assert found["findings"] == [
        {"path": "currency", "reason": "must be a text of 1 to 3 characters"},
        {"path": "tiers.window_months", "reason": "must be from 1 to 24"},
        {"path": "tiers.ladder", "reason": "needs at least one step"},
    ]
    assert len(await ready.sql("select 1 from scheme_version")) == 1
    assert len(await ready.sql("select 1 from scheme_step")) == 1


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("name: [", "line 1", "is not YAML: "),
        ("a: 1\nb: 2\na: 3", "line 3", "is not YAML: 'a' comes twice"),
        ("a: &x 1\nb: *x", "line 2", "aliases are not read"),
        ("no: 1", "line 1", "is not YAML: 'no' is no name; put it in quotes"),
        ("- name", "", "must be a mapping"),
        ("", "", "must be a mapping"),
        ("x" * 200_001, "", "must have at most 200000 characters"),
        ("name: \x07", "", "is not YAML: ReaderError"),
        ("[" * 5_000, "", "is not YAML: RecursionError"),
        ("at: 2024-13-45", "", "is not YAML: ValueError"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_text_that_is_no_document_is_refused_by_its_line(ready, text, path, reason):
    found = await draft(ready, text)
    assert found["code"] == "SCHEME_INVALID"
    assert found["findings"][0]["path"] == path
    assert found["findings"][0]["reason"].startswith(reason)


async def test_a_version_and_a_first_month_are_taken_once(ready, example_scheme):
    taken = await draft(ready, second(example_scheme, effective_from="2024-01-01"), key="k0")
    assert (taken["code"], taken["message"][:16]) == ("SCHEME_CONFLICT", "effective_from: ")
    await draft(ready, second(example_scheme))
    again = await draft(ready, second(example_scheme, name="Other"), key="k2")
    assert again["code"] == "SCHEME_CONFLICT"
    other = await step(
        ready,
        EDIT,
        WRITE,
        key="k3",
        version=2,
        revision=1,
        content=second(example_scheme, version=3),
    )
    assert other["findings"] == [
        {"path": "version", "reason": "must stay 2; another one is a new draft"}
    ]


async def test_what_was_not_simulated_is_not_approved_and_prices_nothing(ready, example_scheme):
    await draft(ready, second(example_scheme))
    found = await step(ready, APPROVAL, APPROVE, by="bob", key="k2", version=2, revision=1)
    assert found["code"] == "NOT_SIMULATED"
    assert (await read(ready, "state"))["state"] == "DRAFT"
    assert len(await ready.sql("select 1 from scheme")) == 1


async def test_the_same_key_has_one_effect_and_one_answer(ready, example_scheme):
    text = second(example_scheme)
    first = await draft(ready, text)
    assert await draft(ready, text) == first
    assert (await draft(ready, text + "\n"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert len(await ready.sql("select 1 from scheme_step where version = 2")) == 1


async def test_a_withdrawn_draft_stays_to_be_read_and_is_over(ready, example_scheme):
    await draft(ready, second(example_scheme))
    found = await step(ready, WITHDRAW, WRITE, key="k2", version=2)
    assert (found["state"], found["history"][0]["act"]) == ("WITHDRAWN", "WITHDRAWN")
    over = await step(
        ready, EDIT, WRITE, key="k3", version=2, revision=1, content=second(example_scheme)
    )
    assert over["code"] == "NOT_DRAFT"
    for version, code in ((1, "SCHEME_IN_FORCE"), (9, "SCHEME_NOT_FOUND")):
        found = await step(ready, WITHDRAW, WRITE, APPROVE, key=f"w{version}", version=version)
        assert found["code"] == code


async def test_versions_are_listed_highest_first_in_pages(ready, example_scheme):
    for number in (2, 3, 4):
        await draft(ready, second(example_scheme, version=number), key=f"k{number}")
    document = "query($first: Int!, $before: Int!) { schemes(first: $first, before: $before) { nodes { version state } hasNextPage } }"
    page = (await ready.data(document, scopes=(READ,), first=3, before=99))["schemes"]
    assert ([one["version"] for one in page["nodes"]], page["hasNextPage"]) == ([4, 3, 2], True)
    page = (await ready.data(document, scopes=(READ,), first=3, before=2))["schemes"]
    assert page == {"nodes": [{"version": 1, "state": "IN_FORCE"}], "hasNextPage": False}
    refused = await ready.ask(document, scopes=(READ,), first=101, before=99)
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_what_differs_from_another_version_is_shown_by_path(ready, example_scheme):
    changed = deepcopy(example_scheme)
    changed["fees"][2]["share_ppm"] = 900_000
    await draft(ready, second(changed))
    found = await read(
        ready, "diff(against: 1) { path before after } none: diff(against: 7) { path }"
    )
    assert found["none"] is None
    assert found["diff"] == [
        {"path": "effective_from", "before": "2024-01-01", "after": "2024-04-01"},
        {"path": "fees.2.share_ppm", "before": "1000000", "after": "900000"},
        {"path": "version", "before": "1", "after": "2"},
    ]


async def test_a_page_of_versions_with_histories_costs_a_fixed_number_of_statements(
    ready, example_scheme, statements
):
    for number in range(2, 8):
        await draft(ready, second(example_scheme, version=number), key=f"k{number}")
    document = "{ schemes { nodes { version until history { act } diff(against: 1) { path } } } }"
    await ready.data(document, scopes=(READ,))
    with statements() as sent:
        await ready.data(document, scopes=(READ,))
    assert len([one for one in sent if "select" in one]) == 5


@pytest.mark.parametrize(
    ("document", "variables", "scope"),
    [
        ("{ schemes { hasNextPage } }", {}, READ),
        ("{ scheme(version: 1) { name } }", {}, READ),
        (DRAFT, {"content": "name: x", "key": "k"}, WRITE),
        (EDIT, {"version": 1, "revision": 1, "content": "name: x", "key": "k"}, WRITE),
        (APPROVAL, {"version": 1, "revision": 1, "key": "k"}, APPROVE),
        (WITHDRAW, {"version": 1, "key": "k"}, APPROVE),
    ],
    ids=["schemes", "scheme", "draft", "edit", "approve", "withdraw"],
)
async def test_each_entry_needs_its_scope(ready, document, variables, scope):
    others = {READ, WRITE, APPROVE, "contribution:read", "ingest:write"} - {scope}
    if document == WITHDRAW:
        others -= {WRITE}
    answer = await ready.ask(document, scopes=tuple(others), **variables)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert scope in answer["errors"][0]["message"]
    assert len(await ready.sql("select 1 from scheme_step")) == 1


async def test_another_institutions_schemes_are_out_of_reach(ready, example_scheme):
    await draft(ready, second(example_scheme))
    ready.institution = "B"
    assert await read(ready, "name") is None
    assert (await ready.data("{ schemes { nodes { version } } }", scopes=(READ,)))["schemes"][
        "nodes"
    ] == []
    found = await step(ready, WITHDRAW, WRITE, key="b", version=2)
    assert found["code"] == "SCHEME_NOT_FOUND"
