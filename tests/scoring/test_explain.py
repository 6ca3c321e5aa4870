"""A client walks the explanation from the total down to the postings, a level or a page at a time."""

from datetime import UTC
from pathlib import Path

import pytest
from scoring.operations.archiving import Keeping, archive_closed

pytestmark = pytest.mark.anyio

GOLDEN = Path(__file__).with_name("explained.txt")
SPAN = 'from: "2024-02", to: "2024-03"'
NODE = "path kind label amount { value unit } formula"
PAGE = f"totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} nodes {{ {NODE} }}"


def explain(path="", fields="children { PAGE }", more="") -> str:
    inside = fields.replace("PAGE", PAGE)
    return (
        f'explain({SPAN}, path: "{path}" {more}) {{ {NODE} inputs {{ name value unit }} {inside} }}'
    )


async def ask(bank, *args, **kwargs):
    return (await bank.of_customer("c", explain(*args, **kwargs)))["explain"]


@pytest.fixture
async def active(ready):
    """A customer with a deposit that is used, and a loan that follows its terms."""
    await ready.learn(ready.account_news("l", "c", line="loan", opened_on="2024-02-15"))
    await ready.ingest(
        "loans",
        {"account_number": "l", "principal_minor": "12000000", "granted_on": "2024-02-15",
         "term_months": "12", "instalment_minor": "1000000", "grade": "normal",
         "balance_basis": "schedule"},
    )  # fmt: skip
    await ready.post(
        ready.posting("d", 3_600_000, "2024-01-20", kind="cash_deposit", channel="counter"),
        ready.posting("d", -500, "2024-02-09", kind="fee", channel="online", purpose="card"),
        ready.posting("d", -700_000, "2024-02-11", kind="transfer_out", channel="online"),
        ready.posting("d", -500, "2024-03-09", kind="fee", channel="online", purpose="card"),
    )
    return ready


async def tree(bank, path="", level=0) -> list[str]:
    """The whole tree as text, by asking for the children of each node."""
    node = await ask(bank, path, "children(first: 100) { PAGE }")
    shown = f"{node['amount']['value']} {node['amount']['unit']}"
    lines = [f"{'  ' * level}{node['label']}: {shown} <- {node['formula']}"]
    for child in node["children"]["nodes"]:
        if child["amount"]["value"].strip("-0.") or child["kind"] == "OPENING":
            lines += await tree(bank, child["path"], level + 1)
    return lines


async def test_a_real_tree_reads_like_this(active):
    found = "\n".join(await tree(active)) + "\n"
    print(found)
    assert found == GOLDEN.read_text()


def test_the_tree_in_the_documentation_is_this_one():
    page = (Path(__file__).parents[2] / "docs/explain-and-as-of.md").read_text()
    shown = page.split("```")[1].strip("\n")
    assert len(shown.splitlines()) > 10
    assert GOLDEN.read_text().startswith(f"{shown}\n")


async def test_the_whole_tree_comes_in_one_go_and_is_the_contribution(active):
    root = await ask(active, "", "descendants(first: 1000) { PAGE }")
    total = f"contribution({SPAN}) {{ economic {{ amount }} gross {{ amount }} }}"
    contribution = (await active.of_customer("c", total))["contribution"]
    nodes = root["descendants"]["nodes"]
    assert root["amount"] == {"value": contribution["economic"]["amount"], "unit": "CNY"}
    assert nodes[0]["path"] == "gross"
    assert nodes[0]["amount"]["value"] == contribution["gross"]["amount"]
    assert root["descendants"]["totalCount"] == len(nodes)
    assert {one["kind"] for one in nodes} == {
        "VIEW", "LINE", "PRODUCT", "ACCOUNT", "RULE", "MONTH",
    }  # fmt: skip
    top = await ask(active, "", "descendants(depth: 2, first: 1000) { PAGE }")
    assert {one["kind"] for one in top["descendants"]["nodes"]} == {"VIEW", "LINE"}


async def test_children_come_in_pages(active):
    whole = (await ask(active, "gross"))["children"]
    paths = [one["path"] for one in whole["nodes"]]
    assert (whole["totalCount"], whole["pageInfo"]["hasNextPage"]) == (7, False)
    walked, after = [], ""
    while True:
        page = (await ask(active, "gross", f"children(first: 3{after}) {{ PAGE }}"))["children"]
        walked += [one["path"] for one in page["nodes"]]
        assert page["pageInfo"]["hasPreviousPage"] is bool(after)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert walked == paths


@pytest.mark.parametrize("path", ["none", "gross/none", "gross//deposit", "/", "gross/deposit/x/y"])
async def test_a_path_that_leads_nowhere_is_null(active, path):
    assert await ask(active, path) is None


async def test_below_a_rules_month_a_wrong_path_is_null_too(active):
    nodes = (await ask(active, "", "descendants { PAGE }"))["descendants"]["nodes"]
    month = next(one["path"] for one in nodes if one["kind"] == "MONTH")
    assert (await ask(active, month))["kind"] == "MONTH"
    assert await ask(active, f"{month}/basis") is None
    assert await ask(active, f"{month}/balance_days/none") is None


@pytest.mark.parametrize(
    "fields", ["children(first: 101) { PAGE }", "descendants(first: 1001) { PAGE }",
               "children(first: 0) { PAGE }", 'children(after: "x") { PAGE }'],
)  # fmt: skip
async def test_a_page_that_cannot_be_is_refused(active, fields):
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {explain('', fields)} }} }} }}"
    key = (await active.sql("select id from customer"))[0].id
    body = await active.ask(document, r=[{"__typename": "Customer", "id": str(key)}])
    assert body["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_it_explains_what_would_have_been_said_before(active):
    [row] = await active.sql("select clock_timestamp() as at")
    then = f', asOf: {{knownAt: "{row.at.astimezone(UTC).isoformat()}"}}'
    nodes = (await ask(active, "", "descendants { PAGE }"))["descendants"]["nodes"]
    month = next(one["path"] for one in nodes if one["kind"] == "MONTH")
    days = await ask(active, f"{month}/balance_days")
    late = active.posting("d", 9_000, "2024-02-02", booked_at="2024-03-20T10:00:00Z")
    early = active.posting("d", 9_000, "2024-01-31", booked_at="2024-03-20T10:00:00Z")
    await active.post(late, early)
    assert await ask(active, f"{month}/balance_days", more=then) == days
    now = await ask(active, f"{month}/balance_days")
    parts = {
        one["path"].rpartition("/")[2]: one["amount"]["value"] for one in now["children"]["nodes"]
    }
    assert parts[late["id"]] == "2520.00"
    assert parts["opening"] == f"{36_000 * 29 + 90 * 29}.00"


async def test_postings_in_files_are_explained_like_rows(active):
    nodes = (await ask(active, "", "descendants { PAGE }"))["descendants"]["nodes"]
    months = [one["path"] for one in nodes if one["kind"] == "MONTH"]
    [row] = await active.sql("select clock_timestamp() as at")
    then = f', asOf: {{knownAt: "{row.at.astimezone(UTC).isoformat()}"}}'
    before = [await ask(active, f"{path}/balance_days") for path in months]
    assert any(before)
    await active.post(active.posting("d", 11, "2024-02-03"))
    keeping = Keeping(active.db, active.archive, 1)
    assert await archive_closed(keeping, at=active.now, everything=True) == 4
    assert [await ask(active, f"{path}/balance_days", more=then) for path in months] == before
    after = [await ask(active, f"{path}/balance_days") for path in months]
    changed = [one for one, was in zip(after, before, strict=True) if one != was]
    assert [one["path"].split("/")[-2] for one in changed] == ["2024-02", "2024-03"]
    assert changed[0]["children"]["totalCount"] == 4


async def test_a_step_down_costs_the_same_however_many_postings_there_are(active, statements):
    nodes = (await ask(active, "", "descendants { PAGE }"))["descendants"]["nodes"]
    month = next(one["path"] for one in nodes if one["kind"] == "MONTH")
    await active.post(*(active.posting("d", 5, "2024-02-02") for _ in range(120)))
    with statements() as sent:
        found = await ask(active, f"{month}/balance_days", "children(first: 100) { PAGE }")
    assert found["children"]["totalCount"] == 123
    assert len(sent) == 6, sent


async def test_whom_scoring_does_not_know_is_null(active):
    assert await active.of_customer("nobody", explain()) == {"explain": None}
