"""A household's or group's contribution is its members', each month of each counted once."""

import random
from calendar import monthrange
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.domain.account import CustomerId
from scoring.domain.group import Membership, months_by_customer_id
from scoring.domain.months import Period

from tests.scoring.conftest import group_id

PERIOD = 'from: "2024-01", to: "2024-03"'
TOTAL = f"contribution({PERIOD}) {{ total {{ amount }} months {{ total {{ amount }} }} }}"
ALWAYS = ("2020-01-01", None)
days = st.integers(0, 150).map(lambda n: date(2023, 12, 1) + timedelta(n))


def minor(found) -> int:
    return int(found["amount"].replace(".", ""))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), days, st.none() | days), max_size=12), days)
def test_a_month_counts_for_those_who_belong_on_its_last_day(times, business_date):
    told = [Membership(CustomerId(UUID(int=n)), since, until) for n, since, until in times]
    months = [date(2023, 12, 1), *(date(2024, n, 1) for n in range(1, 5))]
    found = months_by_customer_id(told, Period(months[0], months[-1]), business_date)
    for n in range(4):
        expected = set()
        for month in months:
            end = min(month.replace(day=monthrange(month.year, month.month)[1]), business_date)
            if month <= business_date and any(
                who == n and since <= end and (until is None or end < until)
                for who, since, until in times
            ):
                expected.add(month)
        assert found.get(CustomerId(UUID(int=n)), set()) == expected


@pytest.fixture
async def bank(bank, example_scheme):
    """Four customers with an account each, and one that `a` and `b` hold together."""
    await bank.ingest("scheme", example_scheme | {"joint_holders": "equal"})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(),
        *(bank.customer_news(one) for one in "abcd"),
        *(bank.account_news(f"{one}1", one) for one in "abcd"),
        bank.account_news("ab", "a", joint=["b"]),
    )
    for n, account in enumerate(("a1", "b1", "c1", "d1", "ab")):
        await bank.post(bank.posting(account, 1_234_567 * (n + 1), "2024-01-01"))
    return bank


async def of_customers(bank, who) -> int:
    found = [await bank.of_customer(one, TOTAL) for one in who]
    return sum(minor(one["contribution"]["total"]) for one in found)


async def of_group(bank, code) -> int:
    return minor((await bank.of_group(code, TOTAL))["contribution"]["total"])


@pytest.mark.anyio
async def test_a_joint_account_of_two_members_counts_once(bank):
    await bank.learn(bank.group_news("F", [("a", *ALWAYS), ("b", *ALWAYS)]))
    accounts = [await bank.of_account(one, TOTAL) for one in ("a1", "b1", "ab")]
    whole = sum(minor(one["contribution"]["total"]) for one in accounts)
    assert await of_group(bank, "F") == await of_customers(bank, "ab") == whole
    fields = f"contribution({PERIOD}) {{ lines {{ products {{ accounts {{ account {{ id }} amount {{ amount }} }} }} }} }}"
    [line, *_] = (await bank.of_group("F", fields))["contribution"]["lines"]
    assert len(line["products"][0]["accounts"]) == 3


@pytest.mark.anyio
async def test_a_tree_is_the_sum_of_its_distinct_members(bank):
    await bank.learn(
        bank.group_news("G", [("c", *ALWAYS)], kind="group"),
        bank.group_news("S", [("d", *ALWAYS), ("a", *ALWAYS)], kind="group", parent="G"),
        bank.group_news("F", [("a", *ALWAYS), ("b", *ALWAYS)], parent="S"),
    )
    assert await of_group(bank, "G") == await of_customers(bank, "abcd")
    assert await of_group(bank, "S") == await of_customers(bank, "dab")
    assert await of_group(bank, "F") == await of_customers(bank, "ab")


@pytest.mark.anyio
async def test_a_group_of_any_tree_counts_each_customer_under_it_once(bank):
    said = random.Random(7)
    of = {one: await of_customers(bank, one) for one in "abcd"}
    for tree in range(12):
        nodes = [f"{tree}-{n}" for n in range(said.randint(1, 6))]
        parents = {
            one: said.choice([None, *nodes[:n]] if n else [None]) for n, one in enumerate(nodes)
        }
        members = {one: said.sample("abcd", said.randint(0, 3)) for one in nodes}
        told = [
            bank.group_news(one, [(who, *ALWAYS) for who in members[one]], parent=parents[one])
            for one in nodes
        ]
        said.shuffle(told)
        await bank.learn(*told)
        under = {one: set(members[one]) for one in nodes}
        for one in reversed(nodes):
            if parents[one]:
                under[parents[one]] |= under[one]
        for one in nodes:
            total = await of_group(bank, one)
            assert total == sum(of[who] for who in under[one]), (parents, members, one)


@pytest.mark.anyio
async def test_who_moves_counts_for_one_household_in_each_month(bank):
    await bank.learn(
        bank.group_news("F", [("a", *ALWAYS), ("b", "2020-01-01", "2024-02-15")]),
        bank.group_news("H", [("c", *ALWAYS), ("b", "2024-02-15", None)]),
    )
    months = {
        one: [
            minor(m["total"])
            for m in (await bank.of_customer(one, TOTAL))["contribution"]["months"]
        ]
        for one in "abc"
    }
    found = {
        one: [
            minor(m["total"]) for m in (await bank.of_group(one, TOTAL))["contribution"]["months"]
        ]
        for one in "FH"
    }
    assert found["F"] == [months["a"][0] + months["b"][0], *months["a"][1:]]
    assert found["H"] == [months["c"][0], *(months["b"][n] + months["c"][n] for n in (1, 2))]


@pytest.mark.anyio
async def test_older_news_of_a_group_is_ignored_and_what_was_known_then_is_said_again(bank):
    await bank.learn(bank.group_news("F", [("a", *ALWAYS)], version=2))
    first = await of_group(bank, "F")
    [row] = await bank.sql("select clock_timestamp() as at")
    await bank.learn(bank.group_news("F", [("a", *ALWAYS), ("c", *ALWAYS)], version=3))
    await bank.learn(bank.group_news("F", [("d", *ALWAYS)], version=1))
    assert await of_group(bank, "F") == first + await of_customers(bank, "c")
    moment = f'asOf: {{knownAt: "{row.at.isoformat()}"}}'
    then = await bank.of_group("F", f"contribution({PERIOD}, {moment}) {{ total {{ amount }} }}")
    assert minor(then["contribution"]["total"]) == first


@pytest.mark.anyio
async def test_a_month_that_cannot_be_priced_is_refused_for_the_group_too(bank):
    await bank.learn(
        bank.account_news("odd", "a", product="odd_product"), bank.group_news("F", [("a", *ALWAYS)])
    )
    await bank.post(bank.posting("odd", 5, "2024-02-10"))
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on CustomerGroup {{ {TOTAL} }} }} }}"
    key = [{"__typename": "CustomerGroup", "id": str(group_id("F"))}]
    body = await bank.ask(document, r=key)
    assert body["data"] == {"_entities": [{"contribution": None}]}
    assert body["errors"][0]["extensions"] == {"code": "RATES_MISSING"}


@pytest.mark.anyio
async def test_who_may_not_see_it_sees_nothing_of_a_group(bank):
    await bank.learn(bank.group_news("F", [("a", *ALWAYS)]))
    key = [{"__typename": "CustomerGroup", "id": str(group_id("F"))}]
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on CustomerGroup {{ {TOTAL} }} }} }}"
    body = await bank.ask(document, scopes=("customer:read",), r=key)
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await bank.of_group("nobody", TOTAL) == {"contribution": None}
    bank.institution = "B"
    await bank.learn(bank.institution_news())
    assert (await bank.data(document, r=key))["_entities"] == [{"contribution": None}]


@pytest.mark.anyio
async def test_groups_of_many_cost_what_one_of_one_costs(bank, statements):
    await bank.learn(
        bank.group_news("F", [("a", *ALWAYS)]),
        bank.group_news("H", [(one, *ALWAYS) for one in "bcd"]),
    )
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on CustomerGroup {{ {TOTAL} }} }} }}"
    sent = {}
    for codes in ("F", "FH"):
        keys = [{"__typename": "CustomerGroup", "id": str(group_id(one))} for one in codes]
        await bank.data(document, r=keys)
        with statements() as found:
            await bank.data(document, r=keys)
        sent[codes] = len(found)
    assert sent["F"] == sent["FH"] <= 5
