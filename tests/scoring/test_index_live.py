"""Points and the index as the service shows them, and what asking costs."""

import pytest

pytestmark = pytest.mark.anyio

INDEX = {
    "weights": {"profit": 500_000, "spread": 200_000, "money": 200_000, "use": 100_000},
    "measures": {
        "profit": {"of": "gross", "normalise": "percentile"},
        "spread": {"of": "deposit", "normalise": "min_max"},
        "money": {"of": "average_balance", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 14_400_000},
        "use": {"of": "points", "normalise": "cap_floor", "floor_minor": 0, "cap_minor": 1_000},
    },
}  # fmt: skip
POINTS = {"per_10000": {"deposit_product": 135}, "pay_per_point_minor": 7}
FIELD = """index(month: "2024-01") { month score
  parts { name of normalise value weight score rank among } }"""


@pytest.fixture
async def four(bank, example_scheme):
    """Customers `c0` to `c3`, who leave 0, 36,000, 36,000 and 72,000 yuan; `c0` has no account."""
    await bank.ingest("scheme", example_scheme | {"index": INDEX, "points": POINTS})
    await bank.rates("deposit_product", 5_000, 20_000)
    await bank.learn(
        bank.institution_news(),
        *(bank.customer_news(f"c{n}") for n in range(4)),
        *(bank.account_news(f"d{n}", f"c{n}") for n in range(1, 4)),
    )
    await bank.post(
        *(
            bank.posting(f"d{n}", amount, "2024-01-01")
            for n, amount in ((1, 3_600_000), (2, 3_600_000), (3, 7_200_000))
        )
    )
    await bank.settle()
    return bank


async def test_an_index_tells_each_part_with_its_value_and_place(four):
    found = (await four.of_customer("c2", FIELD))["index"]
    assert found == {
        "month": "2024-01",
        "score": "44.86000",
        "parts": [
            {"name": "money", "of": "average_balance", "normalise": "cap_floor", "value": "36000.00",
             "weight": "0.200000", "score": "25.00000", "rank": None, "among": None},
            {"name": "profit", "of": "gross", "normalise": "percentile", "value": "45.50",
             "weight": "0.500000", "score": "50.00000", "rank": 2, "among": 4},
            {"name": "spread", "of": "deposit", "normalise": "min_max", "value": "46.50",
             "weight": "0.200000", "score": "50.00000", "rank": 2, "among": 4},
            {"name": "use", "of": "points", "normalise": "cap_floor", "value": "486",
             "weight": "0.100000", "score": "48.60000", "rank": None, "among": None},
        ],
    }  # fmt: skip
    best = (await four.of_customer("c3", FIELD))["index"]
    assert [(p["score"], p["rank"]) for p in best["parts"]] == [
        ("50.00000", None), ("87.50000", 1), ("100.00000", 1), ("97.20000", None),
    ]  # fmt: skip


async def test_there_is_no_index_of_nothing(four, example_scheme):
    assert await four.of_customer("c0", FIELD) == {"index": None}
    assert await four.of_customer("nobody", FIELD) == {"index": None}
    assert await four.of_customer("c1", 'index(month: "2024-04") { score }') == {"index": None}


async def test_points_are_told_by_month_account_and_entry(four):
    field = """points(from: "2024-01", to: "2024-02") { points pay { amount } months { month points
      entries { entry points account { id } inputs { name value } } } }"""
    found = (await four.of_customer("c3", field))["points"]
    assert (found["points"], found["pay"]) == ("1944", {"amount": "136.08"})
    assert [(m["month"], m["points"]) for m in found["months"]] == [
        ("2024-01", "972"), ("2024-02", "972"),
    ]  # fmt: skip
    [entry] = found["months"][0]["entries"]
    assert entry["entry"] == "points.per_10000.deposit_product"
    assert entry["inputs"] == [
        {"name": "balance_days", "value": "223200000"},
        {"name": "days", "value": "31"},
        {"name": "points", "value": "135"},
    ]
    nothing = (await four.of_customer("c0", field))["points"]
    assert (nothing["points"], nothing["pay"]) == ("0", None)


async def test_many_indexes_cost_the_statements_of_one(four, statements):
    rows = await four.sql("select id from customer order by number")
    document = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Customer {{ {FIELD} }} }} }}"
    costs = []
    await four.of_customer("c1", FIELD)
    for asked in (rows[1:2], rows[1:]):
        with statements() as sent:
            data = await four.data(
                document, r=[{"__typename": "Customer", "id": str(one.id)} for one in asked]
            )
        assert all(one["index"] for one in data["_entities"])
        costs.append(len(sent))
    assert costs[0] == costs[1] == 6, costs


async def test_another_institution_does_not_count(four):
    four.institution = "B"
    assert await four.of_customer("c1", FIELD) == {"index": None}
