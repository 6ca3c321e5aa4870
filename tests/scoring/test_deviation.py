"""The deposit deviation: (last day - mean) / mean, exactly, of whomever is asked for."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.domain.balance import daily
from scoring.domain.month_end import Deviation, days_come

pytestmark = pytest.mark.anyio

MONTHS = 'from: "2024-01", to: "2024-04"'


def test_4_percent_itself_is_not_over_the_limit():
    held = Deviation(780_000, 749_000 * 30 + 780_000, 31)
    assert (held.average_minor, held.ppm, held.over(40_000)) == (750_000, 40_000, False)
    assert Deviation(780_001, 749_000 * 30 + 780_001, 31).over(40_000)


def test_without_a_positive_mean_there_is_no_deviation():
    assert Deviation(5, 0, 30).ppm is None
    assert not Deviation(5, -30, 30).over(0)
    assert Deviation(-30, 30, 30).ppm == -31_000_000


@given(st.lists(st.integers(-(10**9), 10**9), min_size=31, max_size=31))
def test_the_deviation_is_that_of_the_days_one_by_one(moves):
    first = date(2024, 1, 1)
    balances = daily(
        0, [(first.replace(day=n), m) for n, m in enumerate(moves, 1)], first, date(2024, 1, 31)
    )
    held = Deviation(balances[-1], sum(balances), 31)
    mean = Fraction(sum(balances), 31)
    if mean > 0:
        exact = (balances[-1] - mean) / mean * 1_000_000
        assert abs(exact - held.ppm) <= Fraction(1, 2)
        assert held.over(40_000) == (exact > 40_000)
    else:
        assert (held.ppm, held.over(0)) == (None, False)


def test_days_of_the_business_month_are_those_that_have_come():
    business = date(2024, 3, 20)
    months = [date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1)]
    assert [days_come(month, business) for month in months] == [29, 20, 0]


@pytest.fixture
async def dressed(branched):
    """For the last day of January c brings 3,100.00 and q 31,000.00; p takes 50,000.00 away."""
    for account, amount in (("d", 310_000), ("dq", 3_100_000), ("dp", -5_000_000)):
        await branched.post(
            branched.posting(account, amount, "2024-01-31"),
            branched.posting(account, -amount, "2024-02-01"),
        )
    await branched.settle()
    return branched


FIELDS = "balance { amount } average { amount } excess { amount } deviation overLimit"


def figures(found):
    amounts = [found[name]["amount"] for name in ("balance", "average", "excess")]
    return (*amounts, found["deviation"], found["overLimit"])


async def test_the_banks_deviation_at_each_months_end(dressed):
    data = await dressed.data(f"{{ depositDeviation({MONTHS}) {{ month days {FIELDS} }} }}")
    found = [(one["month"], one["days"], *figures(one)) for one in data["depositDeviation"]]
    assert found == [
        ("2024-01", 31, "452100.00", "467487.10", "-15387.10", "-0.032914", False),
        ("2024-02", 29, "468000.00", "468000.00", "0.00", "0.000000", False),
        ("2024-03", 20, "468000.00", "468000.00", "0.00", "0.000000", False),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('branch: "0101"', ("391000.00", "361000.00", "30000.00", "0.083102", True)),
        ('branch: "0101", limit: "0.1"', ("391000.00", "361000.00", "30000.00", "0.083102", False)),
        (
            'branch: "01", beneath: false',
            ("61100.00", "106487.10", "-45387.10", "-0.426222", False),
        ),
        ('branch: "02"', ("0.00", "0.00", "0.00", None, False)),
        ('manager: "M1"', ("413000.00", "431387.10", "-18387.10", "-0.042623", False)),
        ("lines: [LOAN]", ("0.00", "0.00", "0.00", None, False)),
        ('currency: "USD"', ("0.00", "0.00", "0.00", None, False)),
    ],
)
async def test_the_deviation_of_whom_and_what_is_asked_for(dressed, arguments, expected):
    document = f"""{{ depositDeviation(from: "2024-01", to: "2024-01", {arguments}) {{
      {FIELDS} }} }}"""
    [found] = (await dressed.data(document))["depositDeviation"]
    assert figures(found) == expected


async def test_a_customers_own_deviation(dressed):
    fields = f'depositDeviation(month: "2024-01") {{ {FIELDS} }}'
    found = (await dressed.of_customer("c", fields))["depositDeviation"]
    assert figures(found) == ("39100.00", "36100.00", "3000.00", "0.083102", True)
    nothing = (await dressed.of_customer("r", fields))["depositDeviation"]
    assert figures(nothing) == ("0.00", "0.00", "0.00", None, False)
    for month in ("2023-12", "2024-04"):
        fields = f'depositDeviation(month: "{month}") {{ days }}'
        assert await dressed.of_customer("c", fields) == {"depositDeviation": None}


OVER = """query($level: DeviationLevel!, $order: DeviationOrder!, $first: Int!, $after: String) {
  overDeviationLimit(month: "2024-01", level: $level, orderBy: $order, first: $first,
    after: $after) { customer { id } manager branch cursor deviation { deviation excess { amount } } } }"""


async def over(bank, level, order="DEVIATION", first=10, after=None):
    asked = {"level": level, "order": order, "first": first, "after": after}
    return (await bank.data(OVER, **asked))["overDeviationLimit"]


async def test_customers_over_the_limit_come_in_pages_most_first(dressed):
    ids = {row.number: str(row.id) for row in await dressed.sql("select number, id from customer")}
    await dressed.post(dressed.posting("d", 100, "2024-01-31"))
    await dressed.settle()
    [first] = await over(dressed, "CUSTOMER", first=1)
    assert first["customer"]["id"] == ids["c"]
    assert first["deviation"] == {"deviation": "0.083129", "excess": {"amount": "3000.97"}}
    [second] = await over(dressed, "CUSTOMER", after=first["cursor"])
    assert second["customer"]["id"] == ids["q"]
    assert await over(dressed, "CUSTOMER", after=second["cursor"]) == []
    by_excess = await over(dressed, "CUSTOMER", "EXCESS")
    assert [one["customer"]["id"] for one in by_excess] == [ids["q"], ids["c"]]


async def test_equals_are_told_once_each_over_the_pages(dressed):
    first = (await over(dressed, "CUSTOMER", first=1))[0]
    [second] = await over(dressed, "CUSTOMER", first=1, after=first["cursor"])
    assert first["deviation"]["deviation"] == second["deviation"]["deviation"] == "0.083102"
    assert first["customer"] != second["customer"]


async def test_a_branch_over_the_limit_is_looked_at_with_all_beneath_it(dressed):
    assert [one["branch"] for one in await over(dressed, "BRANCH")] == ["0101"]
    await dressed.post(dressed.posting("dp", 5_000_000, "2024-01-31"))
    await dressed.settle()
    found = await over(dressed, "BRANCH")
    assert [(one["branch"], one["deviation"]["deviation"]) for one in found] == [
        ("0101", "0.083102"), ("00", "0.070347"), ("01", "0.070347"),
    ]  # fmt: skip


async def test_managers_over_the_limit_and_customers_without_one(dressed):
    [found] = await over(dressed, "MANAGER")
    assert (found["manager"], found["customer"], found["branch"]) == (None, None, None)
    assert found["deviation"]["deviation"] == "0.083102"


async def test_a_schedules_balance_counts_for_a_loan_that_follows_its_terms(ready):
    await ready.learn(ready.account_news("l", "c", line="loan"))
    await ready.ingest(
        "loans",
        {
            "account_number": "l", "settlement_account_number": "", "principal_minor": "310000",
            "granted_on": "2024-01-31", "term_months": "3", "instalment_minor": "100000",
            "grade": "normal", "balance_basis": "schedule",
        },
    )  # fmt: skip
    await ready.settle()
    kept = await ready.sql(
        "select month, closing_minor, balance_days from account_balance order by 1"
    )
    assert [(row.month.month, int(row.closing_minor), int(row.balance_days)) for row in kept] == [
        (1, -310_000, -310_000), (2, -210_000, -310_000 * 28 - 210_000), (3, -210_000, -210_000 * 20),
    ]  # fmt: skip


async def test_an_account_that_changes_hands_is_kept_once(ready):
    await ready.learn(ready.customer_news("heir"))
    await ready.post(ready.posting("d", 100, "2024-01-01"))
    await ready.settle()
    await ready.learn(ready.account_news("d", "heir", version=2))
    await ready.settle()
    kept = await ready.sql(
        "select c.number, count(*) from account_balance m join customer c on c.id = m.customer_id "
        "group by 1"
    )
    assert [tuple(row) for row in kept] == [("heir", 3)]


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        (
            '{ depositDeviation(from: "2023-12", to: "2024-01") { days } }',
            "SCHEME_MISSING", "Cannot be computed: missing a scheme for 2023-12.",
        ),
        (
            '{ overDeviationLimit(month: "2024-01", after: "x") { cursor } }',
            "BAD_REQUEST", "'after' must be the cursor of an entry.",
        ),
        (
            '{ overDeviationLimit(month: "2024-01", lines: []) { cursor } }',
            "BAD_REQUEST", "'lines' must name at least one line.",
        ),
        (
            '{ overDeviationLimit(month: "2024-01", first: 101) { cursor } }',
            "BAD_REQUEST", "'first' must be from 1 to 100.",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_told_is_refused(ready, document, code, message):
    [error] = (await ready.ask(document))["errors"]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


@pytest.mark.parametrize("field", ['depositDeviation(from: "2024-01", to: "2024-01") { days }',
                                   'overDeviationLimit(month: "2024-01") { cursor }'])  # fmt: skip
async def test_nobody_without_the_scope_is_told_of_deviation(ready, field):
    [error] = (await ready.ask(f"{{ {field} }}", scopes=()))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_deviation_costs_two_statements_of_whomever(dressed, statements):
    for document in (
        f"{{ depositDeviation({MONTHS}) {{ deviation }} }}",
        f'{{ depositDeviation({MONTHS}, branch: "00") {{ deviation }} }}',
        '{ overDeviationLimit(month: "2024-01", level: BRANCH) { branch } }',
        '{ overDeviationLimit(month: "2024-01", level: CUSTOMER) { customer { id } } }',
    ):
        await dressed.data(document)
        with statements() as sent:
            await dressed.data(document)
        assert len(sent) == 2, (document, sent)
