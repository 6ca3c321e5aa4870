"""A union sees sums over each of its banks, and each bank finds in its audit that it did."""

import json

import pytest
from kit.db import Duty, act_for
from scoring.store.unions import members
from sqlalchemy import text

from tests.scoring.conftest import Bank

pytestmark = pytest.mark.anyio
ASK = """query($month: YearMonth!, $first: Int! = 20, $after: String) {
  unionContribution(month: $month, first: $first, after: $after) { institution cursor sums {
    customers waiting total { amount currency } gross { amount } net { amount } economic { amount }
    lines { line amount { amount } } tiers { code customers }
    topShares { share } gini smallestShareFor80 } } }"""
OWN = """{ bankContribution(from: "2024-02", to: "2024-02") { customers total { amount currency }
  net { amount } economic { amount } lines { line amount { amount } } }
  tiers { code customers } }"""
UNION = {"reach": "union", "role": "union", "sub": "u1"}
ENTRIES = "select subject, entities, body from audit_entry where body like '%unionContribution%' order by seq"


class Union:
    """Banks that share one database, and one that asks for the union of A, B and N."""

    def __init__(self, url, callers, folder, codes) -> None:
        made = {code: Bank(url, callers, folder / code, code) for code in codes}
        self.banks, self.caller = made, made["U"]

    async def ask(self, month="2024-02", **more) -> list:
        with self.caller.reaching(**UNION):
            asked = self.caller.data(ASK, scopes=("union:read",), month=month, **more)
            return (await asked)["unionContribution"]


async def filled(bank, customers, scheme, union) -> None:
    """Customers with a deposit each, growing; two of them paid for a card."""
    code = bank.institution
    await bank.ingest("scheme", scheme)
    await bank.rates("deposit_product", 5_000, 20_000)
    numbers = [f"{code}{n}" for n in range(customers)]
    await bank.learn(
        bank.institution_news(union=union),
        *(bank.customer_news(one) for one in numbers),
        *(bank.account_news(one, one) for one in numbers),
    )
    await bank.post(
        *(bank.posting(one, 1_000_000 * (n + 1), "2024-01-01") for n, one in enumerate(numbers)),
        *(
            bank.posting(one, -2_000, "2024-02-10", kind="fee", purpose="card")
            for one in numbers[:2]
        ),
    )


@pytest.fixture(scope="module")
async def union(templates, callers, tmp_path_factory, example_scheme):
    """A (12 customers) and B (9) say they are of U, N has said nothing else yet; C and X are not."""
    name, url = templates.clone("scoring")
    folder = tmp_path_factory.mktemp("union")
    codes = ("A", "B", "C", "N", "U", "X")
    for code in codes:
        (folder / code).mkdir()
    made = Union(url, callers, folder, codes)
    for code, customers, whose in (("A", 12, "U"), ("B", 9, "U"), ("C", 11, None), ("X", 11, "V")):
        await filled(made.banks[code], customers, example_scheme, whose)
    await made.banks["N"].learn(made.banks["N"].institution_news(union="U"))
    await made.caller.settle()
    yield made
    for bank in made.banks.values():
        await bank.close()
    templates.drop(name)


async def test_each_member_has_its_own_sums_and_nothing_is_told_of_a_bank_of_few(union):
    found = await union.ask()
    assert [one["institution"] for one in found] == ["A", "B", "N"]
    [large, small, new] = [one["sums"] for one in found]
    own = await union.banks["A"].data(OWN)
    bank = own["bankContribution"]
    assert large["customers"] == bank["customers"] == 12
    assert large["total"] == bank["total"]
    assert large["gross"]["amount"] == bank["total"]["amount"]
    assert [large[view] for view in ("net", "economic")] == [bank["net"], bank["economic"]]
    told = {one["line"]: one["amount"] for one in large["lines"]}
    assert len(told) == 9
    kept = {line for line, amount in told.items() if amount is None}
    assert "INTERMEDIARY" in kept  # two customers paid for a card
    assert kept & {"DEPOSIT", "COST_TO_SERVE"}  # or the whole less the others would tell it
    assert {line: amount for line, amount in told.items() if amount} == {
        one["line"]: one["amount"] for one in bank["lines"] if one["line"] not in kept
    }
    assert large["gini"] is not None
    assert large["waiting"] is False
    assert {one["share"] for one in large["topShares"]} == {None}
    assert sum(one["customers"] for one in own["tiers"]) == 12
    assert small["customers"] is None
    shown = [one["amount"] for one in small["lines"]] + [one["customers"] for one in small["tiers"]]
    views = [small[view] for view in ("total", "gross", "net", "economic", "gini")]
    assert {json.dumps(one) for one in [*views, *shown]} <= {"null", '{"amount": "0.00"}'}
    assert views == [None] * 5
    assert new is None


async def test_members_come_in_pages_and_a_month_that_has_not_ended_has_no_sums(union):
    [first] = await union.ask(first=1)
    assert [one["institution"] for one in await union.ask(after=first["cursor"])] == ["B", "N"]
    for month in ("2024-03", "2024-04", "2019-01"):
        assert [one["sums"] for one in await union.ask(month)] == [None] * 3
    with union.caller.reaching(**UNION):
        refused = await union.caller.ask(ASK, scopes=("union:read",), month="2024-02", first=21)
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_whoever_is_of_no_member_or_of_the_bank_itself_is_told_nothing(union):
    for code in ("C", "A"):
        with union.banks[code].reaching(**UNION):
            answer = await union.banks[code].data(ASK, scopes=("union:read",), month="2024-02")
        assert answer == {"unionContribution": []}
    for reach, scopes in (("institution", ("union:read",)), ("union", ("contribution:read",))):
        with union.caller.reaching(reach, branch_codes=["01"]):
            answer = await union.caller.ask(ASK, scopes=scopes, month="2024-02")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_every_member_finds_on_record_that_its_union_read_its_sums(union):
    before = {code: len(await bank.sql(ENTRIES)) for code, bank in union.banks.items()}
    await union.ask()
    for code, bank in union.banks.items():
        entries = await bank.sql(ENTRIES)
        assert len(entries) - before[code] == (1 if code in {"A", "B", "N"} else 0), code
        if code in {"A", "B", "N"}:
            told = json.loads(entries[-1].body)
            assert (entries[-1].subject, entries[-1].entities) == ("u1", ["U"])
            assert (told["role"], told["kind"]) == ("union", "read")
            assert told["reason"] == "sums of 2024-02 for the union U"


async def test_the_union_itself_sees_no_row_of_its_members_but_that_they_are_members(union):
    db = union.caller.db
    tables = ("customer", "customer_month", "institution", "tier_period", "union_member", "scheme")

    async def seen(session) -> dict[str, int]:
        connection = await session.connection()
        counted = {one: text(f"select count(*) from {one}") for one in tables}
        found = {one: (await connection.execute(sql)).scalar() for one, sql in counted.items()}
        return {table: count for table, count in found.items() if count}

    for tenant in ("U", Duty.UNION):
        async with db.read(tenant) as session:
            assert await seen(session) == {}
    async with db.read(Duty.UNION) as session:
        await act_for(session, "U")
        assert await seen(session) == {"union_member": 3}
    async with db.read("A") as session:
        assert (await seen(session))["union_member"] == 1
    assert await members(db, "V", "", 20) == ["X"]
    async with db.transaction(Duty.UNION) as session:
        await act_for(session, "U")
        moved = text("update union_member set union_code = 'V'")
        assert (await (await session.connection()).execute(moved)).rowcount == 0


async def test_a_member_costs_the_same_statements_however_many_customers_it_has(union, statements):
    with statements() as sent:
        await union.ask(first=1)
    one = len(sent)
    with statements() as sent:
        await union.ask(first=2)
    assert len(sent) - one == one - 2  # the look for members: whose, and which
    assert one <= 14, sent


async def test_who_leaves_the_union_is_seen_no_more_and_old_news_changes_nothing(union):
    bank = union.banks["N"]
    await bank.learn(bank.institution_news(version=3), bank.institution_news(version=2, union="U"))
    assert [one["institution"] for one in await union.ask()] == ["A", "B"]
    await bank.learn(bank.institution_news(version=4, union="U"))
    assert [one["institution"] for one in await union.ask()] == ["A", "B", "N"]
