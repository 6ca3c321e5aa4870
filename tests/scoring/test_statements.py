"""How many statements a question costs does not depend on how many customers it is about."""

import pytest

pytestmark = pytest.mark.anyio

PERIOD = 'from: "2024-01", to: "2024-03"'
CUSTOMER = f"""contribution({PERIOD}) {{ total {{ amount currency }} lines {{ line amount {{ amount }} }}
  months {{ month total {{ amount }} }} }} tier {{ code name since }}"""
ACCOUNT = f"balance {{ amount }} averageDailyBalance({PERIOD}) {{ amount }}"
BOTH = f"""query($r: [_Any!]!) {{ _entities(representations: $r) {{
  ... on Customer {{ {CUSTOMER} }} ... on Account {{ {ACCOUNT} }} }} }}"""


async def representations(bank, customers: int, each: int) -> list[dict]:
    news, found = [], []
    for n in range(customers):
        news.append(bank.customer_news(f"s{n}"))
        news.extend(bank.account_news(f"s{n}a{m}", f"s{n}") for m in range(each))
    await bank.learn(*news)
    for kind, table in (("Customer", "customer"), ("Account", "account")):
        rows = await bank.sql(f"select id from {table} where number like 's%'")
        found.extend({"__typename": kind, "id": str(row.id)} for row in rows)
    return found


@pytest.mark.parametrize(("customers", "each"), [(1, 1), (20, 5)])
async def test_the_whole_customer_view_costs_at_most_eight(ready, statements, customers, each):
    asked = await representations(ready, customers, each)
    await ready.post(*(ready.posting(f"s{n}a0", 100, "2024-02-10") for n in range(customers)))
    await ready.settle()
    await ready.data(BOTH, r=asked)
    with statements() as sent:
        data = await ready.data(BOTH, r=asked)
    assert len(data["_entities"]) == customers + customers * each
    assert all(one.get("contribution") or one.get("balance") for one in data["_entities"])
    assert len(sent) <= 8, sent


async def test_a_live_read_opens_one_transaction(ready, transactions):
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {CUSTOMER} }} }} }}"
    asked = [one for one in await representations(ready, 3, 2) if one["__typename"] == "Customer"]
    await ready.data(document, r=asked)
    with transactions() as began:
        data = await ready.data(document, r=asked)
    assert all(one["contribution"] for one in data["_entities"])
    assert len(began) == 1


async def test_reports_cost_what_they_cost(ready, statements):
    costs = {
        f"{{ bankContribution({PERIOD}) {{ customers }} }}": 6,
        f"{{ topCustomers({PERIOD}) {{ rank }} }}": 2,
        f"{{ concentration({PERIOD}) {{ customers }} }}": 2,
        "{ tiers { code } }": 2,
        "{ notComputed { code } }": 1,
        "{ nearThreshold(withinPpm: 9) { edges { node { code } } } }": 2,
    }
    await ready.data("{ tiers { code } }")
    for document, cost in costs.items():
        with statements() as sent:
            await ready.data(document)
        assert len(sent) == cost, document


@pytest.mark.parametrize("size", [1, 200])
async def test_a_batch_of_postings_costs_the_same_whatever_its_size(ready, statements, size):
    await ready.settle()
    with statements() as sent:
        await ready.post(*(ready.posting("d", 100, "2024-02-10") for _ in range(size)))
    assert len(sent) == 7, sent  # the last one puts it on record


@pytest.mark.parametrize("customers", [1, 99])
async def test_a_batch_worked_out_costs_the_same_whatever_its_size(ready, statements, customers):
    await representations(ready, customers, 2)
    with statements() as sent:
        assert await ready.settle() == customers + 1
    assert len(sent) <= 27, sent
