"""How many kinds of business customers do at once, counted of open accounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.cross_holding import Alike, CrossHolding, held

pytestmark = pytest.mark.anyio

ALIKE = st.builds(Alike, st.integers(1, 9), st.integers(1, 6), st.integers(1, 1_000))


@given(st.lists(ALIKE), st.integers(0, 1_000))
def test_every_customer_is_counted_once_by_products_and_once_by_lines(holders, nothing):
    many = sum(one.customers for one in holders)
    found = CrossHolding.of(many + nothing, holders)
    assert sum(found.products.values()) == sum(found.lines.values()) == found.customers
    assert found.holders == many
    assert held(found.products) == sum(one.products * one.customers for one in holders)
    assert list(found.products) == sorted(found.products)


ASKED = """day customers holders productsPerCustomer linesPerCustomer
  products { held customers share } lines { held customers }"""


@pytest.fixture
async def holding(branched):
    """c has two deposits of one product, a loan and a closed fund; q a loan beside a deposit."""
    await branched.learn(
        branched.account_news("d2", "c"),
        branched.account_news("lc", "c", line="loan"),
        branched.account_news("fc", "c", line="intermediary", closed_on="2024-03-20"),
        branched.account_news("lq", "q", line="loan", opened_on="2024-02-10"),
        branched.account_news("j", "p", line="settlement", joint=["c"]),
    )
    return branched


async def cross(bank, arguments=""):
    return (await bank.data(f"{{ crossHolding{arguments} {{ {ASKED} }} }}"))["crossHolding"]


async def test_different_products_are_counted_of_accounts_that_are_open(holding):
    assert await cross(holding) == {
        "day": "2024-03-20", "customers": 4, "holders": 3,
        "productsPerCustomer": "1.500000", "linesPerCustomer": "1.500000",
        "products": [
            {"held": 0, "customers": 1, "share": "0.250000"},
            {"held": 2, "customers": 3, "share": "0.750000"},
        ],
        "lines": [{"held": 0, "customers": 1}, {"held": 2, "customers": 3}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ('(on: "2024-03-19")', [(0, 1), (2, 2), (3, 1)]),
        ('(on: "2024-02-09")', [(0, 1), (1, 1), (2, 1), (3, 1)]),
        ('(branch: "0101")', [(2, 1)]),
        ('(branch: "01", beneath: false)', [(2, 2)]),
        ('(manager: "M1")', [(2, 2)]),
        ('(branch: "02")', [(0, 1)]),
        ('(branch: "nowhere")', []),
    ],
)
async def test_of_whom_and_when_is_asked_for(holding, arguments, steps):
    found = await cross(holding, arguments)
    assert [(one["held"], one["customers"]) for one in found["products"]] == steps


async def test_without_customers_there_is_no_mean(holding):
    found = await cross(holding, '(branch: "nowhere")')
    assert (found["productsPerCustomer"], found["linesPerCustomer"]) == (None, None)


async def test_a_day_to_come_is_refused(holding):
    [error] = (await holding.ask('{ crossHolding(on: "2024-03-21") { day } }'))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "PERIOD_INVALID", "2024-03-21 is after the business date 2024-03-20.",
    )  # fmt: skip


async def test_it_costs_two_statements_and_needs_the_scope(holding, statements):
    await cross(holding)
    with statements() as sent:
        await cross(holding)
    assert len(sent) == 2, sent
    [error] = (await holding.ask("{ crossHolding { day } }", scopes=()))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
